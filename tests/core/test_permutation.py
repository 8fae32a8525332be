"""The permutation test of a label's gap: exact on small cases, and blind to what tokens of one record share."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from ladtl_core.permutation import gap_test


def normal(n: int, seed: int, size: int = 3) -> Tensor:
    return torch.randn(n, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def slow_mmd2(x: Tensor, y: Tensor, median: float) -> float:
    def kernel(a: Tensor, b: Tensor) -> float:
        return math.exp(-float(((a - b) ** 2).sum()) / median)

    within = [
        sum(kernel(side[i], side[j]) for i in range(len(side)) for j in range(len(side)) if i != j)
        / (len(side) * (len(side) - 1))
        for side in (x, y)
    ]
    return sum(within) - 2 * sum(kernel(a, b) for a in x for b in y) / (len(x) * len(y))


def test_equals_all_exchanges_of_records() -> None:
    source, target = normal(7, 0), normal(6, 1) + 0.8
    records = [torch.tensor([0, 0, 1, 1, 1, 2, 9]), torch.tensor([0, 0, 1, 2, 2, 2])]
    found = gap_test(source, target, records[0], records[1], draws=5000)
    assert found is not None
    everything = torch.cat((source, target))
    owner = torch.cat((torch.tensor([0, 0, 1, 1, 1, 2, 3]), records[1] + 4))
    distances = sorted(float(((a - b) ** 2).sum()) for a, b in itertools.combinations(everything, 2))
    median = distances[(len(distances) - 1) // 2]
    assert found.mmd2 == pytest.approx(slow_mmd2(source, target, median))
    values = []
    for chosen in itertools.combinations(range(7), 4):
        mine = torch.isin(owner, torch.tensor(chosen))
        if 2 <= int(mine.sum()) <= len(owner) - 2:
            values.append(slow_mmd2(everything[mine], everything[~mine], median))
    exact = np.mean([value >= found.mmd2 - 1e-9 for value in values])
    assert found.p_value == pytest.approx(exact, abs=0.03)


def grouped(records: int, seed: int, shift: float = 0.0) -> tuple[Tensor, Tensor]:
    """Ten tokens a record, which lie close to the record's own centre."""
    centres = normal(records, seed) + shift
    return centres.repeat_interleave(10, 0) + 0.1 * normal(10 * records, seed + 1), torch.arange(10 * records) // 10


def p_value(seed: int, shift: float = 0.0, *, by_token: bool = False) -> float:
    (source, mine), (target, theirs) = grouped(8, 4 * seed, shift), grouped(8, 4 * seed + 2)
    if by_token:
        mine, theirs = torch.arange(len(source)), torch.arange(len(target))
    found = gap_test(source, target, mine, theirs, draws=200)
    assert found is not None
    return found.p_value


def test_records_of_one_kind_are_not_called_different() -> None:
    """Exchanging tokens would call every two sets of records different; exchanging records does not."""
    right, wrong = [[p_value(seed, by_token=flag) for seed in range(60)] for flag in (False, True)]
    assert np.mean(np.array(right) <= 0.1) < 0.25 and np.mean(np.array(wrong) <= 0.1) > 0.9
    assert np.mean(np.array(right) <= 0.5) == pytest.approx(0.5, abs=0.2)


def test_a_real_gap_is_found() -> None:
    assert max(p_value(seed, shift=3.0) for seed in range(5)) < 0.02


def test_many_tokens_are_sampled_and_few_give_nothing() -> None:
    many = gap_test(normal(3000, 0), normal(1500, 1), torch.arange(3000) // 10, torch.arange(1500) // 10)
    assert many is not None and abs(many.mmd2) < 0.01
    one = torch.zeros(1, dtype=torch.long)
    assert gap_test(normal(1, 0), normal(5, 1), one, torch.arange(5)) is None
