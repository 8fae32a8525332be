"""What the annotator is given and what it may save, on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from ladtl_core.errors import DataError
from ladtl_core.records import Record
from workbench.services import labelling, queueing
from workbench.services.labelling import Edit, Stale, Verdict
from workbench.store import departments, labels, records, rules, runs, trained
from workbench.store.annotations import SpanData
from workbench.store.database import Database
from workbench.store.errors import NotFound
from workbench.store.merging import merge

TEXT = "severe cough 😷 since May"
SUGGESTED = [{"start": 0, "end": 12, "label": "Problem", "confidence": 0.9}]


@dataclass(frozen=True)
class Ward:
    pool: int
    dev: int
    problem: int
    treatment: int
    model: int


@pytest.fixture
def ward(database: Database) -> Ward:
    """A department with a pool and a dev record and a current model that suggests one span in each."""
    with database.session() as session:
        department = departments.create(session, "Ward", "clinical", ("Problem", "Treatment"))
        items = [Record(split, TEXT, split=split) for split in ("pool", "dev")]
        records.add(session, department.id, items, "local")
        run = runs.create(
            session,
            kind="train",
            department_id=department.id,
            title="run",
            spec={},
            spec_hash="run",
            code_version="test",
        )
        model = trained.add_model(session, department_id=department.id, run_id=run.id, folder="f", hash="h", scores={})
        ids = records.ids(session, department.id)
        trained.store_suggestions(session, model.id, {ids["pool"]: SUGGESTED, ids["dev"]: SUGGESTED})
        labels = {label.name: label.id for label in departments.labels(session, department.id)}
        return Ward(ids["pool"], ids["dev"], labels["Problem"], labels["Treatment"], model.id)


def edit(ward: Ward, base: int, *spans: SpanData, status: str = "draft", verdict: str | None = None) -> Edit:
    return Edit(base, status, list(spans), [Verdict(ward.model, 0, 12, ward.problem, verdict)])


def test_a_record_is_opened_as_it_was_saved(database: Database, ward: Ward) -> None:
    span = SpanData("a", 0, 12, ward.problem, "suggestion", 0.9, ward.model)
    assert labelling.save(database, ward.pool, "ana", edit(ward, 0, span, verdict="accepted")) == 1
    view = labelling.open_record(database, ward.pool, "ana")
    assert (view["revision"], view["status"], view["text"]) == (1, "draft", TEXT)
    assert view["spans"] == [
        {
            "id": "a",
            "start": 0,
            "end": 12,
            "label": ward.problem,
            "origin": "suggestion",
            "confidence": 0.9,
            "model": ward.model,
        }
    ]
    assert [label["name"] for label in view["labels"]] == ["Problem", "Treatment"]
    assert labelling.open_record(database, ward.pool, "ben")["spans"] == []


def test_a_second_save_on_the_same_base_is_stale_and_changes_nothing(database: Database, ward: Ward) -> None:
    labelling.save(database, ward.pool, "ana", edit(ward, 0, SpanData("a", 0, 6, ward.problem)))
    late = edit(ward, 0, SpanData("b", 7, 12, ward.problem), verdict="rejected")
    with pytest.raises(Stale) as caught:
        labelling.save(database, ward.pool, "ana", late)
    assert caught.value.current["revision"] == 1
    assert [span["id"] for span in caught.value.current["spans"]] == ["a"]
    view = labelling.open_record(database, ward.pool, "ana")
    assert [span["id"] for span in view["spans"]] == ["a"]
    assert view["rejected"] == []


def test_suggestions_of_evaluation_records_appear_once_they_are_submitted(database: Database, ward: Ward) -> None:
    assert len(labelling.open_record(database, ward.pool, "ana")["suggestions"]) == 1
    assert labelling.open_record(database, ward.dev, "ana")["suggestions"] == []
    labelling.save(database, ward.dev, "ana", Edit(0, "draft", [], []))
    assert labelling.open_record(database, ward.dev, "ana")["suggestions"] == []
    labelling.save(database, ward.dev, "ana", Edit(1, "submitted", [], []))
    found = labelling.open_record(database, ward.dev, "ana")["suggestions"]
    assert found == [
        {"start": 0, "end": 12, "label": ward.problem, "confidence": 0.9, "model": ward.model, "origin": "model"}
    ]


def test_a_rejection_is_kept_and_can_be_taken_back(database: Database, ward: Ward) -> None:
    labelling.save(database, ward.pool, "ana", edit(ward, 0, verdict="rejected"))
    assert labelling.open_record(database, ward.pool, "ana")["rejected"] == [0]
    assert labelling.open_record(database, ward.pool, "ben")["rejected"] == []
    labelling.save(database, ward.pool, "ana", edit(ward, 1))
    assert labelling.open_record(database, ward.pool, "ana")["rejected"] == []


def test_suggestions_follow_a_label_that_is_renamed_or_merged(database: Database, ward: Ward) -> None:
    with database.session() as session:
        labels.rename(session, ward.problem, "Finding")
    assert [one["label"] for one in labelling.open_record(database, ward.pool, "ana")["suggestions"]] == [ward.problem]
    with database.session() as session:
        merge(session, ward.problem, ward.treatment, "lead")
    assert [one["label"] for one in labelling.open_record(database, ward.pool, "ana")["suggestions"]] == [
        ward.treatment
    ]
    # A page from before answers with the old label.
    labelling.save(database, ward.pool, "ana", edit(ward, 0, verdict="rejected"))
    assert labelling.open_record(database, ward.pool, "ana")["rejected"] == [0]


def test_a_retired_label_is_not_suggested(database: Database, ward: Ward) -> None:
    with database.session() as session:
        rules.add(session, records.get(session, ward.pool).department_id, "term", "May", ward.problem, "ana")
    assert len(labelling.open_record(database, ward.pool, "ana")["suggestions"]) == 2
    with database.session() as session:
        labels.retire(session, ward.problem)
    view = labelling.open_record(database, ward.pool, "ana")
    assert view["suggestions"] == []
    assert [label["retired"] for label in view["labels"]] == [True, False]


def test_a_verdict_on_what_was_not_suggested_saves_nothing(database: Database, ward: Ward) -> None:
    wrong = Edit(0, "draft", [SpanData("a", 0, 6, ward.problem)], [Verdict(ward.model, 3, 9, ward.problem, "accepted")])
    with pytest.raises(DataError, match="suggested nothing at 3-9"):
        labelling.save(database, ward.pool, "ana", wrong)
    assert labelling.open_record(database, ward.pool, "ana")["revision"] == 0


def test_a_span_outside_the_text_is_refused(database: Database, ward: Ward) -> None:
    with pytest.raises(DataError, match="lies outside the text"):
        labelling.save(database, ward.pool, "ana", edit(ward, 0, SpanData("a", 0, len(TEXT) + 1, ward.problem)))


def test_an_unknown_record_is_not_found(database: Database, ward: Ward) -> None:
    with pytest.raises(NotFound):
        labelling.save(database, 10**6, "ana", edit(ward, 0))
    with pytest.raises(NotFound):
        labelling.open_record(database, 10**6, "ana")


@pytest.mark.parametrize(
    "change",
    [
        {"base": "1"},
        {"base": True},
        {"spans": [{"id": "a"}]},
        {
            "spans": [
                {"id": "a", "start": 0.5, "end": 1, "label": 1, "origin": "manual", "confidence": None, "model": None}
            ]
        },
        {"spans": 3},
        {"decisions": [{"kind": "accepted"}]},
        {"decisions": None},
        {"restores": "1"},
    ],
)
def test_an_edit_that_cannot_be_read_says_so(change: dict[str, Any]) -> None:
    good: dict[str, Any] = {"base": 0, "status": "draft", "spans": [], "decisions": []}
    assert labelling.parse_edit(good) == Edit(0, "draft", [], [])
    with pytest.raises(DataError, match="cannot be read"):
        labelling.parse_edit({**good, **change})


def test_the_queue_counts_the_authors_own_states(database: Database, ward: Ward) -> None:
    labelling.save(database, ward.pool, "ana", edit(ward, 0, SpanData("a", 0, 6, ward.problem), status="submitted"))
    with database.reading() as session:
        department_id = records.get(session, ward.pool).department_id
    mine = queueing.queue(database, department_id, "ana", evaluation=False)
    assert [(item.external_id, item.status, item.spans) for item in mine] == [("pool", "submitted", 1)]
    theirs = queueing.queue(database, department_id, "ben", evaluation=True)
    assert [(item.external_id, item.status) for item in theirs] == [("dev", "pending")]
