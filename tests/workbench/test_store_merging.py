"""Merging labels: every span, decision and rule follows, once in its place, and the history tells it."""

from __future__ import annotations

import threading

import pytest

from ladtl_core.errors import DataError
from ladtl_core.records import Entity, Record
from workbench.store import departments, labels, records, rules, trained
from workbench.store.annotations import SpanData, at_revision, history, load, save, span_data
from workbench.store.database import Database
from workbench.store.errors import Conflict
from workbench.store.gold import gold
from workbench.store.merging import Merged, merge

TEXT = "Aspirin was given for chest pain."
DRUG, PROBLEM, MEDICATION = 1, 2, 3
SPANS = [
    SpanData("a", 0, 7, DRUG, "suggestion", 0.75),
    SpanData("b", 0, 7, MEDICATION),
    SpanData("c", 12, 17, DRUG),
    SpanData("d", 22, 32, PROBLEM),
]


@pytest.fixture
def ids(database: Database) -> dict[str, int]:
    """Two records of a department with the labels 1 (Drug), 2 (Problem) and 3 (Medication); label 4 is another's."""
    with database.session() as session:
        department = departments.create(session, "Cardiology", "clinical", ["Drug", "Problem", "Medication"])
        departments.create(session, "Other", "other", ["Drug"])
        records.add(session, department.id, [Record(name, TEXT, split="pool") for name in "rs"], "me")
        return records.ids(session, department.id)


def test_every_span_moves_once_and_the_history_tells_it(database: Database, ids: dict[str, int]) -> None:
    with database.session() as session:
        save(session, ids["r"], "ana", 0, "submitted", SPANS)
        save(session, ids["s"], "ben", 0, "draft", [SPANS[2]])
        save(session, ids["s"], "ana", 0, "draft", [SPANS[3]])
        assert merge(session, DRUG, MEDICATION, "lead") == Merged(annotations=2, spans=3, duplicates=1)
    with database.session() as session:
        annotation = load(session, ids["r"], "ana")
        assert annotation is not None and (annotation.revision, annotation.status) == (2, "submitted")
        after = [SPANS[1], SpanData("c", 12, 17, MEDICATION), SPANS[3]]
        assert span_data(annotation) == after
        assert at_revision(session, annotation.id, 1) == ("submitted", SPANS)
        assert at_revision(session, annotation.id, 2) == ("submitted", after)
        assert [change.author for change in history(session, ids["r"], "ana")] == ["ana", "lead"]
        assert len(history(session, ids["s"], "ana")) == 1  # it had no such span
        names = [entity.label for entity in gold(session, 1, ["pool"])[0].entities]
        assert names == ["Medication", "Medication", "Problem"]


def test_a_page_from_before_the_merge_loses_nothing(database: Database, ids: dict[str, int]) -> None:
    with database.session() as session:
        save(session, ids["r"], "ana", 0, "draft", SPANS)
        merge(session, DRUG, MEDICATION, "lead")
    with pytest.raises(Conflict), database.session() as session:
        save(session, ids["r"], "ana", 1, "draft", SPANS[:1])
    with database.session() as session:  # a record that the merge did not change, and an undo
        assert save(session, ids["s"], "ana", 0, "draft", SPANS[:1]) == 1
        save(session, ids["r"], "ana", 2, "draft", SPANS, restores=1)
        rules.add(session, 1, "term", "aspirin", DRUG, "ana")
    with database.session() as session:
        for name in ids:
            annotation = load(session, ids[name], "ana")
            assert annotation is not None
            assert {span.label_id for span in annotation.spans} <= {PROBLEM, MEDICATION}
        assert rules.of_department(session, 1)[0].label_id == MEDICATION


def test_rules_and_decisions_move_and_the_later_decision_counts(database: Database, ids: dict[str, int]) -> None:
    def decide(record: str, label_id: int, kind: str, author: str = "ana") -> None:
        with database.session() as session:
            trained.decide(
                session, record_id=ids[record], model_id=None, origin="rule", start=0, end=7, label_id=label_id,
                kind=kind, author=author,
            )  # fmt: skip

    decide("r", MEDICATION, "accepted")
    decide("r", DRUG, "rejected")
    decide("s", DRUG, "accepted")
    decide("s", MEDICATION, "rejected")
    decide("s", DRUG, "edited", "ben")
    with database.session() as session:
        rules.add(session, 1, "term", "aspirin", DRUG, "ana")
        merge(session, DRUG, MEDICATION, "lead")
    with database.session() as session:
        found = {
            (name, decision.author, decision.label_id, decision.kind)
            for name in ids
            for decision in trained.decisions(session, ids[name])
        }
        assert found == {
            ("r", "ana", MEDICATION, "rejected"),
            ("s", "ana", MEDICATION, "rejected"),
            ("s", "ben", MEDICATION, "edited"),
        }
        assert [rule.label_id for rule in rules.of_department(session, 1)] == [MEDICATION]


def test_merges_follow_each_other(database: Database, ids: dict[str, int]) -> None:
    with database.session() as session:
        labels.rename(session, DRUG, "Agent")
        merge(session, DRUG, MEDICATION, "lead")
        merge(session, MEDICATION, PROBLEM, "lead")
        meant = labels.by_name(departments.labels(session, 1))
        assert {name: label.id for name, label in meant.items()} == dict.fromkeys(
            ("Drug", "Agent", "Medication", "Problem"), PROBLEM
        )
        items = [Record("t", TEXT, (Entity(0, 7, "Drug"),), split="pool")]
        records.add(session, 1, items, "me")
        assert gold(session, 1, ["pool"])[0].entities == [Entity(0, 7, "Problem")]
        with pytest.raises(DataError, match="'Agent' was merged into 'Problem'"):
            labels.bring_back(session, DRUG)
        with pytest.raises(DataError, match="an earlier name of 'Problem'"):
            labels.add(session, 1, "Agent")
        with pytest.raises(DataError, match="an earlier name of 'Problem'"):
            labels.rename(session, PROBLEM, "Agent")  # the label that was merged keeps it


@pytest.mark.parametrize("target", [DRUG, 4, 99, PROBLEM])
def test_what_cannot_be_merged_stays(database: Database, ids: dict[str, int], target: int) -> None:
    with database.session() as session:
        labels.retire(session, PROBLEM)
        save(session, ids["r"], "ana", 0, "draft", SPANS[:1])
    with pytest.raises(DataError, match="another label of its set that is not retired"), database.session() as session:
        merge(session, DRUG, target, "lead")
    with database.session() as session:
        annotation = load(session, ids["r"], "ana")
        assert annotation is not None and annotation.revision == 1 and not departments.labels(session, 1)[0].retired


def test_a_save_during_the_merge_waits_for_it(database: Database, ids: dict[str, int]) -> None:
    """Whichever comes first, no span is left with the label that is gone."""
    merging = threading.Event()

    def late_save() -> None:
        merging.wait(30)
        with database.session() as session:
            save(session, ids["s"], "ben", 0, "draft", [SPANS[0]])

    thread = threading.Thread(target=late_save)
    thread.start()
    with database.session() as session:
        merge(session, DRUG, MEDICATION, "lead")
        merging.set()
        thread.join(0.3)
        assert thread.is_alive()  # it waits
    thread.join(30)
    with database.session() as session:
        annotation = load(session, ids["s"], "ben")
        assert annotation is not None and [span.label_id for span in annotation.spans] == [MEDICATION]
