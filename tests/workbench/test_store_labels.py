"""Changing the labels of a set: names stay one and are not forgotten, keys stay one, and no span is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ladtl_core.errors import DataError
from ladtl_core.records import Entity, Record
from workbench.store import departments, labels, records, rules
from workbench.store.annotations import SpanData, history, load, save, span_data
from workbench.store.database import Database
from workbench.store.errors import NotFound
from workbench.store.gold import gold

TEXT = "Aspirin was given for chest pain."
DRUG, PROBLEM = 1, 2
SPAN = SpanData("a", 0, 7, DRUG)


@pytest.fixture
def record_id(database: Database) -> int:
    """A record of a department whose labels are 1 (Drug) and 2 (Problem)."""
    with database.session() as session:
        department = departments.create(session, "Cardiology", "clinical", ["Drug", "Problem"])
        records.add(session, department.id, [Record("r", TEXT, split="pool")], "me")
        return records.ids(session, department.id)["r"]


def test_a_new_label_takes_the_first_free_key_and_a_name_of_its_own(database: Database, record_id: int) -> None:
    with database.session() as session:
        labels.retire(session, DRUG)
        assert labels.add(session, 1, "Test").key == "1"
        assert labels.add(session, 1, "Anatomy").key == "3"
        with pytest.raises(DataError, match="has a label 'Drug' already"):
            labels.add(session, 1, "Drug")
        for name in ("", " Drug", "two\nlines"):
            with pytest.raises(DataError, match="expected text without line breaks"):
                labels.add(session, 1, name)
        with pytest.raises(NotFound):
            labels.add(session, 99, "Test")
        found = departments.labels(session, 1)
        assert [label.name for label in found] == ["Drug", "Problem", "Test", "Anatomy"]
        assert [label.colour for label in found] == [0, 1, 2, 3]


def test_a_former_name_still_means_the_label(database: Database, record_id: int) -> None:
    with database.session() as session:
        labels.rename(session, DRUG, "Medication")
        labels.rename(session, DRUG, "Treatment")
        for name in ("Drug", "Medication"):
            with pytest.raises(DataError, match="an earlier name of 'Treatment'"):
                labels.rename(session, PROBLEM, name)
        meant = labels.by_name(departments.labels(session, 1))
        assert {name: label.id for name, label in meant.items()} == {
            "Drug": DRUG,
            "Medication": DRUG,
            "Treatment": DRUG,
            "Problem": PROBLEM,
        }
        labels.rename(session, DRUG, "Drug")  # its own name before
        assert departments.labels(session, 1)[0].former_names == ["Medication", "Treatment"]
        with pytest.raises(NotFound):
            labels.rename(session, 99, "x")


def test_records_are_imported_by_a_former_name(database: Database, record_id: int) -> None:
    with database.session() as session:
        labels.rename(session, DRUG, "Medication")
        records.add(session, 1, [Record("s", TEXT, (Entity(0, 7, "Drug"),), split="pool")], "me")
        assert gold(session, 1, ["pool"])[0].entities == [Entity(0, 7, "Medication")]


def test_a_key_goes_from_one_label_to_another(database: Database, record_id: int) -> None:
    with database.session() as session:
        labels.show_as(session, DRUG, 7, "2")
        assert [(label.key, label.colour) for label in departments.labels(session, 1)] == [("2", 7), ("1", 1)]
        labels.show_as(session, DRUG, 7, None)
        assert [label.key for label in departments.labels(session, 1)] == [None, "1"]
        for colour, key in ((-1, "3"), (0, "x"), (0, ""), (0, "12")):
            with pytest.raises(DataError, match="expected 0 or more"):
                labels.show_as(session, DRUG, colour, key)


def test_spans_of_a_retired_label_stay_and_new_ones_are_refused(database: Database, record_id: int) -> None:
    with database.session() as session:
        save(session, record_id, "me", 0, "draft", [SPAN])
        labels.retire(session, DRUG)
    with database.session() as session:
        moved = replace(SPAN, end=6)  # an old span may be put right, removed and brought back
        save(session, record_id, "me", 1, "submitted", [moved])
        save(session, record_id, "me", 2, "submitted", [])
        save(session, record_id, "me", 3, "submitted", [SPAN], restores=1)
    new = SpanData("b", 22, 27, DRUG)
    for author, revision in (("me", 4), ("other", 0)):
        with pytest.raises(DataError, match=r"'Drug' was retired .* give 22-27"), database.session() as s:
            save(s, record_id, author, revision, "draft", [new])
    with pytest.raises(DataError, match="'Drug' was retired"), database.session() as session:
        rules.add(session, 1, "term", "aspirin", DRUG, "me")
    with database.session() as session:
        annotation = load(session, record_id, "me")
        assert (
            annotation is not None and span_data(annotation) == [SPAN] and len(history(session, record_id, "me")) == 4
        )
        assert gold(session, 1, ["pool"])[0].entities == [Entity(0, 7, "Drug")]
        assert labels.bring_back(session, DRUG).key == "1"
        assert save(session, record_id, "me", 4, "draft", [SPAN, new]) == 5
