"""The CRF against enumeration of all paths."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from ladtl_core import crf as crf_module
from ladtl_core.crf import LinearChainCrf

NUM_TAGS, TIME = 3, 5
LENGTHS = (5, 3, 1, 2)
MASK = torch.arange(TIME) < torch.tensor(LENGTHS).unsqueeze(1)


def problem(scale: float, seed: int = 0) -> tuple[LinearChainCrf, Tensor, Tensor]:
    torch.manual_seed(seed)
    crf = LinearChainCrf(NUM_TAGS).double()
    with torch.no_grad():
        crf.transitions.copy_(torch.randn(NUM_TAGS, NUM_TAGS))
    emissions = torch.randn(len(LENGTHS), TIME, NUM_TAGS, dtype=torch.float64) * scale
    return crf, emissions, torch.randint(NUM_TAGS, (len(LENGTHS), TIME))


def path_scores(crf: LinearChainCrf, emissions: Tensor) -> dict[tuple[int, ...], float]:
    """Scores of every path of one sentence, by a plain sum."""
    a, n = crf.transitions.tolist(), len(emissions)
    return {
        path: sum(float(emissions[i, k]) for i, k in enumerate(path))
        + sum(a[j][k] for j, k in itertools.pairwise(path))
        for path in itertools.product(range(NUM_TAGS), repeat=n)
    }


# 1 stays in the exp domain, 60 needs the log domain.
@pytest.mark.parametrize("scale", [1.0, 60.0])
def test_values_decoding_and_marginals_equal_enumeration(scale: float) -> None:
    crf, emissions, tags = problem(scale)
    likelihood, marginals = crf.log_likelihood(emissions, tags, MASK), crf.marginals(emissions, MASK)
    _, pairwise = crf.pairwise_marginals(emissions, MASK)
    decoded = crf.decode(emissions, MASK)
    for row, n in enumerate(LENGTHS):
        scores = path_scores(crf, emissions[row, :n])
        log_z = torch.logsumexp(torch.tensor(list(scores.values()), dtype=torch.float64), 0)
        expected_likelihood = scores[tuple(tags[row, :n].tolist())] - float(log_z)
        assert float(likelihood[row].detach()) == pytest.approx(expected_likelihood, abs=1e-9)
        assert tuple(decoded[row]) == max(scores, key=scores.__getitem__)
        expected, moves = torch.zeros(TIME, NUM_TAGS).double(), torch.zeros(TIME - 1, NUM_TAGS, NUM_TAGS).double()
        for path, score in scores.items():
            probability = torch.exp(score - log_z)
            for i, k in enumerate(path):
                expected[i, k] += probability
            for i, (j, k) in enumerate(itertools.pairwise(path)):
                moves[i, j, k] += probability
        torch.testing.assert_close(marginals[row], expected, atol=1e-9, rtol=0)
        torch.testing.assert_close(pairwise[row], moves, atol=1e-9, rtol=0)


@pytest.mark.parametrize("scale", [1.0, 60.0])
def test_gradient(scale: float) -> None:
    crf, emissions, tags = problem(scale)

    def value(e: Tensor, transitions: Tensor) -> Tensor:
        result: Tensor = torch.func.functional_call(_Likelihood(crf), {"crf.transitions": transitions}, (e, tags))
        return result

    assert torch.autograd.gradcheck(value, (emissions.requires_grad_(), crf.transitions))


class _Likelihood(torch.nn.Module):
    def __init__(self, crf: LinearChainCrf) -> None:
        super().__init__()
        self.crf = crf

    def forward(self, emissions: Tensor, tags: Tensor) -> Tensor:
        # Each sentence weighs differently, so that a gradient given to the wrong one shows.
        return (self.crf.log_likelihood(emissions, tags, MASK) * torch.arange(1.0, 5.0).double()).sum()


def test_padding_changes_nothing_whatever_it_holds() -> None:
    crf, emissions, tags = problem(1.0)
    spoiled = emissions.masked_fill(~MASK.unsqueeze(2), float("nan"))
    spoiled_tags = tags.masked_fill(~MASK, -100)
    wider = torch.nn.functional.pad(spoiled, (0, 0, 0, 4), value=1e9)
    wider_mask, wider_tags = (
        torch.nn.functional.pad(MASK, (0, 4)),
        torch.nn.functional.pad(spoiled_tags, (0, 4), value=-1),
    )
    expected = crf.log_likelihood(emissions, tags, MASK)
    torch.testing.assert_close(crf.log_likelihood(wider, wider_tags, wider_mask), expected)
    assert crf.decode(wider, wider_mask) == crf.decode(emissions, MASK)
    marginals = crf.marginals(wider, wider_mask)
    torch.testing.assert_close(marginals[:, :TIME], crf.marginals(emissions, MASK))
    assert float(marginals[~wider_mask].abs().sum()) == 0


def test_exp_and_log_domain_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    crf, emissions, tags = problem(3.0)
    fast = crf.log_likelihood(emissions, tags, MASK)
    gradient = torch.autograd.grad(fast.sum(), crf.transitions)[0]
    monkeypatch.setattr(crf_module, "SAFE_SPREAD", -1.0)
    slow = crf.log_likelihood(emissions, tags, MASK)
    torch.testing.assert_close(fast, slow)
    torch.testing.assert_close(gradient, torch.autograd.grad(slow.sum(), crf.transitions)[0])


def test_very_spread_scores_stay_finite_in_float32() -> None:
    crf, emissions, tags = problem(1.0)
    crf = crf.float()
    with torch.no_grad():
        crf.transitions[0, 1] = -1e4
    emissions = (emissions * 100).float().requires_grad_()
    value = crf.log_likelihood(emissions, tags, MASK)
    value.sum().backward()
    assert value.isfinite().all() and emissions.grad is not None and emissions.grad.isfinite().all()
    torch.testing.assert_close(crf.marginals(emissions, MASK).sum(2), MASK.float())


def test_forbidden_moves_are_not_decoded_and_not_trained() -> None:
    crf, emissions, _ = problem(1.0)
    allowed = torch.tensor([[True, True, False], [True, True, True], [True, True, True], [True, True, False]])
    for path in crf.decode(emissions, MASK, allowed):
        assert path[0] != 2 and (0, 2) not in itertools.pairwise(path)
    assert crf.transitions.isfinite().all()


@pytest.mark.parametrize(
    ("emissions", "mask", "message"),
    [
        (torch.zeros(1, 2, 4), torch.ones(1, 2, dtype=torch.bool), r"expected \(batch, time, 3\)"),
        (torch.zeros(1, 2, 3), torch.ones(1, 3, dtype=torch.bool), r"mask is \(1, 3\); expected \(1, 2\)"),
        (torch.zeros(1, 2, 3), torch.tensor([[False, True]]), "right-padded"),
        (torch.zeros(1, 3, 3), torch.tensor([[True, False, True]]), "right-padded"),
    ],
)
def test_wrong_shapes_are_named(emissions: Tensor, mask: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LinearChainCrf(3).decode(emissions, mask)
