"""Runs whose worker has fallen silent go back to the queue."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from workbench.store import runs
from workbench.store.database import Database
from workbench.store.errors import Unavailable
from workbench.store.models import Run

STALLED_SECONDS = 30.0


class Reaper:
    """Watches heartbeats by its own clock, so that neither a wrong clock elsewhere nor a sleeping laptop looks dead.

    `on_stalled` is told the name of the worker before its run is queued again.
    """

    def __init__(
        self,
        database: Database,
        stalled_seconds: float = STALLED_SECONDS,
        on_stalled: Callable[[str], None] = lambda worker: None,
    ) -> None:
        self._database, self._limit, self._on_stalled = database, stalled_seconds, on_stalled
        self._seen: dict[int, tuple[tuple[int, datetime | None], float]] = {}

    def step(self) -> list[int]:
        """Look once; returns the ids of the runs that were queued again or, if so requested, cancelled."""
        try:
            with self._database.reading() as session:
                running = runs.all_runs(session, state="running")
        except Unavailable:
            self._seen = {}  # nobody could beat meanwhile either
            raise
        now = time.monotonic()
        seen = {run.id: self._since(run, now) for run in running}
        self._seen = seen
        stalled = [run for run in running if now - seen[run.id][1] > self._limit]
        return [run.id for run in stalled if self._free(run)]

    def _since(self, run: Run, now: float) -> tuple[tuple[int, datetime | None], float]:
        """The run's latest sign of life, and when it was first seen here."""
        sign = (run.attempt, run.heartbeat_at)
        known = self._seen.get(run.id)
        return known if known is not None and known[0] == sign else (sign, now)

    def _free(self, run: Run) -> bool:
        with self._database.reading() as session:
            worker = runs.attempts(session, run.id)[-1].worker
        self._on_stalled(worker)
        try:
            with self._database.session() as session:
                if run.cancel_requested:
                    return runs.abandon(session, run.id, "cancelled", "its worker fell silent before it stopped")
                return runs.release(session, run.id, run.attempt)
        except Unavailable:
            self._seen = {}  # a disk that takes no heartbeats either: the next worker has its time, too
            raise
