"""Workers on two machines that share PostgreSQL and a home folder: one dies, and no run is lost or done twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workbench.jobs_kit import (
    check_events,
    kill,
    spec,
    two_departments,
    use_home,
    wait_for,
    wait_for_end,
    wait_for_epoch,
    workers,
)
from workbench.jobs import api
from workbench.store import runs, trained
from workbench.store.database import Database

RUNS, EPOCHS = 6, 4


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_machine_dies_and_every_run_is_done_once(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = use_home(database, tmp_path / "home", monkeypatch)
    ids = two_departments(database)
    submitted = [api.submit_training(database, spec(ids, EPOCHS, seed=seed)) for seed in range(RUNS)]

    def of(machine: str) -> list[tuple[int, str | None]]:
        """Run and outcome of the attempts that were made there."""
        with database.reading() as session:
            made = [attempt for run_id in submitted for attempt in runs.attempts(session, run_id)]
        return [(one.run_id, one.outcome) for one in made if one.worker.startswith(f"{machine}-")]

    with workers(home) as started:
        # The slots have one name: it is the machine that tells them apart.
        dying = started.start(machine="first", hang_at=3)
        wait_for(lambda: bool(of("first")), "the first machine took no run")
        [(interrupted, _)] = of("first")
        started.start(machine="second", stalled_seconds=5)
        wait_for_epoch(database, interrupted, 2)
        kill(dying)
        ends = [wait_for_end(database, run_id) for run_id in submitted]
    assert [(end.state, end.error) for end in ends] == [("succeeded", None)] * RUNS
    outcomes = of("first") + of("second")
    assert sorted(run_id for run_id, outcome in outcomes if outcome == "succeeded") == submitted
    assert [one for one in outcomes if one[1] != "succeeded"] == [(interrupted, "lost")]
    with database.reading() as session:
        models = trained.of_department(session, ids[1])
    assert sorted(model.run_id for model in models) == submitted
    assert len({model.hash for model in models}) == RUNS and all((home / "models" / m.folder).exists() for m in models)
    for run_id in submitted:
        check_events(database, run_id, EPOCHS)
    # It went on from the dead machine's checkpoint.
    assert [event.attempt for event in api.events(database, interrupted)[:3]] == [1, 1, 1]
