"""Sampled sweeps: planned, asked for trial by trial as runs end, pruned, paused and cancelled, after restarts too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ladtl_core.config import Config
from ladtl_core.data import TrainingData
from ladtl_core.errors import Cancelled, ConfigError
from tests.workbench.curve_kit import dev_scores
from tests.workbench.fake_learner import FakeLearner, FakeProgress, FakeTrained
from tests.workbench.jobs_kit import spec, two_departments, use_home
from tests.workbench.pages_kit import page, press
from workbench.jobs import api, search
from workbench.jobs.engine import InlineEngine
from workbench.jobs.execution import execute
from workbench.jobs.sampling import Asker
from workbench.jobs.worker import Dispatcher
from workbench.services import sampled_sweeps, sweeps
from workbench.services.sampled_sweeps import Sampled, Trial
from workbench.services.sweep_plans import Grid
from workbench.services.sweeps import Progress
from workbench.store import records
from workbench.store.database import Database
from workbench.store.paths import home

EPOCHS = 8
pytestmark = pytest.mark.skipif(not search.installed(), reason="needs optuna: requirements-sweeps.txt")


@dataclass(frozen=True)
class Found:
    f1: float

    def to_dict(self) -> dict[str, Any]:
        return dev_scores(self.f1)


class HillClimber(FakeLearner):
    """Dev F1 is highest at alpha 0.03, and bad all the way where alpha is far from it."""

    def train(
        self,
        data: TrainingData,
        config: Config,
        *,
        progress: Callable[[FakeProgress], None],
        should_stop: Callable[[], bool],
        checkpoint: Path,
    ) -> FakeTrained:
        f1 = 80 - 500 * abs(config.transfer.alpha - 0.03)
        checkpoint.write_text("begun", encoding="utf-8")
        for epoch in range(1, EPOCHS + 1):
            payload = {"stage": "training", "epoch": epoch, "epochs": EPOCHS, "dev": {"f1": f1 - 8 / epoch}}
            progress(FakeProgress(payload))
            if should_stop():
                raise Cancelled("cancelled")
        return replace(FakeTrained("weights", EPOCHS, 0), scores={"dev": Found(f1), "test": None})


class Here:
    """A worker in this process, and the sampled sweep that it works on."""

    def __init__(self, database: Database, trials: int = 16) -> None:
        self.database, self.ids = database, two_departments(database)
        config = spec(self.ids).config
        grid = Grid((((self.ids[0],), self.ids[1]),), ("la-dtl",), config=config)
        self.asked = Sampled(grid, {"alpha": (0.001, 0.3), "epsilon": (0.1, 0.9)}, trials)
        self.work = partial(execute, database, worker="here", learner=HillClimber().learner())

    def queue(self) -> int:
        return sampled_sweeps.queue(self.database, "tpe", sampled_sweeps.plan(self.database, self.asked), "me")

    def turn(self) -> None:
        """What a worker that was started a moment ago does."""
        Asker(self.database).step()
        Dispatcher(self.database, InlineEngine(self.work)).step()

    def progress(self, sweep_id: int) -> Progress:
        return next(one for one in sweeps.listed(self.database) if one.listed.sweep_id == sweep_id)

    def trials(self, sweep_id: int) -> list[Trial]:
        return sampled_sweeps.trials(self.database, sweep_id)


@pytest.fixture(name="here")
def here_of_test(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    use_home(database, tmp_path / "home", monkeypatch)
    return Here(database)


def test_trials_are_asked_for_as_runs_end_and_bad_ones_are_pruned(here: Here) -> None:
    sweep = here.queue()
    assert (here.progress(sweep).state, here.progress(sweep).alive, here.trials(sweep)) == ("waiting", 16, [])
    Asker(here.database).step()
    Asker(here.database).step()
    assert len(here.trials(sweep)) == 1  # one waits already
    for _ in range(16):
        here.turn()
    found = here.trials(sweep)
    assert (here.progress(sweep).state, here.progress(sweep).done) == ("done", 16)
    assert [one.number for one in found] == list(range(1, 17))
    assert all(0.001 <= one.weights["alpha"] <= 0.3 and 0.1 <= one.weights["epsilon"] <= 0.9 for one in found)
    pruned = [one for one in found if one.state == "pruned"]
    assert pruned and {one.epochs for one in pruned} == {search.SPARED_EPOCHS + 1}
    assert not any((home() / "checkpoints" / f"run-{one.run_id}").exists() for one in pruned)
    error = api.status(here.database, pruned[0].run_id).error
    assert error is not None and "given up after epoch 6: dev F1" in error
    best = sampled_sweeps.best(found)
    assert best is not None and best.f1 == max(one.f1 for one in found if one.f1) and best.state == "succeeded"
    here.turn()
    assert len(here.trials(sweep)) == 16
    # The same search again asks for the same trials, which are there.
    again = here.queue()
    while here.progress(again).moving:
        here.turn()
    assert [one.weights for one in here.trials(again)] == [one.weights for one in found]
    assert api.status(here.database, best.run_id).attempt == 1


def test_a_pause_and_a_cancel_hold_for_trials_to_come(here: Here) -> None:
    sweep = here.queue()
    sweeps.pause(here.database, sweep, "me")
    here.turn()
    assert here.trials(sweep) == [] and here.progress(sweep).state == "paused"
    sweeps.pause(here.database, sweep, "me", paused=False)
    here.turn()
    Asker(here.database).step()
    assert sweeps.cancel(here.database, sweep, "me") == 1
    here.turn()
    assert [one.state for one in here.trials(sweep)] == ["succeeded", "cancelled"]
    assert (here.progress(sweep).state, here.progress(sweep).alive) == ("cancelled", 0)
    assert sweeps.retry(here.database, sweep, "cancelled", "me") == 1
    here.turn()
    assert [one.state for one in here.trials(sweep)] == ["succeeded", "succeeded"]
    assert here.progress(sweep).alive == 14


def test_a_run_at_its_last_epoch_is_not_pruned(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SPARED_EPOCHS", EPOCHS - 1)
    sweep = here.queue()
    while here.progress(sweep).moving:
        here.turn()
    assert {one.state for one in here.trials(sweep)} == {"succeeded"}


def test_what_others_want_is_not_pruned(here: Here) -> None:
    sweep = here.queue()
    while here.progress(sweep).moving:
        here.turn()
    bad = next(one for one in here.trials(sweep) if one.state == "pruned")
    transfer = replace(here.asked.grid.config.transfer, **bad.weights)  # type: ignore[arg-type]
    grid = here.asked.grid
    wanted = api.TrainSpec(*grid.pairs[0], replace(grid.config, transfer=transfer), keep=6)
    assert api.submit_training(here.database, wanted) == bad.run_id
    here.turn()
    assert api.status(here.database, bad.run_id).state == "succeeded"


def test_what_cannot_be_searched(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = partial(sampled_sweeps.plan, here.database)
    for wrong, message in (
        (replace(here.asked, ranges={"epsilon": (0.5, 2.0)}), "epsilon is 2.0"),
        (replace(here.asked, ranges={}), "none of the ranges is of a weight of la-dtl"),
        (replace(here.asked, trials=3000), "these are 3,000 runs"),
        (replace(here.asked, grid=replace(here.asked.grid, methods=("re-training",))), "weight of re-training"),
        (replace(here.asked, grid=replace(here.asked.grid, methods=())), "the sweep is empty"),
    ):
        with pytest.raises(ConfigError, match=message):
            refused(wrong)
    for text in ("0.1", "0.3 0.1", "0.1 0.2 0.3"):
        with pytest.raises(ConfigError, match="expected the lowest and the highest"):
            sampled_sweeps.limits(text, "alpha")
    assert sampled_sweeps.limits(" ", "alpha") is None and sampled_sweeps.limits("0 1", "alpha") == (0.0, 1.0)
    with here.database.session() as session:
        for row in records.of_department(session, here.ids[1], ["dev"]):
            row.split = "test"
    with pytest.raises(ConfigError, match="no labelled dev record"):
        refused(here.asked)
    monkeypatch.setattr(search, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install -r requirements-sweeps\.txt"):
        refused(here.asked)


def test_the_page_plans_queues_and_shows_trials(installation: Database) -> None:
    here = Here(installation)
    app = page("research", part="Sweeps")
    app.segmented_control("sweep-how").set_value("Sampled").run()
    app.text_input("sweep-Sampled-alpha").set_value("0.3").run()
    assert "alpha is '0.3'; expected the lowest and the highest value" in app.warning[0].value
    app.text_input("sweep-Sampled-alpha").set_value("0.001 0.3").run()
    next(one for one in app.number_input if one.label == "Trials").set_value(12).run()
    press(app, "Plan the runs")
    assert "12 trials. No training has finished here yet" in app.markdown[-1].value
    press(app, "Queue 12 trials")
    sweep = app.session_state["sweep"]
    assert any("first trial is asked for" in one.value for one in app.info)
    for _ in range(12):
        here.turn()
    app = page("research", part="Sweeps", sweep=sweep)
    best = sampled_sweeps.best(here.trials(sweep))
    assert best is not None and any(
        f"F1 {best.f1:.1f} on dev, trial {best.number}" in one.value for one in app.markdown
    )
    app.segmented_control(f"sweep-trials-{sweep}").set_value("alpha").run()
    assert not app.exception and "pruned at epoch 6" in str(app.dataframe[-1].value.to_dict())
