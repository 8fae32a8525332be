"""`python -m workbench sweep`: planned, queued when asked, followed, paused, cancelled and retried."""

from __future__ import annotations

import pytest

from tests.workbench.jobs_kit import two_departments
from tests.workbench.sweeps_kit import finish_all
from workbench.__main__ import main
from workbench.jobs import search
from workbench.services import sweeps
from workbench.store import runs
from workbench.store.database import Database

PLAN = ("plan", "--source", "Cardiology", "--target", "Neurology")


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """What the command prints, with single spaces."""
    assert main(["sweep", *arguments]) == code
    shown = capsys.readouterr()
    return " ".join((shown.err if code else shown.out).split())


def test_a_grid_from_the_plan_to_the_end(installation: Database, capsys: pytest.CaptureFixture[str]) -> None:
    two_departments(installation)
    grid = (*PLAN, "--alpha", "0", "0.1", "--beta", "0", "0.2", "--max-steps", "10")
    assert "runs 4 finished already 0 under way 0 to run 4 time not known" in told(capsys, *grid)
    assert sweeps.listed(installation) == []
    assert "queued as sweep 1. Workers of the open app" in told(capsys, *grid, "--queue", "mine")
    assert told(capsys, "list") == "1 0 of 4 waiting mine"
    told(capsys, "pause", "1")
    assert told(capsys, "status", "1") == "mine: paused, 0 of 4 runs done queued 4"
    told(capsys, "resume", "1")
    finish_all(installation, 1, but=2)
    with installation.session() as session:
        failing = min(run.id for run in runs.all_runs(session, state="queued"))
        runs.finish(session, failing, runs.claim(session, failing, "test"), "failed", error="the loss is nan")
    assert "1 runs cancelled" in told(capsys, "cancel", "1")
    status = told(capsys, "status", "1")
    assert "cancelled 1 failed 1 succeeded 2 failed: la-dtl: Cardiology → Neurology" in status and "is nan" in status
    assert "1 failed runs queued again" in told(capsys, "retry", "1")
    assert "1 cancelled runs queued again" in told(capsys, "retry", "1", "--cancelled")
    assert "finished already 2 under way 2 to run 0" in told(capsys, *grid)


def test_what_is_wrong_is_told(installation: Database, capsys: pytest.CaptureFixture[str]) -> None:
    two_departments(installation)
    assert "python -m workbench sweep: alpha is 'many'" in told(capsys, *PLAN, "--alpha", "many", code=1)
    assert "Oncology" in told(capsys, "plan", "--target", "Oncology", code=1)
    assert "sweep" in told(capsys, "cancel", "7", code=1)


@pytest.mark.skipif(not search.installed(), reason="needs optuna: requirements-sweeps.txt")
def test_a_sampled_sweep(installation: Database, capsys: pytest.CaptureFixture[str]) -> None:
    two_departments(installation)
    sampled = (*PLAN, "--sampled", "20", "--alpha", "0.001", "0.3")
    assert "trainings 1 trials of each 20 runs at most 20" in told(capsys, *sampled, "--queue", "search")
    assert told(capsys, "status", "1") == "search: waiting, 0 of 20 runs done not asked for yet 20"
    assert "expected the lowest and the highest" in told(capsys, *sampled, "0.5", code=1)
    told(capsys, "cancel", "1")
    assert told(capsys, "list") == "1 0 of 20 cancelled search"
    told(capsys, "retry", "1", "--cancelled")
    assert told(capsys, "list") == "1 0 of 20 waiting search"
