"""Sweeps wait behind single runs, leave no model, and are paused, cancelled and retried."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from ladtl_core.errors import ConfigError, DataError
from tests.workbench.fake_learner import DIVERGES, FakeLearner
from tests.workbench.jobs_kit import spec, two_departments, use_home, wait_for, workers
from workbench.jobs import api
from workbench.jobs.engine import InlineEngine
from workbench.jobs.execution import execute
from workbench.jobs.worker import BEHIND_AHEAD, Dispatcher, take
from workbench.services import results, sweeps, training
from workbench.services.sweep_plans import Grid, Plan, plan
from workbench.services.sweeps import Progress
from workbench.store import departments, runs, trained
from workbench.store import sweeps as store
from workbench.store.database import Database
from workbench.store.errors import NotFound


class Here:
    """Two departments, and a worker in this process that says in which order it did what."""

    def __init__(self, database: Database) -> None:
        self.database, self.ids, self.done = database, two_departments(database), list[int]()
        self.dispatcher = Dispatcher(database, InlineEngine(self.execute))
        self._execute = partial(execute, database, worker="here", learner=FakeLearner().learner())

    def execute(self, run_id: int) -> None:
        before = api.status(self.database, run_id).attempt
        self._execute(run_id)
        if api.status(self.database, run_id).attempt > before:
            self.done.append(run_id)

    def grid(self, seeds: int, learning_rate: float = 2e-3) -> Grid:
        config = spec(self.ids, epochs=2, learning_rate=learning_rate).config
        return Grid((((self.ids[0],), self.ids[1]),), ("la-dtl",), seeds=seeds, config=config)

    def queue(self, grid: Grid) -> int:
        return sweeps.queue(self.database, "seeds", plan(self.database, grid), "me")

    def progress(self, sweep_id: int) -> Progress:
        return next(one for one in sweeps.listed(self.database) if one.listed.sweep_id == sweep_id)


@pytest.fixture(name="here")
def here_of_test(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    use_home(database, tmp_path / "home", monkeypatch)
    return Here(database)


def test_single_runs_come_first_and_a_sweep_leaves_no_model(here: Here) -> None:
    database = here.database
    sweep = here.queue(here.grid(seeds=3))
    assert (here.progress(sweep).state, here.progress(sweep).total) == ("waiting", 3)
    assert training.list_runs(database) == []  # the page Train shows what people started
    single = api.submit_training(database, spec(here.ids, seed=9))
    here.dispatcher.step()
    assert here.done[0] == single and len(here.done) == 4
    assert (here.progress(sweep).state, here.progress(sweep).done) == ("done", 3)
    with database.reading() as session:
        [model] = trained.of_department(session, here.ids[1])
        assert model.run_id == single
        assert departments.get(session, here.ids[1]).current_model_id == model.id
    assert [result.run.run_id for result in results.of_department(database, here.ids[1])] == [single]


def test_only_a_few_are_handed_over_ahead(here: Here) -> None:
    here.queue(here.grid(seeds=BEHIND_AHEAD + 2))
    here.dispatcher.step()
    assert len(here.done) == BEHIND_AHEAD
    here.dispatcher.step()
    assert here.done == sorted(here.done) and len(here.done) == BEHIND_AHEAD + 2


def test_a_paused_sweep_waits_even_where_it_was_delivered(here: Here) -> None:
    sweep = here.queue(here.grid(seeds=2))
    sweeps.pause(here.database, sweep, "me")
    here.dispatcher.step()
    waiting = api.list_runs(here.database)[0].run_id
    here.execute(waiting)  # a delivery from before the pause
    assert here.done == [] and here.progress(sweep).state == "paused"
    single = api.submit_training(here.database, spec(here.ids, seed=9))
    here.dispatcher.step()
    assert here.done == [single]
    sweeps.pause(here.database, sweep, "me", paused=False)
    here.dispatcher.step()
    assert len(here.done) == 3 and here.progress(sweep).state == "done"


def test_a_worker_goes_on_with_what_waits(here: Here) -> None:
    paused = here.queue(here.grid(seeds=2, learning_rate=1e-3))
    sweeps.pause(here.database, paused, "me")
    sweep = here.queue(here.grid(seeds=4))
    with here.database.session() as session:
        delivered, killed, *rest = store.run_ids(session, sweep, ["queued"])
        runs.claim(session, killed, "here")  # and killed in it
        runs.claim(session, rest.pop(), "elsewhere")
    single = api.submit_training(here.database, spec(here.ids, seed=9))
    take(here.database, "here", here.execute, delivered)
    assert here.done == [delivered, killed, single, *rest]
    assert here.progress(paused).done == 0 and here.progress(sweep).count("running") == 1


def test_who_asks_for_a_run_of_a_paused_sweep_gets_it(here: Here) -> None:
    sweep = here.queue(here.grid(seeds=2))
    sweeps.pause(here.database, sweep, "me")
    grid = here.grid(seeds=1)
    wanted = api.submit_training(here.database, api.TrainSpec(grid.pairs[0][0], grid.pairs[0][1], grid.config, keep=6))
    here.dispatcher.step()
    assert here.done == [wanted] and here.progress(sweep).done == 1
    sweeps.cancel(here.database, sweep, "me")
    assert here.progress(sweep).listed.states == {"succeeded": 1, "cancelled": 1}


def test_cancel_leaves_what_others_want(here: Here) -> None:
    small, large = here.queue(here.grid(seeds=1)), here.queue(here.grid(seeds=3))
    running = here.progress(large).listed.states
    assert running == {"queued": 3}
    with here.database.session() as session:
        last = max(run.id for run in runs.all_runs(session))
        runs.claim(session, last, "another")
    assert sweeps.cancel(here.database, large, "me") == 2
    assert here.progress(large).listed.states == {"queued": 1, "cancelled": 1, "running": 1}
    assert api.status(here.database, last).cancel_requested
    assert here.progress(small).state == "waiting" and sweeps.cancel(here.database, small, "me") == 0
    assert sweeps.retry(here.database, large, "cancelled", "me") == 1
    here.dispatcher.step()
    assert here.progress(large).listed.states == {"succeeded": 2, "running": 1}


def test_failed_runs_say_why_and_are_retried(here: Here) -> None:
    sweep = here.queue(here.grid(seeds=2, learning_rate=DIVERGES))
    here.dispatcher.step()
    assert here.progress(sweep).state == "2 failed"
    failed = sweeps.failures(here.database, sweep)
    assert [row["run"] for row in failed] == ["la-dtl: Cardiology → Neurology, 6 records"] * 2
    weights = "alpha 0.02, beta 0.2, epsilon 0.5, gamma 0"
    assert [row["settings"] for row in failed] == [f"{weights}, seed 0", f"{weights}, seed 1"]
    assert all("the loss target is nan" in row["error"] for row in failed)
    assert sweeps.retry(here.database, sweep, "failed", "me") == 2
    assert here.progress(sweep).state == "waiting" and sweeps.failures(here.database, sweep) == []
    here.dispatcher.step()
    assert len(here.done) == 4


def test_what_cannot_be_queued(here: Here) -> None:
    with pytest.raises(DataError, match="sweep's name"):
        sweeps.queue(here.database, " ", plan(here.database, here.grid(seeds=1)), "me")
    with pytest.raises(ConfigError, match="no run"):
        sweeps.queue(here.database, "empty", Plan((), None, 0), "me")
    assert sweeps.listed(here.database) == [] == api.list_runs(here.database)
    for act in (sweeps.pause, sweeps.cancel, partial(sweeps.retry, state="failed")):
        with pytest.raises(NotFound):
            act(here.database, 7, who="me")


def test_a_sweep_shows_what_was_there(here: Here) -> None:
    grid = here.grid(seeds=2)
    single = api.submit_training(here.database, replace(spec(here.ids, epochs=2), config=grid.config))
    here.dispatcher.step()
    sweep = here.queue(grid)
    assert here.progress(sweep).listed.states == {"succeeded": 1, "queued": 1}
    assert sweeps.cancel(here.database, sweep, "me") == 1
    assert api.status(here.database, single).state == "succeeded"


def test_a_worker_prefers_single_runs_and_takes_up_what_a_pause_held_back(here: Here, tmp_path: Path) -> None:
    with workers(tmp_path / "home") as started:
        sweep = here.queue(here.grid(seeds=6))
        started.start(epoch=0.2)
        wait_for(lambda: here.progress(sweep).count("running") == 1, "the sweep did not begin")
        single = api.submit_training(here.database, spec(here.ids, epochs=1, seed=9))
        wait_for(lambda: api.status(here.database, single).state != "queued", "the single run did not begin")
        assert here.progress(sweep).count("queued") > 0  # they were handed over before it
        sweeps.pause(here.database, sweep, "me")
        wait_for(lambda: "is held back" in started.output("worker-1"), "nothing was held back")
        wait_for(lambda: not here.progress(sweep).count("running"), "the running one did not end")
        sweeps.pause(here.database, sweep, "me", paused=False)
        wait_for(lambda: here.progress(sweep).done == 6, "the sweep did not go on")
