"""Scores for the order of the queue: made with a model, made anew for records that come later, and for older models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from ladtl_core.selection import RecordScore as CoreScore
from tests.workbench.fake_learner import FakeLearner, FakeScore
from tests.workbench.jobs_kit import record, spec, two_departments, use_home
from workbench.jobs import api
from workbench.jobs.execution import execute
from workbench.jobs.learner import Learner, core_learner
from workbench.services import results
from workbench.store import records, runs, scores, trained
from workbench.store.database import Database
from workbench.store.scores import RecordScore


@pytest.fixture(autouse=True)
def home(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return use_home(database, tmp_path / "home", monkeypatch)


def finished(database: Database, run_id: int, learner: Learner) -> int:
    """Executes the run; returns its model."""
    execute(database, run_id, "here", learner)
    ended = api.status(database, run_id)
    assert ended.state == "succeeded" and ended.result, ended.error
    return int(ended.result["model_id"])


def labelling(database: Database, department_id: int) -> list[int]:
    with database.reading() as session:
        return [row.id for row in records.of_department(session, department_id, records.LABELLING_SPLITS)]


def test_the_fake_learner_has_the_cores_scores() -> None:
    assert {f.name for f in fields(FakeScore)} == {f.name for f in fields(CoreScore)}


def test_a_training_scores_what_could_be_labelled_next(database: Database) -> None:
    ids = two_departments(database)
    model_id = finished(database, api.submit_training(database, spec(ids)), FakeLearner().learner())
    wanted = labelling(database, ids[1])
    with database.reading() as session:
        found = scores.keys(session, model_id)
        assert list(found) == wanted and len(wanted) == 9  # the dev records are not among them
        assert [found[i].near_to for i in wanted[:4]] == [wanted[0]] * 3 + [wanted[3]]
        assert [found[i].rank for i in wanted] == [None] * 6 + [1, 2, 3]
        row = scores.of_record(session, wanted[0], model_id)
        assert row is not None and (row.gap, row.gap_parts, row.doubtful) == (0.25, {"Problem": 0.25}, ["Problem"])
        assert scores.has_all(session, model_id)


def test_later_records_are_scored_when_the_model_is_made_current(database: Database) -> None:
    ids = two_departments(database)
    learner = FakeLearner().learner()
    model_id = finished(database, api.submit_training(database, spec(ids)), learner)
    assert results.make_current(database, model_id, "me") is None
    with database.session() as session:
        records.add(session, ids[1], [record("late", 9)], "local")
        assert not scores.has_all(session, model_id)
    run_id = results.make_current(database, model_id, "me")
    assert run_id is not None and finished(database, run_id, learner) == model_id
    with database.reading() as session:
        assert sorted(scores.keys(session, model_id)) == labelling(database, ids[1])


def test_a_model_of_an_earlier_version_is_scored_though_it_has_suggestions(database: Database) -> None:
    ids = two_departments(database)
    learner = FakeLearner().learner()
    model_id = finished(database, api.submit_training(database, spec(ids)), learner)
    with database.session() as session:
        session.execute(delete(RecordScore))
        assert trained.has_all_suggestions(session, model_id)
    run_id = results.make_current(database, model_id, "me")
    assert run_id is not None
    finished(database, run_id, learner)
    with database.reading() as session:
        assert len(scores.keys(session, model_id)) == 9


def test_scores_are_written_in_parts(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = two_departments(database)
    learner = FakeLearner().learner()
    model_id = finished(database, api.submit_training(database, spec(ids)), learner)
    written: list[int] = []
    store = scores.store

    def counted(session: Session, model_id: int, rows: Sequence[dict[str, Any]]) -> None:
        written.append(len(rows))
        store(session, model_id, rows)

    monkeypatch.setattr(scores, "store", counted)
    monkeypatch.setattr("workbench.jobs.execution.PREDICTED_AT_ONCE", 4)
    finished(database, api.submit_prediction(database, model_id), learner)
    assert written == [4, 4, 1]


@pytest.mark.parametrize("method", ["la-dtl", "non-transfer"])
def test_the_real_learner(database: Database, method: str) -> None:
    ids = two_departments(database)
    asked = spec(ids, epochs=1)
    config = asked.config.from_dict({**asked.config.to_dict(), "transfer": {"method": method}})
    run_id = api.submit_training(database, api.TrainSpec(asked.sources, asked.target, config))
    learner = core_learner()
    model_id = finished(database, run_id, learner)
    with database.reading() as session:
        trained_now = scores.keys(session, model_id)
        assert [(key.gap is None) for key in trained_now.values()] == [method == "non-transfer"] * 9
        assert all(0 < key.uncertainty <= 1 for key in trained_now.values())
        run = runs.get(session, run_id)
        assert run.state == "succeeded" and run.result is not None
        tested = {gap["tag"]: (gap["source"], gap["target"]) for gap in run.result["gaps"]}
        assert tested.get("B-Problem") == ((2, 2) if method == "la-dtl" else None)  # two dev records on each side
    finished(database, api.submit_prediction(database, model_id), learner)  # the saved model says the same
    with database.reading() as session:
        for record_id, key in scores.keys(session, model_id).items():
            assert key.uncertainty == pytest.approx(trained_now[record_id].uncertainty, abs=1e-6)
            assert key.gap == pytest.approx(trained_now[record_id].gap, abs=1e-6)
            assert (key.rank, key.near_to) == (trained_now[record_id].rank, trained_now[record_id].near_to)
