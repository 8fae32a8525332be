"""What a sweep's ended runs show on Research: as rows for the views, and on the page."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ladtl_core.experiments.rows import checked_rows
from tests.workbench.jobs_kit import record, spec, two_departments
from tests.workbench.pages_kit import page, press
from tests.workbench.sweeps_kit import finish_all
from workbench.jobs import api
from workbench.services import research, results, sweep_rows, sweeps
from workbench.services.sweep_plans import Grid, plan
from workbench.store import audit, departments, records, runs
from workbench.store.database import Database


@pytest.fixture(name="grid")
def grid_of_test(installation: Database) -> Grid:
    source, target = two_departments(installation)
    weights = {"alpha": (0.0, 0.1), "beta": (0.0, 0.2)}
    return Grid((((source,), target),), ("la-dtl",), weights, config=spec((source, target)).config)


def queue(database: Database, grid: Grid) -> int:
    return sweeps.queue(database, "first", plan(database, grid), "me")


def test_ended_runs_are_rows_of_the_same_table(installation: Database, grid: Grid) -> None:
    sweep = queue(installation, replace(grid, shares=(0.5,)))
    finish_all(installation, sweep, tested=True, but=1)
    found = sweep_rows.rows(installation, sweep, {})
    rows = list(found.values())
    assert {(row["source"], row["target"], row["method"], row["rate"]) for row in rows} == {
        ("Cardiology", "Neurology", "la-dtl", "0.5")
    }
    assert {(row["alpha"], row["beta"]): float(row["dev_f1"]) for row in rows} == {
        ("0", "0"): 50.0, ("0", "0.2"): 52.0, ("0.1", "0"): 60.0
    }  # fmt: skip
    assert json.loads(rows[0]["test_counts"]) == [[1, 3, 3], [5, 6, 7]]
    assert checked_rows(research.as_csv(rows).encode(), "out.csv") == rows
    assert sweep_rows.seconds_left(rows, alive=1) == 2.0
    finish_all(installation, sweep)
    again = sweep_rows.rows(installation, sweep, {run_id: {} for run_id in found})
    assert len(again) == 4 and [bool(row) for row in again.values()] == [False, False, False, True]
    assert sweep_rows.shown_on([again[max(again)]], "test") == []
    assert sweep_rows.shown_on(rows, "test") == rows
    assert {row["test_f1"] for row in sweep_rows.shown_on(rows, "dev")} == {""}


def test_the_first_view_shows_what_varies(installation: Database, grid: Grid) -> None:
    def first(**changes: Any) -> str:
        sweep = queue(installation, replace(grid, **changes))
        name = sweep_rows.first_view(installation, sweep)
        finish_all(installation, sweep)
        rows = list(sweep_rows.rows(installation, sweep, {}).values())
        assert research.view(rows, name, "Cardiology>Neurology", "dev").runs
        return name

    (source,), target = grid.pairs[0]
    assert first() == "grid"
    assert first(weights={"epsilon": (0.2, 0.4)}) == "epsilon"
    assert first(weights={"gamma": (0.0, 0.01)}) == "gamma"
    assert first(weights={}, shares=(0.2, 0.5), methods=("la-dtl", "non-transfer")) == "sampling"
    assert first(weights={}, seeds=2) == "trials"
    # Methods with other defaults vary nothing on purpose.
    assert first(weights={}, pairs=(((source,), target), ((target,), source)), methods=("la-dtl", "crf-l2")) == "pairs"


def test_runs_of_one_gamma_are_shown_at_a_time(installation: Database, grid: Grid) -> None:
    sweep = queue(installation, replace(grid, weights={**grid.weights, "gamma": (0.0, 0.01)}))
    finish_all(installation, sweep)
    rows = list(sweep_rows.rows(installation, sweep, {}).values())
    assert sweep_rows.gammas(rows) == [0.0, 0.01] and len(sweep_rows.with_gamma(rows, 0.01)) == 4
    found = research.view(rows, "gamma", "Cardiology>Neurology", "dev")
    assert [trace["x"] for trace in found.figure["data"]] == [["0", "0.01"]]


def test_several_sources_are_one_run_or_one_each(installation: Database, grid: Grid) -> None:
    with installation.session() as session:
        third = departments.create(session, "Oncology", "clinical", ["Problem", "Test"])
        records.add(session, third.id, [record("Oncology", i) for i in range(8)], "local")
        third_id = third.id
    app = page("research", part="Sweeps")
    for field in app.text_input[:2]:
        field.set_value("")
    app.multiselect[1].set_value([grid.pairs[0][1]])
    app.multiselect[0].set_value([grid.pairs[0][0][0], third_id, grid.pairs[0][1]]).run()
    press(app, "Plan the runs")
    assert "2 runs." in app.markdown[-1].value
    app.checkbox[0].check().run()
    press(app, "Plan the runs")
    press(app, "Queue 1 runs")
    [run] = api.list_runs(installation)
    assert run.title == "la-dtl: Cardiology + Oncology → Neurology, 6 records"
    finish_all(installation, app.session_state["sweep"])
    [row] = sweep_rows.rows(installation, app.session_state["sweep"], {}).values()
    assert research.pairs_of([row]) == ["Cardiology + Oncology>Neurology"]


def test_the_page_plans_before_it_queues(installation: Database, grid: Grid) -> None:
    app = page("research", part="Sweeps")
    assert "behind all trainings" in app.info[0].value
    app.text_input[0].set_value("0 0.1").run()
    press(app, "Plan the runs")
    assert "8 runs. No training has finished here yet" in app.markdown[-1].value
    app.text_input[1].set_value("many").run()
    assert "beta is 'many'" in app.warning[0].value
    assert all(not button.label.startswith("Queue") for button in app.button)
    app.text_input[1].set_value("0.2").run()
    press(app, "Plan the runs")
    assert sweeps.listed(installation) == []
    press(app, "Queue 2 runs")
    [one] = sweeps.listed(installation)
    assert one.listed.states == {"queued": 2} and app.session_state["sweep"] == one.listed.sweep_id
    press(app, "Pause")
    assert sweeps.listed(installation)[0].state == "paused"
    press(app, "Go on")
    press(app, "Cancel")
    press(app, "Queue 2 cancelled again")
    assert sweeps.listed(installation)[0].state == "waiting"


def test_the_page_shows_results_and_failures(installation: Database, grid: Grid) -> None:
    sweep = queue(installation, grid)
    finish_all(installation, sweep, tested=True, but=2)
    with installation.session() as session:
        failing = min(run.id for run in runs.all_runs(session, state="queued"))
        runs.finish(session, failing, runs.claim(session, failing, "test"), "failed", error="the loss is nan")
    app = page("research", part="Sweeps")
    assert any("2 runs, n = 1 seeds a point" in caption.value for caption in app.caption)
    assert any("the loss is nan" in str(table.value.to_dict()) for table in app.dataframe)
    next(group for group in app.button_group if group.label == "F1 on").set_value("test").run()
    assert not app.exception and any("Test documents: 2." in caption.value for caption in app.caption)
    with installation.reading() as session:
        assert audit.count(session, results.LOOKED_AT_TEST, [f"sweep {sweep}"]) == 1
    press(app, "Retry 1 failed")
    assert sweeps.listed(installation)[0].listed.states == {"succeeded": 2, "queued": 2}
