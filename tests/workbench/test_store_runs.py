"""Runs: one row a spec, attempts that fence each other, events without doubles, and what training leaves."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy.orm import Session

from ladtl_core.errors import DataError
from ladtl_core.records import Record
from workbench.store import audit, departments, records, runs, trained
from workbench.store.database import Database
from workbench.store.errors import Fenced, NotClaimable, NotFound
from workbench.store.models import Model, Run


def new_run(session: Session, spec_hash: str = "h1", department_id: int | None = None) -> Run:
    if department_id is None:
        department_id = departments.create(session, f"Department of {spec_hash}", "clinical", ["Drug"]).id
    return runs.create(
        session,
        kind="train",
        department_id=department_id,
        title="La-DTL",
        spec={"alpha": 0.5},
        spec_hash=spec_hash,
        code_version="1",
    )


def test_one_run_a_spec(database: Database) -> None:
    with database.session() as session:
        run = new_run(session)
        again = new_run(session, department_id=run.department_id)
        other = new_run(session, "h2", run.department_id)
        assert (run.state, run.attempt, run.spec) == ("queued", 0, {"alpha": 0.5})
        assert again.id == run.id
        assert [found.id for found in runs.all_runs(session)] == [other.id, run.id]
        assert runs.all_runs(session, run.department_id + 1) == []
        with pytest.raises(NotFound):
            runs.get(session, 99)


def test_a_new_attempt_fences_the_old_one(database: Database) -> None:
    with database.session() as session:
        run_id = new_run(session).id
        assert runs.claim(session, run_id, "slot 1") == 1
        runs.record_event(session, run_id, 1, 0, {"epoch": 1})
    with database.session() as session:
        with pytest.raises(NotClaimable, match="running"):
            runs.claim(session, run_id, "slot 2")
        assert runs.release(session, run_id, 1)
        assert runs.claim(session, run_id, "slot 2") == 2
    with database.session() as session:
        assert runs.beat(session, run_id, 1).mine is False
        assert runs.beat(session, run_id, 2) == runs.Beat(mine=True, cancel_requested=False)
        with pytest.raises(Fenced):
            runs.record_event(session, run_id, 1, 1, {"epoch": "of the dead"})
        with pytest.raises(Fenced):
            runs.finish(session, run_id, 1, "succeeded")
    with database.session() as session:
        assert [event.payload for event in runs.events(session, run_id)] == [{"epoch": 1}]
        assert [(a.number, a.worker, a.outcome) for a in runs.attempts(session, run_id)] == [
            (1, "slot 1", "lost"),
            (2, "slot 2", None),
        ]


def test_a_resumed_attempt_overwrites_the_events_that_it_repeats(database: Database) -> None:
    with database.session() as session:
        run_id = new_run(session).id
        runs.claim(session, run_id, "slot")
        for seq in range(3):
            runs.record_event(session, run_id, 1, seq, {"loss": seq})
        runs.claim(session, run_id, "slot")
        runs.record_event(session, run_id, 2, 2, {"loss": 20})
        runs.record_event(session, run_id, 2, 3, {"loss": 30})
        found = runs.events(session, run_id, after_seq=0)
        assert [(event.seq, event.attempt, event.payload["loss"]) for event in found] == [
            (1, 1, 1),
            (2, 2, 20),
            (3, 2, 30),
        ]


def test_a_finished_run_takes_nothing_more(database: Database) -> None:
    with database.session() as session:
        run_id = new_run(session).id
        runs.claim(session, run_id, "slot")
        with pytest.raises(ValueError, match="succeeded, failed, cancelled"):
            runs.finish(session, run_id, 1, "done")
        runs.finish(session, run_id, 1, "succeeded", result={"f1": 70.5})
        run = runs.get(session, run_id)
        assert (run.state, run.result) == ("succeeded", {"f1": 70.5}) and run.finished_at is not None
        assert runs.attempts(session, run_id)[0].outcome == "succeeded"
        with pytest.raises(NotClaimable, match="succeeded"):
            runs.claim(session, run_id, "slot")
        with pytest.raises(Fenced):
            runs.record_event(session, run_id, 1, 0, {})
        assert runs.requeue(session, run_id) is False
        assert runs.request_cancel(session, run_id) == "succeeded"


def test_cancelling_and_starting_again(database: Database) -> None:
    with database.session() as session:
        run_id = new_run(session).id
        assert runs.request_cancel(session, run_id) == "cancelled"
        with pytest.raises(NotClaimable):
            runs.claim(session, run_id, "slot")
        assert runs.requeue(session, run_id) is True
        assert runs.claim(session, run_id, "slot") == 1
        assert runs.request_cancel(session, run_id) == "running"
        assert runs.beat(session, run_id, 1) == runs.Beat(mine=True, cancel_requested=True)
        runs.finish(session, run_id, 1, "cancelled")
        assert runs.requeue(session, run_id) is True
        assert runs.claim(session, run_id, "slot") == 2
        assert runs.beat(session, run_id, 2).cancel_requested is False


def test_a_run_can_be_taken_from_its_worker(database: Database) -> None:
    with database.session() as session:
        released = new_run(session).id
        ended = new_run(session, "h2").id
        for run_id in (released, ended):
            runs.claim(session, run_id, "slot")
        assert runs.release(session, released, 2) is False
        assert runs.release(session, released, 1) is True
        assert runs.abandon(session, ended, "failed", "the worker was killed") is True
        assert runs.abandon(session, ended, "failed", "again") is False
        for run_id in (released, ended):
            assert runs.beat(session, run_id, 1).mine is False
            assert runs.attempts(session, run_id)[0].outcome == "lost"
        assert runs.get(session, released).state == "queued"
        assert runs.get(session, ended).error == "the worker was killed"


def new_model(session: Session, run: Run, hash: str = "w") -> Model:
    return trained.add_model(
        session, department_id=run.department_id, run_id=run.id, folder=hash, hash=hash, scores={"dev": None}
    )


def test_models_are_numbered_and_the_first_becomes_current(database: Database) -> None:
    with database.session() as session:
        run = new_run(session)
        first = new_model(session, run)
        assert new_model(session, run).id == first.id
        second = new_model(session, new_run(session, "h2", run.department_id))
        assert [model.version for model in trained.of_department(session, run.department_id)] == [2, 1]
        assert trained.current(session, run.department_id) == first
        trained.make_current(session, second.id)
        assert departments.overview(session)[0].model_version == 2


def test_suggestions_and_decisions_replace_earlier_ones(database: Database) -> None:
    span = {"start": 0, "end": 7, "label": "Drug", "confidence": 0.9}
    with database.session() as session:
        run = new_run(session)
        items = [Record("a", "Aspirin", split="pool"), Record("b", "Heparin", split="test")]
        records.add(session, run.department_id, items, "me")
        a, b = records.ids(session, run.department_id).values()
        model = new_model(session, run)
        trained.store_suggestions(session, model.id, {a: []})
        assert trained.has_all_suggestions(session, model.id) is False
        trained.store_suggestions(session, model.id, {a: [span], b: []})
        assert trained.has_all_suggestions(session, model.id) is True
        assert trained.suggestions(session, model.id, ["pool"]) == {a: [span]}
        assert trained.suggestion(session, a, model.id) == [span]
        assert trained.suggestion(session, b, model.id) == []
        (label,) = departments.labels(session, run.department_id)
        decide = partial(
            trained.decide, session, record_id=a, model_id=model.id, start=0, end=7, label_id=label.id, author="me"
        )
        decide(kind="accepted")
        decide(kind="rejected")
        assert [decision.kind for decision in trained.decisions(session, a)] == ["rejected"]
        with pytest.raises(DataError, match="accepted, rejected, edited"):
            decide(kind="kept")
        decide(kind=None)
        assert trained.decisions(session, a) == []


def test_audit_lists_the_newest_first(database: Database) -> None:
    with database.session() as session:
        audit.note(session, "local", "imported", "Cardiology", {"records": 3})
        audit.note(session, "local", "looked at test", "model 1")
    with database.reading() as session:
        assert [entry.what for entry in audit.entries(session, limit=1)] == ["looked at test"]
        assert audit.entries(session)[1].detail == {"records": 3}
        assert audit.count(session, "looked at test", ["model 1", "model 2"]) == 1
