"""The plan of a sweep: its runs, those that exist, and the time that they take."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ladtl_core.config import TransferConfig
from ladtl_core.errors import ConfigError
from tests.workbench.curve_kit import finish
from tests.workbench.jobs_kit import spec, two_departments, use_home
from workbench.jobs import api
from workbench.jobs.api import TrainSpec
from workbench.services.sweep_plans import Grid, numbers, plan
from workbench.store.database import Database

STEPS = 10  # of the runs of `jobs_kit.spec`


@pytest.fixture(name="grid")
def grid_of_test(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Grid:
    use_home(database, tmp_path / "home", monkeypatch)
    source, target = two_departments(database)
    config = spec((source, target)).config
    return Grid((((source,), target),), ("la-dtl",), {"alpha": (0.0, 0.1), "beta": (0.0, 0.2, 1.0)}, config=config)


def test_every_combination_is_one_run_and_none_is_queued(database: Database, grid: Grid) -> None:
    found = plan(database, replace(grid, shares=(0.5, 1.0), seeds=2))
    assert len(found.runs) == 2 * 3 * 2 * 2 == found.new and api.list_runs(database) == []
    tried = {
        (s["config"]["transfer"]["alpha"], s["config"]["transfer"]["beta"], s["target"]["keep"], run.share)
        for run in found.runs
        for s in [run.prepared.spec]
    }
    assert tried == {(a, b, *kept) for a in (0.0, 0.1) for b in (0.0, 0.2, 1.0) for kept in ((3, 0.5), (6, 1.0))}
    assert {run.prepared.spec["config"]["training"]["seed"] for run in found.runs} == {0, 1}


def test_what_a_method_does_not_use_makes_no_run(database: Database, grid: Grid) -> None:
    both = ((grid.pairs[0][0], grid.pairs[0][1]), (grid.pairs[0][1:], grid.pairs[0][0][0]))
    found = plan(database, replace(grid, pairs=both, methods=("non-transfer", "crf-l2")))
    methods = [run.prepared.spec["config"]["transfer"]["method"] for run in found.runs]
    assert (methods.count("non-transfer"), methods.count("crf-l2")) == (2, 2 * 3)
    alone = next(run.prepared.spec for run in found.runs)
    assert alone["sources"] == [] and alone["config"]["transfer"]["alpha"] == TransferConfig().alpha


def test_runs_that_exist_are_told_apart(database: Database, grid: Grid) -> None:
    (sources, target), config = grid.pairs[0], grid.config
    transfer = replace(config.transfer, alpha=0.1, beta=0.2)
    same = TrainSpec(sources, target, replace(config, transfer=transfer))
    waiting = api.submit_training(database, replace(same, keep=6))
    api.submit_training(database, same)  # leaves a model and does not wait behind the others: another run
    found = plan(database, grid)
    assert (found.count("queued"), found.count("succeeded"), found.new) == (1, 0, 5)
    api.cancel(database, waiting)
    assert plan(database, grid).new == 6
    finish(database, api.submit_training(database, same), 60.0)
    found = plan(database, grid)
    assert (found.count("succeeded"), found.new) == (1, 5)


def test_the_time_comes_from_finished_runs(database: Database, grid: Grid) -> None:
    assert (plan(database, grid).seconds, plan(database, grid).measured) == (None, 0)
    (sources, target), config = grid.pairs[0], grid.config
    finish(database, api.submit_training(database, TrainSpec(sources, target, config)), 60.0)  # 1 s
    assert plan(database, grid).seconds == 6.0
    # Of other methods only the 100 steps in that second are known.
    other = plan(database, replace(grid, methods=("re-training",), weights={}, seeds=3))
    assert other.seconds == pytest.approx(3 * STEPS / 100) and other.measured == 1


def test_grids_that_cannot_be_planned(database: Database, grid: Grid) -> None:
    (sources, target) = grid.pairs[0]
    for wrong, message in (
        (replace(grid, methods=()), "the sweep is empty"),
        (replace(grid, seeds=400), "these are 2,400 runs; expected at most 2,000"),
        (replace(grid, shares=(0.1, 1.5)), "share of the labels is 1.5"),
        (replace(grid, weights={"epsilon": (0.5, 2.0)}), "epsilon is 2.0"),
        (replace(grid, pairs=(((), target),)), "The source has no submitted"),
        (replace(grid, pairs=((sources, sources[0]),)), "source and target at once"),
    ):
        with pytest.raises(ConfigError, match=message):
            plan(database, wrong)
    assert numbers("0, 0.1  1 0.1", "alpha") == (0.0, 0.1, 1.0) and numbers(" ", "alpha") == ()
    with pytest.raises(ConfigError, match="alpha is 'many'"):
        numbers("many", "alpha")
