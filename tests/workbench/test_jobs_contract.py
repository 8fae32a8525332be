"""One behaviour over both engines and both databases."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from ladtl_core.errors import ConfigError, DataError
from tests.workbench.fake_learner import DIVERGES, FakeLearner
from tests.workbench.jobs_kit import (
    check_events,
    record,
    spec,
    two_departments,
    use_home,
    wait_for,
    wait_for_end,
    workers,
)
from workbench.jobs import api
from workbench.jobs.api import RunStatus, TrainSpec
from workbench.jobs.engine import InlineEngine
from workbench.jobs.execution import execute
from workbench.jobs.worker import Dispatcher
from workbench.store import departments, records, snapshots, trained
from workbench.store.database import Database
from workbench.store.models import RecordRow


class Finisher(Protocol):
    """Lets what waits be executed, and returns the run as it ended."""

    def __call__(self, run_id: int) -> RunStatus: ...


@pytest.fixture(name="home")
def home_of_test(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return use_home(database, tmp_path / "home", monkeypatch)


@pytest.fixture(params=["inline", "dbos"])
def finish(request: pytest.FixtureRequest, database: Database, home: Path) -> Iterator[Finisher]:
    if request.param == "inline":
        run = partial(execute, database, worker="here", learner=FakeLearner().learner())

        def here(run_id: int) -> RunStatus:
            Dispatcher(database, InlineEngine(run)).step()
            return api.status(database, run_id)

        yield here
        return
    with workers(home) as started:
        started.start()
        yield partial(wait_for_end, database)


def test_a_run_from_submission_to_suggestions(database: Database, finish: Finisher, home: Path) -> None:
    ids = two_departments(database)
    run_id = api.submit_training(database, spec(ids, epochs=4))
    waiting = api.status(database, run_id)
    assert waiting.title == "la-dtl: Cardiology → Neurology"
    ended = finish(run_id)
    assert (ended.state, ended.error, ended.attempt) == ("succeeded", None, 1)
    check_events(database, run_id, epochs=4)
    assert [event.seq for event in api.events(database, run_id, after=3)] == [4, 5, 6, 7]
    with database.reading() as session:
        model = trained.of_run(session, run_id)
        assert model is not None and ended.result is not None
        assert ended.result["model_id"] == model.id == departments.get(session, ids[1]).current_model_id
        spans = trained.suggestions(session, model.id, ("pool", "train", "dev", "test"))
        assert sorted(spans) == sorted(records.ids(session, ids[1]).values())
    first = next(iter(spans.values()))
    assert first == [{"start": 0, "end": 8, "label": "Problem", "confidence": 0.75}]
    assert (home / "models" / model.folder / "model.json").exists()
    # They are removed after the success is written down.
    wait_for(lambda: not (home / "checkpoints" / f"run-{run_id}").exists(), "the checkpoints were left")

    # The same again is the same run; records that come later make another prediction, not another training.
    assert api.submit_training(database, spec(ids, epochs=4)) == run_id
    assert api.status(database, run_id).state == "succeeded"
    predicted = api.submit_prediction(database, model.id)
    assert finish(predicted).state == "succeeded"
    assert api.submit_prediction(database, model.id) == predicted
    with database.session() as session:
        records.add(session, ids[1], [record("late", 9)], "local")
    again = api.submit_prediction(database, model.id)
    assert again != predicted and finish(again).result == {"model_id": model.id, "records": 13}


def test_a_run_that_diverges_says_which_loss(database: Database, finish: Finisher) -> None:
    run_id = api.submit_training(database, spec(two_departments(database), learning_rate=DIVERGES))
    ended = finish(run_id)
    assert ended.state == "failed" and ended.error is not None and "the loss target is nan" in ended.error
    # A failed run is attempted anew, as the same run.
    api.retry(database, run_id)
    assert api.status(database, run_id).error is None
    ended = finish(run_id)
    assert (ended.state, ended.attempt) == ("failed", 2)


def test_cancelled_while_it_waits_and_submitted_again(database: Database, finish: Finisher) -> None:
    ids = two_departments(database)
    run_id = api.submit_training(database, spec(ids))
    api.cancel(database, run_id)
    other = api.submit_training(database, spec(ids, seed=1))
    assert finish(other).state == "succeeded" and other != run_id
    assert (api.status(database, run_id).state, api.status(database, run_id).attempt) == ("cancelled", 0)
    assert api.submit_training(database, spec(ids)) == run_id
    assert finish(run_id).state == "succeeded"
    check_events(database, run_id, epochs=5)


def test_what_cannot_be_submitted(database: Database, home: Path) -> None:
    source, target = two_departments(database)
    config = spec((source, target)).config
    with pytest.raises(ConfigError, match="choose at least one"):
        api.submit_training(database, TrainSpec((), target, config))
    with pytest.raises(ConfigError, match="source and target at once"):
        api.submit_training(database, TrainSpec((source, target), target, config))
    with database.session() as session:
        empty = departments.create(session, "Empty", "clinical").id
    with pytest.raises(DataError, match="no record of 'Empty' is submitted"):
        api.submit_training(database, TrainSpec((source,), empty, config))
    assert api.list_runs(database) == []


def test_labels_decide_whether_it_is_the_same_run(database: Database, home: Path) -> None:
    ids = two_departments(database)
    run_id = api.submit_training(database, spec(ids))
    assert api.submit_training(database, spec(ids)) == run_id
    with database.session() as session:
        snapshot = snapshots.freeze(session, ids[1]).id
        records.add(session, ids[1], [record("new", 1)], "local")
        assert snapshots.freeze(session, ids[1]).id != snapshot
        assert session.query(RecordRow).count() == 25
    assert api.submit_training(database, spec(ids)) != run_id
