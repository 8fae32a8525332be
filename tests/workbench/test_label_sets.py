"""What the Labels page asks for: labels with their spans and former names, and a note of every change."""

from __future__ import annotations

import pytest

from ladtl_core.errors import DataError
from ladtl_core.records import Entity, Record
from workbench.services import exchange, importing, label_sets, queueing
from workbench.store import audit, departments, records
from workbench.store.database import Database

TEXT = "𝟙00 mg Aspirin for chest pain."
DRUG, PROBLEM = 1, 2


@pytest.fixture
def label_set(database: Database) -> int:
    """A set of the labels 1 (Drug) and 2 (Problem), and a department with a span of each."""
    with database.session() as session:
        department = departments.create(session, "Cardiology", "clinical", ["Drug", "Problem"])
        spans = (Entity(7, 14, "Drug"), Entity(19, 29, "Problem"))
        records.add(session, department.id, [Record("r", TEXT, spans, split="pool")], "me")
        return department.label_set_id


def test_labels_stand_with_their_spans_and_former_names(database: Database, label_set: int) -> None:
    label_sets.add_label(database, label_set, "Test", "lead")
    label_sets.change_label(database, DRUG, "Agent", 5, "9", "lead")
    label_sets.merge_labels(database, PROBLEM, DRUG, "lead")
    label_sets.retire_label(database, DRUG, "lead")
    agent, test = label_sets.standings(database, label_set)
    assert (agent.name, agent.colour, agent.key, agent.retired, agent.spans) == ("Agent", 5, None, True, 2)
    assert sorted(agent.former_names) == ["Drug", "Problem"]
    assert (test.name, test.key, test.spans, test.former_names) == ("Test", "3", 0, ())
    assert [label.name for label in label_sets.label_sets(database)[0].labels] == ["Test"]
    assert queueing.label_names(database, 1) == ["Agent", "Test"]
    words = [("Cardiology", "r", "me", "Aspirin"), ("Cardiology", "r", "me", "chest pain")]
    assert label_sets.places(database, DRUG, 10) == words
    assert label_sets.places(database, DRUG, 1) == words[:1]


def test_every_change_is_noted(database: Database, label_set: int) -> None:
    label_sets.add_label(database, label_set, "Test", "lead")
    label_sets.change_label(database, DRUG, "Agent", 5, "9", "lead")
    label_sets.retire_label(database, PROBLEM, "lead")
    label_sets.bring_back_label(database, PROBLEM, "lead")
    label_sets.merge_labels(database, PROBLEM, DRUG, "lead")
    with database.reading() as session:
        found = [(entry.what, entry.subject, entry.who, entry.detail) for entry in reversed(audit.entries(session))]
    assert [(what, detail) for what, _, _, detail in found] == [
        ("add label", {"label": "Test"}),
        ("change label", {"label": "Drug", "name": "Agent", "colour": 5, "key": "9"}),
        ("retire label", {"label": "Problem"}),
        ("bring back label", {"label": "Problem"}),
        ("merge labels", {"label": "Problem", "into": "Agent", "annotations": 1, "spans": 1, "duplicates": 0}),
    ]
    assert {(subject, who) for _, subject, who, _ in found} == {("clinical", "lead")}


def test_a_change_that_cannot_be_changes_nothing(database: Database, label_set: int) -> None:
    before = label_sets.standings(database, label_set)
    with pytest.raises(DataError, match="already"):
        label_sets.change_label(database, DRUG, "Problem", 5, "9", "lead")
    with pytest.raises(DataError, match="the key 'q'"):
        label_sets.change_label(database, DRUG, "Agent", 5, "q", "lead")
    assert label_sets.standings(database, label_set) == before
    with database.reading() as session:
        assert audit.entries(session) == []


def test_sets_are_made_copied_and_renamed(database: Database, label_set: int) -> None:
    made = label_sets.create_set(database, "imaging", ["Scan", "Finding"], "lead")
    label_sets.write_guidelines(database, label_set, "All of it", {DRUG: "Names of drugs"}, "lead")
    label_sets.change_label(database, DRUG, "Agent", 7, "5", "lead")
    label_sets.add_label(database, label_set, "Test", "lead")
    label_sets.retire_label(database, PROBLEM, "lead")
    label_sets.allow_overlaps(database, label_set, True, "lead")
    copied = label_sets.copy_set(database, label_set, "clinical, copy", "lead")
    label_sets.rename_set(database, label_set, "hospital", "lead")
    label_sets.rename_set(database, label_set, "hospital", "lead")  # its own name is free for it
    by_id = {one.label_set_id: one for one in label_sets.label_sets(database)}
    assert [one.name for one in by_id.values()] == ["hospital", "imaging", "clinical, copy"]
    assert by_id[label_set].departments == {1: "Cardiology"} and not by_id[copied].departments
    assert [label.name for label in by_id[made].labels] == ["Scan", "Finding"]
    copy = by_id[copied]
    shown = [(label.name, label.colour, label.key, label.guideline) for label in copy.labels]
    assert shown == [("Agent", 7, "5", "Names of drugs"), ("Test", 2, "1", "")]
    assert (copy.overlaps, copy.guideline) == (True, "All of it")
    # The copy is another set: its labels have no span, and a change of one leaves the other alone.
    assert [one.spans for one in label_sets.standings(database, copied)] == [0, 0]
    label_sets.change_label(database, copy.labels[0].label_id, "Drug", 7, "5", "lead")
    assert [one.name for one in label_sets.standings(database, label_set)] == ["Agent", "Problem", "Test"]
    assert [one.spans for one in label_sets.standings(database, label_set)] == [1, 1, 0]


def test_a_set_needs_a_name_of_its_own(database: Database, label_set: int) -> None:
    other = label_sets.create_set(database, "imaging", [], "lead")
    for act in (
        lambda: label_sets.create_set(database, "clinical", ["Scan"], "lead"),
        lambda: label_sets.copy_set(database, other, "clinical", "lead"),
        lambda: label_sets.rename_set(database, other, "clinical", "lead"),
    ):
        with pytest.raises(DataError, match="a label set 'clinical' already"):
            act()
    for name in ("", " a", "\x1fa", "a\nb"):
        with pytest.raises(DataError, match="expected text without line breaks"):
            label_sets.create_set(database, name, [], "lead")
    with pytest.raises(DataError, match="the label is 'a\\\\tb'"):
        label_sets.create_set(database, "third", ["a", "a\tb"], "lead")
    assert [one.name for one in label_sets.label_sets(database)] == ["clinical", "imaging"]


def test_a_set_that_was_made_by_itself_is_taken_by_a_new_department(database: Database, label_set: int) -> None:
    made = label_sets.create_set(database, "imaging", ["Scan"], "lead")
    content = b'{"id": "1", "text": "CT clear", "entities": [{"start": 0, "end": 2, "label": "Scan"}]}'
    found = exchange.preview(database, [("a.jsonl", content)], "jsonl", department="Radiology", label_set="imaging")
    assert found.errors == () and importing.commit(database, found, "me") == 1
    by_id = {one.label_set_id: one for one in label_sets.label_sets(database)}
    assert list(by_id) == [label_set, made] and list(by_id[made].departments.values()) == ["Radiology"]
    assert [one.spans for one in label_sets.standings(database, made)] == [1]
