"""Gold against predicted: every span is counted once, under the right name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ladtl_core.records import Entity
from workbench.services.review import KINDS, Prediction, compare


def predicted(start: int, end: int, label: str) -> Prediction:
    return Prediction(start, end, label, 0.5)


def test_every_kind() -> None:
    gold = [Entity(0, 5, "A"), Entity(6, 9, "A"), Entity(10, 15, "B"), Entity(20, 30, "A")]
    found = [predicted(0, 5, "A"), predicted(6, 9, "B"), predicted(12, 17, "B"), predicted(40, 42, "A")]
    kinds = [(f.kind, f.gold and f.gold.start, f.predicted and f.predicted.start) for f in compare(gold, found)]
    assert kinds == [
        ("correct", 0, 0),
        ("wrong label", 6, 6),
        ("wrong boundary", 10, 12),
        ("missed", 20, None),
        ("spurious", None, 40),
    ]


def test_an_equal_span_is_preferred_to_an_overlap() -> None:
    gold = [Entity(0, 5, "A")]
    kinds = sorted(f.kind for f in compare(gold, [predicted(3, 9, "A"), predicted(0, 5, "A")]))
    assert kinds == ["correct", "spurious"]


spans = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5), st.sampled_from("AB")), max_size=6, unique=True)


@given(spans, spans)
def test_every_span_is_used_once(gold: list[tuple[int, int, str]], found: list[tuple[int, int, str]]) -> None:
    entities = [Entity(start, start + length, label) for start, length, label in gold]
    predictions = [predicted(start, start + length, label) for start, length, label in found]
    findings = compare(entities, predictions)
    assert sorted(f.gold for f in findings if f.gold) == sorted(entities)
    assert sorted((f.predicted.start, f.predicted.end) for f in findings if f.predicted) == sorted(
        (p.start, p.end) for p in predictions
    )
    assert {f.kind for f in findings} <= set(KINDS)
    correct = {(e.start, e.end, e.label) for e in entities} & {(p.start, p.end, p.label) for p in predictions}
    assert sum(f.kind == "correct" for f in findings) == len(correct)
