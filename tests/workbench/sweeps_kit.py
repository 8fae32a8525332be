"""Lets the runs of a sweep end without training them."""

from __future__ import annotations

from typing import Any

from tests.workbench.curve_kit import dev_scores
from workbench.store import runs, sweeps
from workbench.store.database import Database

TEST = {"Problem": [[1, 2, 3], [4, 5, 6]], "Test": [[0, 1, 0], [1, 1, 1]]}


def finish_all(database: Database, sweep_id: int, *, tested: bool = False, but: int = 0) -> None:
    """Let its waiting runs end, but for the last so many, with F1 of 50 + 100 alpha + 10 beta."""
    with database.session() as session:
        waiting = sweeps.run_ids(session, sweep_id, ["queued"])
        for run_id in waiting[: len(waiting) - but]:
            attempt = runs.claim(session, run_id, "test")
            weights = runs.get(session, run_id).spec["config"]["transfer"]
            f1 = 50 + 100 * weights["alpha"] + 10 * weights["beta"]
            dev: dict[str, Any] = dev_scores(f1)
            scores = {"dev": dev, "test": {**dev, "counts": TEST} if tested else None}
            result = {"scores": scores, "best_epoch": 3, "steps": 40, "seconds": 2.0}
            runs.finish(session, run_id, attempt, "succeeded", result=result)
