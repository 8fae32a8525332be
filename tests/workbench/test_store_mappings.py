"""Labels of one set for those of another: names where nobody decided, and decisions that renames and merges keep."""

from __future__ import annotations

import pytest

from ladtl_core.errors import DataError
from workbench.store import departments, labels, mappings
from workbench.store.database import Database
from workbench.store.errors import NotFound
from workbench.store.merging import merge

DRUG, PROBLEM, TEST = 1, 2, 3  # of the source, set 1
AGENT, THEIR_PROBLEM, THEIR_TEST, PLACE = 4, 5, 6, 7  # of the target, set 2


@pytest.fixture
def sets(database: Database) -> Database:
    with database.session() as session:
        departments.create(session, "Cardiology", "cardiac", ["Drug", "Problem", "Test"])
        departments.create(session, "Neurology", "neural", ["Agent", "problem", "Test", "Place"])
    return database


def test_without_a_decision_names_count_whatever_their_case(sets: Database) -> None:
    with sets.reading() as session:
        assert mappings.pairs(session, 1, 2) == {DRUG: None, PROBLEM: THEIR_PROBLEM, TEST: THEIR_TEST}
        assert mappings.renamed(session, 1, 2) == [["Problem", "problem"]]
        assert mappings.renamed(session, 2, 1) == [["problem", "Problem"]]
        assert mappings.pairs(session, 1, 1) == {DRUG: DRUG, PROBLEM: PROBLEM, TEST: TEST}
        assert mappings.renamed(session, 1, 1) == []
        with pytest.raises(NotFound):
            mappings.pairs(session, 1, 99)


def test_a_decision_outlives_new_names(sets: Database) -> None:
    with sets.session() as session:
        mappings.save(session, 1, 2, {DRUG: AGENT, PROBLEM: THEIR_PROBLEM, TEST: None})
        labels.rename(session, DRUG, "Medication")
        labels.rename(session, AGENT, "Substance")
        labels.rename(session, PROBLEM, "Finding")
    with sets.session() as session:
        assert mappings.pairs(session, 1, 2) == {DRUG: AGENT, PROBLEM: THEIR_PROBLEM, TEST: None}
        # "Test" stands for none, so that it must not pass for the target's "Test".
        assert mappings.renamed(session, 1, 2) == [
            ["Medication", "Substance"],
            ["Finding", "problem"],
            ["Test", "Test (cardiac)"],
        ]
        assert mappings.pairs(session, 2, 1)[AGENT] is None  # the other direction was not decided
        mappings.save(session, 1, 2, {TEST: THEIR_TEST})  # replaces it all
        assert mappings.pairs(session, 1, 2) == {DRUG: None, PROBLEM: None, TEST: THEIR_TEST}


def test_labels_may_change_places_and_push_a_namesake_away(sets: Database) -> None:
    with sets.session() as session:
        mappings.save(session, 1, 2, {PROBLEM: THEIR_TEST})
        assert mappings.pairs(session, 1, 2) == {DRUG: None, PROBLEM: THEIR_TEST, TEST: None}
        assert mappings.renamed(session, 1, 2) == [["Problem", "Test"], ["Test", "Test (cardiac)"]]
        mappings.save(session, 1, 2, {PROBLEM: THEIR_TEST, TEST: THEIR_PROBLEM})
        assert mappings.renamed(session, 1, 2) == [["Problem", "Test"], ["Test", "problem"]]
        labels.rename(session, DRUG, "Test (cardiac)")
        mappings.save(session, 1, 2, {TEST: None})
        assert mappings.renamed(session, 1, 2)[-1] == ["Test", "Test (cardiac)'"]


def test_a_mapping_follows_merges_and_stays_one_to_one(sets: Database) -> None:
    with sets.session() as session:
        mappings.save(session, 1, 2, {DRUG: AGENT, PROBLEM: THEIR_PROBLEM, TEST: PLACE})
        merge(session, THEIR_PROBLEM, AGENT, "lead")
        labels.retire(session, PLACE)
    with sets.session() as session:
        # Two now stand for Agent: the one that was there keeps it. A retired label still has spans to learn from.
        assert mappings.pairs(session, 1, 2) == {DRUG: AGENT, PROBLEM: None, TEST: PLACE}
        merge(session, TEST, PROBLEM, "lead")
    with sets.reading() as session:
        assert mappings.pairs(session, 1, 2) == {DRUG: AGENT, PROBLEM: PLACE}
        assert mappings.renamed(session, 1, 2) == [["Drug", "Agent"], ["Problem", "Place"]]


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({DRUG: AGENT, TEST: AGENT}, "'Drug' and 'Test' both stand for 'Agent'"),
        ({DRUG: TEST}, "no label 1 or 3 to map"),
        ({AGENT: None}, "no label 4"),
    ],
)
def test_what_is_no_mapping_changes_nothing(sets: Database, chosen: dict[int, int | None], message: str) -> None:
    with sets.session() as session:
        mappings.save(session, 1, 2, {DRUG: PLACE})
    with pytest.raises(DataError, match=message), sets.session() as session:
        mappings.save(session, 1, 2, chosen)
    with pytest.raises(DataError, match="no mapping to itself"), sets.session() as session:
        mappings.save(session, 1, 1, {DRUG: DRUG})
    with sets.reading() as session:
        assert mappings.pairs(session, 1, 2)[DRUG] == PLACE
