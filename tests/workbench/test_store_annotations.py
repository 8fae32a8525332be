"""Saving labels: revisions, conflicts, races, and a history from which every state can be rebuilt."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ladtl_core.errors import DataError
from ladtl_core.records import Entity, Record
from workbench.store import departments, labels, records
from workbench.store.annotations import (
    SpanData,
    at_revision,
    history,
    in_order,
    load,
    of_record,
    save,
    span_data,
)
from workbench.store.database import Database
from workbench.store.errors import Conflict, NotFound
from workbench.store.flattening import left_out
from workbench.store.gold import gold

TEXT = "Aspirin 𝟙00 mg was given for chest pain."
FIRST = SpanData("a", 0, 7, 1)
SECOND = SpanData("b", 29, 39, 2, "suggestion", 0.75)


@pytest.fixture
def record_id(database: Database) -> int:
    """A record of a department whose labels are 1 (Drug) and 2 (Problem); label 3 belongs to another set."""
    with database.session() as session:
        department = departments.create(session, "Cardiology", "clinical", ["Drug", "Problem"])
        departments.create(session, "Stock", "other", ["Place"])
        items = [Record(f"r{i}", TEXT, split="pool") for i in range(3)]
        records.add(session, department.id, items, "local")
        return records.ids(session, department.id)["r0"]


def test_first_save_makes_revision_one(database: Database, record_id: int) -> None:
    with database.session() as session:
        assert load(session, record_id, "local") is None
        assert save(session, record_id, "local", 0, "draft", [SECOND, FIRST]) == 1
    with database.reading() as session:
        annotation = load(session, record_id, "local")
        assert annotation is not None
        assert (annotation.status, annotation.revision) == ("draft", 1)
    assert span_data(annotation) == [FIRST, SECOND]


def test_changes_are_kept_as_deltas(database: Database, record_id: int) -> None:
    longer = replace(FIRST, end=14, origin="changed")
    with database.session() as session:
        save(session, record_id, "local", 0, "draft", [FIRST, SECOND])
        assert save(session, record_id, "local", 1, "submitted", [longer]) == 2
    with database.reading() as session:
        annotation = load(session, record_id, "local")
        assert annotation is not None and span_data(annotation) == [longer]
        change = history(session, record_id, "local")[-1]
        assert [item["span_id"] for item in change.added] == ["a"]
        assert sorted(item["span_id"] for item in change.removed) == ["a", "b"]
        assert at_revision(session, annotation.id, 1) == ("draft", [FIRST, SECOND])
        assert at_revision(session, annotation.id, 2) == ("submitted", [longer])
        with pytest.raises(NotFound):
            at_revision(session, annotation.id, 3)


def test_identical_save_keeps_the_revision(database: Database, record_id: int) -> None:
    with database.session() as session:
        save(session, record_id, "local", 0, "draft", [FIRST, SECOND])
        assert save(session, record_id, "local", 1, "draft", [SECOND, FIRST]) == 1
        assert len(history(session, record_id, "local")) == 1
        assert save(session, record_id, "local", 1, "submitted", [SECOND, FIRST]) == 2


def test_save_on_an_old_revision_is_refused_and_changes_nothing(database: Database, record_id: int) -> None:
    with database.session() as session:
        save(session, record_id, "local", 0, "draft", [FIRST])
    for base in (0, 2):
        with database.session() as session, pytest.raises(Conflict) as caught:
            save(session, record_id, "local", base, "draft", [SECOND])
        assert caught.value.current_revision == 1
    with database.reading() as session:
        annotation = load(session, record_id, "local")
        assert annotation is not None and span_data(annotation) == [FIRST]


def test_authors_do_not_disturb_each_other(database: Database, record_id: int) -> None:
    with database.session() as session:
        assert save(session, record_id, "one", 0, "draft", [FIRST]) == 1
        assert save(session, record_id, "two", 0, "draft", [SECOND]) == 1
        assert [a.author for a in of_record(session, record_id)] == ["one", "two"]


@pytest.mark.parametrize(
    "span",
    [
        replace(FIRST, end=len(TEXT) + 1),
        replace(FIRST, start=7),
        replace(FIRST, start=-1),
        replace(FIRST, label_id=3),
        replace(FIRST, origin="guess"),
        replace(FIRST, span_id="b"),
    ],
)
def test_unusable_spans_are_refused(database: Database, record_id: int, span: SpanData) -> None:
    with database.session() as session, pytest.raises(DataError):
        save(session, record_id, "local", 0, "draft", [SECOND, span])
    with database.reading() as session:
        assert load(session, record_id, "local") is None


def test_unknown_record_and_status_are_refused(database: Database, record_id: int) -> None:
    with database.session() as session:
        with pytest.raises(NotFound):
            save(session, 999, "local", 0, "draft", [])
        with pytest.raises(DataError, match="draft, submitted, skipped"):
            save(session, record_id, "local", 0, "finished", [])


@pytest.mark.parametrize("base", [0, 1])
def test_of_two_saves_at_once_exactly_one_wins(database: Database, record_id: int, base: int) -> None:
    if base:
        with database.session() as session:
            save(session, record_id, "local", 0, "draft", [])
    barrier = threading.Barrier(2)
    outcomes: list[object] = []

    def write(span: SpanData) -> None:
        barrier.wait()
        try:
            with database.session() as session:
                outcomes.append(save(session, record_id, "local", base, "draft", [span]))
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=write, args=(span,)) for span in (FIRST, SECOND)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    won = [outcome for outcome in outcomes if outcome == base + 1]
    lost = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    assert (len(won), len(lost)) == (1, 1), outcomes
    with database.reading() as session:
        annotation = load(session, record_id, "local")
        assert annotation is not None and annotation.revision == base + 1 and len(annotation.spans) == 1


def test_renaming_a_label_keeps_its_spans(database: Database, record_id: int) -> None:
    with database.session() as session:
        save(session, record_id, "local", 0, "submitted", [FIRST])
        labels.rename(session, 1, "Medication")
        with pytest.raises(DataError, match="already"):
            labels.rename(session, 2, "Medication")
    with database.reading() as session:
        assert gold(session, 1, ["pool"])[0].entities == [Entity(0, 7, "Medication")]
        annotation = load(session, record_id, "local")
        assert annotation is not None and span_data(annotation) == [FIRST]


def test_gold_is_the_one_submitted_annotation(database: Database, record_id: int) -> None:
    with database.session() as session:
        other = records.ids(session, 1)["r1"]
        empty = records.ids(session, 1)["r2"]
        save(session, record_id, "one", 0, "submitted", [FIRST])
        save(session, record_id, "two", 0, "draft", [SECOND])
        save(session, other, "one", 0, "submitted", [FIRST])
        save(session, other, "two", 0, "submitted", [SECOND])
        save(session, empty, "one", 0, "submitted", [])
        found = gold(session, 1, ["pool", "train"])
        assert gold(session, 1, ["test"]) == []
    assert [(item.record.external_id, item.revision, item.entities) for item in found] == [
        ("r0", 1, [Entity(0, 7, "Drug")]),
        ("r2", 1, []),
    ]


def test_training_leaves_out_what_overlaps_longer_spans(database: Database, record_id: int) -> None:
    whole, inner, apart = SpanData("w", 0, 14, 1), SpanData("i", 8, 14, 2), SpanData("a", 29, 39, 2)
    with database.session() as session:
        save(session, record_id, "local", 0, "draft", [whole, inner, apart])
        assert left_out(session, [1], ["pool"]) == 0  # not submitted
        save(session, record_id, "local", 1, "submitted", [whole, inner, apart])
        assert left_out(session, [1, 2], ["pool", "train"]) == 1
        assert left_out(session, [1], ["train"]) == left_out(session, [2], ["pool"]) == 0
        save(session, record_id, "local", 2, "submitted", [inner, apart])
        assert left_out(session, [1], ["pool"]) == 0


SPANS = st.lists(
    st.builds(
        lambda name, start, length, label, origin: SpanData(name, start, start + length, label, origin),
        st.sampled_from("abcd"),
        st.integers(0, 20),
        st.integers(1, 10),
        st.integers(1, 2),
        st.sampled_from(["manual", "changed"]),
    ),
    max_size=4,
    unique_by=lambda span: span.span_id,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=st.lists(st.tuples(st.sampled_from(["draft", "submitted", "skipped"]), SPANS), min_size=1, max_size=6))
def test_history_rebuilds_every_state(
    database: Database, record_id: int, states: list[tuple[str, list[SpanData]]]
) -> None:
    expected: list[tuple[str, list[SpanData]]] = []
    with database.session() as session:
        for status, spans in states:
            revision = save(session, record_id, "local", len(expected), status, spans)
            if revision > len(expected):
                expected.append((status, in_order(spans)))
            assert revision == len(expected) and expected[-1] == (status, in_order(spans))
        annotation = load(session, record_id, "local")
        assert annotation is not None
        assert (annotation.status, span_data(annotation)) == expected[-1]
        rebuilt = [at_revision(session, annotation.id, i + 1) for i in range(len(expected))]
        assert rebuilt == expected
        session.rollback()
