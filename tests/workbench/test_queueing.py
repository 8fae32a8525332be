"""The queue by state, words, label, author and confidence, on SQLite and PostgreSQL."""

from __future__ import annotations

import pytest

from ladtl_core.records import Record
from workbench.services import labelling, queueing
from workbench.services.labelling import Edit
from workbench.services.queueing import Wanted
from workbench.store import departments, records, runs, trained
from workbench.store.annotations import SpanData
from workbench.store.database import Database

TEXTS = {"a": "Chest pain", "b": "Über den Husten 100%", "c": "no cough", "d": "chest film", "dev": "pain at rest"}


@pytest.fixture
def ids(database: Database) -> dict[str, int]:
    """Records of one department; ana submitted a, ben flagged c; a model suggests in b, d and dev."""
    with database.session() as session:
        department = departments.create(session, "Ward", "clinical", ("Problem", "Test"))
        splits = {"dev": "dev"}
        records.add(session, department.id, [Record(k, t, split=splits.get(k, "pool")) for k, t in TEXTS.items()], "me")
        found = records.ids(session, department.id)
        run = runs.create(
            session, kind="train", department_id=1, title="r", spec={}, spec_hash="r", code_version="test"
        )
        model = trained.add_model(session, department_id=1, run_id=run.id, folder="f", hash="h", scores={})
        spans = {"b": ("Problem", 0.4), "d": ("Test", 0.9), "dev": ("Problem", 0.4)}
        suggested = {
            found[key]: [{"start": 0, "end": 4, "label": label, "confidence": confidence}]
            for key, (label, confidence) in spans.items()
        }
        trained.store_suggestions(session, model.id, suggested)
    labelling.save(database, found["a"], "ana", Edit(0, "submitted", [SpanData("x", 0, 5, 2)], []))
    labelling.save(database, found["c"], "ben", Edit(0, "flagged", [SpanData("y", 0, 2, 1)], []))
    return found


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), "abd"),
        (Wanted("CHEST"), "ad"),
        (Wanted("über"), "b"),
        (Wanted("100%"), "b"),
        (Wanted("0_"), ""),  # no wildcard
        (Wanted(labels=("Problem",)), "b"),
        (Wanted(labels=("Problem", "Test")), "abd"),
        (Wanted(authors=("ben",)), "c"),  # others' records are left out unless asked for
        (Wanted(authors=("ana", "ben")), "ac"),
        (Wanted(confidence=(0.0, 0.5)), "b"),
        (Wanted(labels=("Test",), confidence=(0.5, 1.0)), "d"),
        (Wanted("chest", labels=("Test",), authors=("ana",)), "a"),
    ],
)
def test_conditions(database: Database, ids: dict[str, int], wanted: Wanted, expected: str) -> None:
    found = queueing.queue(database, 1, "ana", evaluation=False, wanted=wanted)
    assert "".join(item.external_id for item in found) == expected


def test_states_are_the_persons_own(database: Database, ids: dict[str, int]) -> None:
    by_author = {
        author: {item.external_id: item.status for item in queueing.queue(database, 1, author, evaluation=False)}
        for author in ("ana", "ben")
    }
    assert by_author["ana"] == {"a": "submitted", "b": "pending", "d": "pending"}
    assert by_author["ben"] == {"b": "pending", "c": "flagged", "d": "pending"}
    assert queueing.authors(database, 1) == ["ana", "ben"]


def test_hidden_suggestions_of_evaluation_records_are_not_told_by_a_filter(
    database: Database, ids: dict[str, int]
) -> None:
    doubtful = Wanted(confidence=(0.0, 0.5))
    assert queueing.queue(database, 1, "ana", evaluation=True, wanted=doubtful) == []
    labelling.save(database, ids["dev"], "ana", Edit(0, "submitted", [], []))
    [found] = queueing.queue(database, 1, "ana", evaluation=True, wanted=doubtful)
    assert found.external_id == "dev"
