"""What a killed worker leaves in the home folder, once nobody can need it any more."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from workbench.store import runs
from workbench.store.database import Database
from workbench.store.paths import home


def checkpoints(run_id: int) -> Path:
    """The folder of a run's checkpoints."""
    return home() / "checkpoints" / f"run-{run_id}"


def draft(run_id: int, attempt: int) -> Path:
    """Where an attempt writes its model before that has the name of its hash."""
    return home() / "models" / f"run-{run_id}-{attempt}.new"


def remove(run_id: int) -> None:
    """Take away what the attempts at a run that succeeded left. Others may need theirs, or still write to them."""
    shutil.rmtree(checkpoints(run_id), ignore_errors=True)
    for folder in (home() / "models").glob(f"run-{run_id}-*.new"):
        shutil.rmtree(folder, ignore_errors=True)


def remove_all(database: Database) -> None:
    """The same for all such runs: a worker may have been killed just after it wrote down its success."""
    places = [*(home() / "checkpoints").glob("*"), *(home() / "models").glob("*.new")]
    left = {int(name[1]) for name in (re.fullmatch(r"run-(\d+)(-\d+\.new)?", place.name) for place in places) if name}
    with database.reading() as session:
        succeeded = {run.id for run in runs.all_runs(session, state="succeeded")} if left else set()
    for run_id in left & succeeded:
        remove(run_id)
