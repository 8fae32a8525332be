"""The divergence of two CRFs against enumeration of all paths, and its bound."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ladtl_core.crf import LinearChainCrf
from ladtl_core.data import TrainingData
from ladtl_core.divergence import kl_bound, kl_divergence
from ladtl_core.methods import METHODS
from ladtl_core.progress import Progress
from ladtl_core.training import train

from .conftest import tiny_config

TAGS, SIZE, LENGTHS = 3, 2, (4, 1, 2)
MASK = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS).unsqueeze(1)


class Problem:
    """Two CRFs with their maps, and hidden states of three sentences, in float64."""

    def __init__(self, seed: int, scale: float, apart: float) -> None:
        draw = torch.Generator().manual_seed(seed)

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=draw, dtype=torch.float64)

        self.hidden = normal(len(LENGTHS), max(LENGTHS), SIZE) * scale
        self.crfs = [LinearChainCrf(TAGS).double() for _ in range(2)]
        w, b, a = normal(SIZE, TAGS), normal(TAGS), normal(TAGS, TAGS)
        other = [w + apart * normal(SIZE, TAGS), b + apart * normal(TAGS), a + apart * normal(TAGS, TAGS)]
        with torch.no_grad():
            for crf, moves in zip(self.crfs, (a, other[2]), strict=True):
                crf.transitions.copy_(moves)
        self.scores = [self.hidden @ w + b, self.hidden @ other[0] + other[1]]
        self.distance = sum(((x - y) ** 2).sum() for x, y in zip((w, b, a), other, strict=True))

    def kl(self) -> Tensor:
        return kl_divergence(self.crfs[0], self.crfs[1], self.scores[0], self.scores[1], MASK).detach()

    def enumerated(self) -> list[float]:
        found = []
        for row, length in enumerate(LENGTHS):
            logs = []
            for crf, scores in zip(self.crfs, self.scores, strict=True):
                moves = crf.transitions.tolist()
                paths = [
                    sum(float(scores[row, i, k]) for i, k in enumerate(path))
                    + sum(moves[j][k] for j, k in itertools.pairwise(path))
                    for path in itertools.product(range(TAGS), repeat=length)
                ]
                log_z = float(torch.logsumexp(torch.tensor(paths, dtype=torch.float64), 0))
                logs.append([score - log_z for score in paths])
            found.append(sum(math.exp(p) * (p - q) for p, q in zip(*logs, strict=True)))
        return found


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([0.1, 1.0, 30.0]), apart=st.sampled_from([0.01, 1.0, 5.0]))
def test_equals_enumeration_and_stays_below_its_bound(seed: int, scale: float, apart: float) -> None:
    problem = Problem(seed, scale, apart)
    kl = problem.kl()
    assert kl.tolist() == pytest.approx(problem.enumerated(), abs=1e-8, rel=1e-8)
    bound = kl_bound(problem.hidden, MASK, torch.as_tensor(problem.distance))
    assert bool((kl >= -1e-9).all()) and bool((kl <= bound).all())


def test_equal_crfs_have_no_divergence() -> None:
    problem = Problem(3, 1.0, 0.0)
    assert problem.kl().tolist() == [0.0, 0.0, 0.0]
    assert kl_bound(problem.hidden, MASK, torch.as_tensor(problem.distance)).tolist() == [0.0, 0.0, 0.0]


def test_the_bound_by_hand() -> None:
    hidden, mask = torch.tensor([[[2.0, 2.0], [0.0, 0.0], [9.0, 9.0]]]), torch.tensor([[True, True, False]])
    # |[2, 2, 1]| = 3 and |[0, 0, 1]| = 1; one move.
    assert float(kl_bound(hidden, mask, torch.tensor(4.0))) == pytest.approx(2 * math.sqrt(4**2 + 1) * 2)


def test_padding_changes_nothing() -> None:
    problem = Problem(1, 1.0, 1.0)
    expected = problem.kl()
    for scores in problem.scores:
        scores[~MASK] = 1e6
    torch.testing.assert_close(problem.kl(), expected)


def divergences(data: TrainingData, method: str, **transfer: float) -> list[dict[str, float]]:
    seen: list[Progress] = []
    train(data, tiny_config(method, **transfer), progress=seen.append)
    return [p.divergence for p in seen if p.epoch]


@pytest.mark.parametrize("method", METHODS)
def test_every_epoch_reports_it_where_two_crfs_are_trained(method: str, tiny_data: TrainingData) -> None:
    for found in divergences(tiny_data, method):
        if METHODS[method].two_crfs:
            assert 0 < found["kl"] < found["bound"] and found["crf_l2"] > 0
        else:
            assert found == {}


def test_a_large_beta_lowers_it(tiny_data: TrainingData) -> None:
    apart, pulled = divergences(tiny_data, "crf-l2", beta=0.0)[-1], divergences(tiny_data, "crf-l2", beta=100.0)[-1]
    assert pulled["kl"] < 0.1 * apart["kl"] and pulled["crf_l2"] < 0.1 * apart["crf_l2"]
