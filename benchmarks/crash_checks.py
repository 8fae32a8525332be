"""What must hold of trainings however often their processes were killed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ladtl_core import checkpoint
from workbench.jobs import api
from workbench.operations import doctor
from workbench.store import runs, trained
from workbench.store.database import Database

TIDY_SECONDS = 3.0
INSTALLATION = ("disk", "versions")  # of the doctor's findings, what no crash can cause


def broken_runs(database: Database, submitted: Sequence[int]) -> Iterator[str]:
    """What is wrong with runs that have ended: each succeeded once, with one model and its events in one row."""
    for run_id in submitted:
        status = api.status(database, run_id)
        if not status.ended:
            continue
        with database.reading() as session:
            outcomes = [attempt.outcome for attempt in runs.attempts(session, run_id)]
            models = [one for one in trained.of_department(session, status.department_id) if one.run_id == run_id]
        if status.state != "succeeded":
            yield f"run {run_id} {status.state}: {status.error}"
        elif outcomes[:-1] != ["lost"] * (len(outcomes) - 1) or outcomes[-1] != "succeeded" or len(models) != 1:
            yield f"run {run_id} was done with {len(models)} models by attempts that ended as {outcomes}"
        events = api.events(database, run_id)
        steps = [(event.payload["stage"], event.payload["epoch"]) for event in events]
        if [event.seq for event in events] != list(range(len(events))) or len(set(steps)) != len(steps):
            yield f"run {run_id} has the events {[event.seq for event in events]} for {steps}"


def broken_checkpoints(home: Path) -> Iterator[str]:
    """Checkpoints that cannot be loaded; a run that ends meanwhile takes its own away."""
    for path in (home / "checkpoints").glob("run-*/attempt-*.safetensors"):
        if checkpoint.load(path) is None and path.exists():
            yield f"{path.relative_to(home)} cannot be loaded"


def findings() -> list[str]:
    """What the doctor finds: spans, revisions, events, checksums of models, folders that belong to nothing.

    A worker tidies up after it has written down its success: only what is found twice counts.
    """
    found = _examined()
    if found:
        time.sleep(TIDY_SECONDS)
        found &= _examined()
    return sorted(found)


def _examined() -> set[str]:
    return {str(one) for one in doctor.examine().findings if one.part not in INSTALLATION}
