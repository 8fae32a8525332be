"""Scores against hand-counted entities, and the intervals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score

from ladtl_core.evaluation import evaluate
from ladtl_core.scores import Scores

GOLD = [["B-A", "I-A", "O", "B-B"], ["O", "B-B", "I-B"], ["B-A"]]
FOUND = [["B-A", "I-A", "O", "B-A"], ["O", "B-B", "O"], ["B-A"]]


def test_hand_counted() -> None:
    """Two of three predicted A are right, the only predicted B has a wrong edge: 2 of 4, out of 4 gold."""
    scores = evaluate(GOLD, FOUND, ["r1", "r1", "r2"])
    assert (scores.overall.precision, scores.overall.recall, scores.overall.f1) == (50, 50, 50)
    assert scores.overall.support == 4 and scores.records == 2
    assert scores.per_label["A"].precision == pytest.approx(200 / 3) and scores.per_label["A"].recall == 100
    assert scores.per_label["B"].f1 == 0 and scores.per_label["B"].support == 2
    assert scores.confusion == {"A": {"A": 3}, "O": {"O": 2}, "B": {"A": 1, "B": 1, "O": 1}}


def test_interval_covers_and_needs_two_records() -> None:
    scores = evaluate(GOLD, FOUND, ["r1", "r1", "r2"])
    # Only r1 twice (1 of 3), both (2 of 4), or r2 twice (all right) can be drawn.
    assert scores.interval == pytest.approx((100 / 3, 100), abs=1e-9)
    assert evaluate(GOLD, FOUND, ["r"] * 3).interval is None


def test_round_trip() -> None:
    scores = evaluate(GOLD, FOUND, ["r1", "r1", "r2"])
    assert Scores.from_dict(scores.to_dict()) == scores


def test_nothing_to_find() -> None:
    scores = evaluate([["O"]], [["O"]], ["r"])
    assert scores.overall.f1 == 0 and scores.per_label == {}


tags = st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"])


@given(st.lists(st.lists(st.tuples(tags, tags), min_size=1, max_size=8), min_size=1, max_size=5))
def test_headline_is_seqevals_default(rows: list[list[tuple[str, str]]]) -> None:
    gold, found = [[a for a, _ in row] for row in rows], [[b for _, b in row] for row in rows]
    scores = evaluate(gold, found, [str(i) for i in range(len(rows))])
    assert scores.overall.f1 == pytest.approx(100 * f1_score(gold, found, zero_division=0))
