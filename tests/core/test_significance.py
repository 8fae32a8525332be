"""Approximate randomisation against all exchanges, Holm by hand, and intervals over documents."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ladtl_core.evaluation import counts_by_record
from ladtl_core.significance import compare, difference_intervals, f1_interval, holm


def counts(documents: int, cells: int, seed: int, skill: float = 0.6) -> np.ndarray:
    """Made-up counts; gold is the same for every seed and cell."""
    random = np.random.default_rng(seed)
    gold = np.random.default_rng(documents).integers(3, 20, documents)
    gold = np.repeat(gold[:, None], cells, 1)
    correct = random.binomial(gold, skill)
    return np.stack([correct, correct + random.binomial(gold, 0.3), gold], axis=2)


def mean_f1(strata: list[np.ndarray]) -> float:
    totals = [stratum.sum(0) for stratum in strata]
    return float(np.concatenate([200 * t[:, 0] / (t[:, 1] + t[:, 2]) for t in totals]).mean())


def exact(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    """The p-value over all exchanges of documents."""
    sizes = [len(stratum) for stratum in one]
    observed, as_extreme, total = abs(mean_f1(one) - mean_f1(other)), 0, 0
    for swaps in itertools.product((False, True), repeat=sum(sizes)):
        parts = np.split(np.array(swaps), np.cumsum(sizes)[:-1])
        a = [np.where(s[:, None, None], y, x) for s, x, y in zip(parts, one, other, strict=True)]
        b = [np.where(s[:, None, None], x, y) for s, x, y in zip(parts, one, other, strict=True)]
        as_extreme += abs(mean_f1(a) - mean_f1(b)) >= observed - 1e-9
        total += 1
    return as_extreme / total


@pytest.mark.parametrize("skill", [0.6, 0.7, 0.9])
def test_equals_all_exchanges(skill: float) -> None:
    """Two targets of different numbers of documents and cells."""
    one, other = [counts(5, 3, 1, skill), counts(4, 2, 2, skill)], [counts(5, 3, 3), counts(4, 2, 4)]
    found = compare(one, other)
    assert found.difference == pytest.approx(mean_f1(one) - mean_f1(other))
    assert found.p_value == pytest.approx(exact(one, other), abs=0.015)
    assert found.documents == 9 and found.smallest_p <= found.p_value + 0.015


def test_a_document_is_exchanged_in_all_of_its_cells() -> None:
    """The same document in many cells says no more than in one."""
    one, other = counts(6, 1, 1, 0.9), counts(6, 1, 2, 0.5)
    once = compare([one], [other])
    often = compare([np.repeat(one, 8, 1)], [np.repeat(other, 8, 1)])
    assert often.difference == pytest.approx(once.difference) and often.p_value == once.p_value
    assert once.p_value == pytest.approx(2 / 2**6, abs=0.006) and once.smallest_p == pytest.approx(2 / 2**6)


def test_symmetric_and_repeatable() -> None:
    one, other = [counts(30, 2, 1, 0.65)], [counts(30, 2, 2)]
    forward, backward = compare(one, other), compare(other, one)
    assert forward.p_value == backward.p_value and forward.difference == -backward.difference
    assert compare(one, other) == forward


def test_equal_systems_do_not_differ() -> None:
    same = [counts(9, 2, 1)]
    found = compare(same, same)
    assert (found.difference, found.p_value, found.smallest_p) == (0.0, 1.0, 1.0)


def test_large_differences_are_found() -> None:
    found = compare([counts(60, 1, 1, 0.9)], [counts(60, 1, 2, 0.5)])
    assert found.difference > 15 and found.p_value == pytest.approx(1 / 10_001)


def test_p_is_uniform_where_systems_are_alike() -> None:
    p_values = np.array([compare([counts(25, 1, 2 * i)], [counts(25, 1, 2 * i + 1)], draws=300).p_value
                         for i in range(400)])  # fmt: skip
    for level in (0.05, 0.2, 0.5, 0.8):
        assert (p_values <= level).mean() == pytest.approx(level, abs=0.08)


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        ([counts(5, 2, 1)], [counts(5, 3, 1)], "expected the same"),
        ([counts(5, 2, 1)], [counts(5, 2, 1), counts(5, 2, 1)], "expected the same"),
        ([], [], "expected the same"),
        ([counts(5, 2, 1)], [counts(5, 2, 1)[::-1]], "the gold counts differ"),
    ],
)
def test_what_does_not_match_is_refused(one: list[np.ndarray], other: list[np.ndarray], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compare(one, other)


def test_holm_by_hand() -> None:
    # Sorted: 0.01 * 4, 0.02 * 3, 0.03 * 2 and 0.5 * 1, none below the one before.
    assert holm([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert holm([0.04, 0.03]) == pytest.approx([0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0] and holm([]) == []


def test_intervals_over_documents() -> None:
    strata = [counts(40, 2, 1), counts(9, 1, 2)]
    interval = f1_interval(strata)
    assert interval is not None and interval[0] < mean_f1(strata) < interval[1]
    fewer = f1_interval([stratum[::4] for stratum in strata])
    assert fewer is not None and fewer[1] - fewer[0] > interval[1] - interval[0]
    alike = np.tile([[[4, 5, 6]]], (10, 1, 1))
    assert f1_interval([alike]) == pytest.approx((800 / 11, 800 / 11))
    assert f1_interval([alike[:1]]) is None


def test_counts_of_documents() -> None:
    gold = [["B-A", "O"], ["B-B", "I-B"], ["O", "O"]]
    predicted = [["B-A", "B-A"], ["B-B", "O"], ["O", "O"]]
    assert counts_by_record(gold, predicted, ["n1", "n2", "n1"]) == {"n1": (1, 2, 1), "n2": (0, 1, 1)}


def test_an_interval_of_differences_equals_all_draws_of_documents() -> None:
    one, other = counts(4, 2, 1, 0.9), counts(4, 2, 2, 0.5)
    draws = [list(chosen) for chosen in itertools.product(range(4), repeat=4)]
    for cell, found in enumerate(difference_intervals(one, other)):
        mine, theirs = one[:, cell : cell + 1], other[:, cell : cell + 1]
        everything = [mean_f1([mine[chosen]]) - mean_f1([theirs[chosen]]) for chosen in draws]
        assert found == pytest.approx(np.percentile(everything, (2.5, 97.5)), abs=0.5)


def test_a_cell_in_fewer_than_two_documents_has_no_interval() -> None:
    one = np.array([[[1, 1, 1], [1, 1, 1]], [[0, 0, 0], [1, 1, 1]], [[0, 1, 0], [0, 0, 0]]])
    other = one * [0, 1, 1]
    assert difference_intervals(one, other) == [None, (100.0, 100.0)]  # draws of the third document alone left out
    with pytest.raises(ValueError, match="gold counts differ"):
        difference_intervals(one, one[::-1])
