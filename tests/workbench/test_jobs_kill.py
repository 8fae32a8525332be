"""Workers that are killed, stopped, started twice or deaf: nothing is lost, and nothing happens twice."""

from __future__ import annotations

import os
import signal
from functools import partial
from multiprocessing.context import ForkProcess
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.workbench.fake_learner import FakeLearner
from tests.workbench.jobs_kit import (
    check_events,
    kill,
    spec,
    stop,
    supervised,
    two_departments,
    use_home,
    wait_for,
    wait_for_end,
    wait_for_epoch,
    workers,
)
from workbench.jobs import api
from workbench.jobs.engine import InlineEngine
from workbench.jobs.execution import MOST_INTERRUPTIONS, execute
from workbench.jobs.slots import Slot
from workbench.jobs.supervisor import Supervisor
from workbench.jobs.worker import SLOT_TAKEN, Dispatcher
from workbench.store import runs
from workbench.store.database import Database

EPOCHS = 5


@pytest.fixture(name="home", autouse=True)
def home_of_test(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return use_home(database, tmp_path / "home", monkeypatch)


@pytest.fixture
def expected(home: Path) -> str:
    """The hash of the model of a training that nothing interrupts."""
    database = Database(f"sqlite:///{home / 'other.db'}")
    database.migrate()
    run_id = api.submit_training(database, spec(two_departments(database), EPOCHS))
    run = partial(execute, database, worker="here", learner=FakeLearner().learner())
    Dispatcher(database, InlineEngine(run)).step()
    result = api.status(database, run_id).result
    database.close()
    assert result is not None
    return str(result["hash"])


def pid(process: ForkProcess) -> int:
    assert process.pid is not None
    return process.pid


def check(database: Database, run_id: int, expected: str, attempts: int) -> None:
    ended = wait_for_end(database, run_id)
    assert (ended.state, ended.error, ended.attempt) == ("succeeded", None, attempts)
    assert ended.result is not None and ended.result["hash"] == expected
    check_events(database, run_id, EPOCHS)
    # Later attempts went on where the first one was, and did not begin again.
    assert [event.attempt for event in api.events(database, run_id)[:2]] == [1, 1]


def test_killed_in_an_epoch_and_restarted_by_the_supervisor(database: Database, expected: str) -> None:
    run_id = api.submit_training(database, spec(two_departments(database), EPOCHS))
    with supervised(database, epoch=0.2) as slots:
        wait_for_epoch(database, run_id, 2)
        slots["worker-1"].kill()
        check(database, run_id, expected, attempts=2)


@pytest.mark.parametrize("place", ["after the last epoch", "during a checkpoint write"])
def test_killed_at_a_bad_moment(database: Database, home: Path, expected: str, place: str) -> None:
    run_id = api.submit_training(database, spec(two_departments(database), EPOCHS))
    with workers(home) as started:
        if place == "after the last epoch":
            first = started.start(save=60)
            wait_for_epoch(database, run_id, EPOCHS)
        else:
            first = started.start(epoch=0.1, write=0.3)
            wait_for_epoch(database, run_id, 2)
            half = home / "checkpoints" / f"run-{run_id}" / "attempt-1.safetensors.new"
            wait_for(half.exists, "no checkpoint was begun")
        kill(first)
        started.start()
        check(database, run_id, expected, attempts=2)


def test_the_same_slot_twice(database: Database, home: Path, expected: str) -> None:
    run_id = api.submit_training(database, spec(two_departments(database), EPOCHS))
    with workers(home) as started:
        started.start(epoch=0.5)
        wait_for_epoch(database, run_id, 0)
        second = started.start()
        second.join(20)
        assert second.exitcode == SLOT_TAKEN
        check(database, run_id, expected, attempts=1)


def test_stopped_past_the_limit_and_thawed(database: Database, home: Path, expected: str) -> None:
    run_id = api.submit_training(database, spec(two_departments(database), EPOCHS))
    with workers(home) as started:
        first = started.start("worker-1", epoch=0.3)
        wait_for_epoch(database, run_id, 2)
        stop(first, database)
        started.start("worker-2", stalled_seconds=3)
        check(database, run_id, expected, attempts=2)
        before = api.status(database, run_id), api.events(database, run_id)
        os.kill(pid(first), signal.SIGCONT)
        wait_for(lambda: "attempt 1" in started.output("worker-1"), "the first worker did not notice")
        assert (api.status(database, run_id), api.events(database, run_id)) == before
        # The thawed worker is as good as any for the next run.
        following = api.submit_training(database, spec((1, 2), EPOCHS, seed=1))
        assert wait_for_end(database, following).attempt == 1


def test_cancelled_while_it_runs(database: Database, home: Path, expected: str) -> None:
    run_id = api.submit_training(database, spec(two_departments(database), EPOCHS))
    with workers(home) as started:
        started.start(epoch=0.3)
        wait_for_epoch(database, run_id, 1)
        api.cancel(database, run_id)
        ended = wait_for_end(database, run_id)
        assert (ended.state, ended.error) == ("cancelled", None)
        assert max(event.payload["epoch"] for event in api.events(database, run_id)) < EPOCHS
        api.retry(database, run_id)
        check(database, run_id, expected, attempts=2)


def test_cancelled_while_it_hangs(database: Database) -> None:
    ids = two_departments(database)
    run_id = api.submit_training(database, spec(ids, EPOCHS))
    with supervised(database, hang_at=3):
        wait_for_epoch(database, run_id, 2)
        api.cancel(database, run_id)
        assert wait_for_end(database, run_id).state == "cancelled"
        # A new worker has taken the place of the one that hung.
        assert wait_for_end(database, api.submit_training(database, spec(ids, epochs=2))).state == "succeeded"
    assert api.status(database, run_id).attempt == 1


def test_a_run_that_always_kills_its_worker_is_given_up(database: Database, home: Path) -> None:
    run_id = api.submit_training(database, spec(two_departments(database), EPOCHS))
    for _ in range(MOST_INTERRUPTIONS):
        with database.session() as session:
            runs.claim(session, run_id, "here")
    execute(database, run_id, "here", FakeLearner().learner())
    ended = api.status(database, run_id)
    assert ended.state == "failed" and ended.error is not None and "given up after 5 attempts" in ended.error
    # A person who tries again starts the count anew.
    api.retry(database, run_id)
    execute(database, run_id, "here", FakeLearner().learner())
    assert api.status(database, run_id).state == "succeeded"


def test_a_delivery_that_was_lost_is_repeated(
    database: Database, home: Path, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = runs.claim

    def claim_in_the_second_delivery(session: Session, run_id: int, worker: str) -> int:
        if not (home / "failed").exists():
            (home / "failed").touch()
            raise OSError("the database was away")
        return claim(session, run_id, worker)

    monkeypatch.setattr(runs, "claim", claim_in_the_second_delivery)  # in the worker too, which is a fork
    run_id = api.submit_training(database, spec(two_departments(database), EPOCHS))
    with workers(home) as started:
        started.start(stalled_seconds=1)
        check(database, run_id, expected, attempts=1)


def test_a_new_supervisor_leaves_living_workers_alone(database: Database, home: Path) -> None:
    with workers(home) as started:
        process = started.start()
        slot = Slot("worker-1")
        wait_for(slot.held, "the worker did not take its slot")
        supervisor = Supervisor(database, ["/does/not/exist"])
        supervisor.step()
        assert process.is_alive() and slot.pid() == pid(process)
        supervisor.end_workers()
        process.join(10)
        assert not process.is_alive()


@pytest.mark.slow
def test_five_hundred_runs_on_two_workers_of_which_one_is_killed(database: Database) -> None:
    ids = two_departments(database)
    submitted = [api.submit_training(database, spec(ids, epochs=1, seed=seed)) for seed in range(500)]
    with supervised(database, slots=2) as slots:
        wait_for(lambda: api.status(database, submitted[100]).ended, "slow", seconds=200)
        slots["worker-1"].kill()
        for run_id in submitted:
            wait_for(lambda run_id=run_id: api.status(database, run_id).ended, "slow", seconds=200)  # type: ignore[misc]
    ends = [api.status(database, run_id) for run_id in submitted]
    assert {end.state for end in ends} == {"succeeded"}
    assert sum(end.attempt for end in ends) <= 501
