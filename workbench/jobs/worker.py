"""The process that trains: one slot, one run at a time, behind everything else on the machine.

It hands waiting runs to the queue, frees the runs of workers that fell silent, its own machine's or another's, and asks
for the next trials of sampled sweeps.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from workbench.jobs import leftovers
from workbench.jobs.engine import DbosEngine, Engine
from workbench.jobs.execution import BEAT_SECONDS, execute
from workbench.jobs.learned import Forgetting
from workbench.jobs.learner import Learner, core_learner
from workbench.jobs.reaper import STALLED_SECONDS, Reaper
from workbench.jobs.sampling import Asker
from workbench.jobs.slots import Slot, executor_id
from workbench.store import runs, sweeps
from workbench.store.database import Database, open_database
from workbench.store.sweeps import Waiting

NICENESS = 10
LOOK_SECONDS = 0.3
HANDED_AT_ONCE, LOOKED_AT_AGAIN, BEHIND_AHEAD = 100, 10, 10  # runs
SLOT_TAKEN = 3  # exit status

log = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class WorkerSettings:
    """`slot` names the worker on this machine; seconds between heartbeats, and of silence until a run is taken over."""

    slot: str
    beat_seconds: float = BEAT_SECONDS
    stalled_seconds: float = STALLED_SECONDS


class Dispatcher:
    """Hands each waiting run to an engine, and those that should long have started once more."""

    def __init__(self, database: Database, engine: Engine, again_seconds: float = STALLED_SECONDS) -> None:
        self._database, self._engine, self._again_seconds = database, engine, again_seconds
        self._handed: dict[Waiting, float] = {}

    def step(self) -> None:
        """Hand over what waits, single runs before those of sweeps, the oldest first and not too many at once."""
        with self._database.reading() as session:
            waiting = sweeps.waiting(session)
        now = time.monotonic()
        self._handed = {run: self._handed[run] for run in waiting if run in self._handed}
        single = [run for run in waiting if not run.behind and run not in self._handed][:HANDED_AT_ONCE]
        # Few of a sweep's: those that a pause holds back are handed over anew when it goes on.
        behind = [run for run in waiting if run.behind][:BEHIND_AHEAD]
        for run in [*single, *(run for run in behind if run not in self._handed)]:
            hand = self._engine.submit_behind if run.behind else self._engine.submit
            hand(run.run_id, run.attempt)
            self._handed[run] = now
        # Only the oldest can be overdue: the queue keeps the order.
        for run in waiting[:LOOKED_AT_AGAIN]:
            if now - self._handed.get(run, now) > self._again_seconds:
                hand = self._engine.submit_behind if run.behind else self._engine.submit_again
                hand(run.run_id, run.attempt)
                self._handed[run] = now


def load_core() -> Learner:
    """Load torch, with one thread: runs share the machine with the browser."""
    os.environ["OMP_NUM_THREADS"] = "1"  # read when torch is loaded
    from ladtl_core.kernels import one_thread

    one_thread()
    return core_learner()


def work(settings: WorkerSettings, learner: Callable[[], Learner] = load_core) -> int:
    """Serve the default database until the process is ended; returns an exit status if the slot is taken."""
    slot = Slot(settings.slot)
    if not slot.hold():
        log.error("slot %s is held by process %d; a slot is one process", settings.slot, slot.pid())
        return SLOT_TAKEN
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    database, name = open_database(), executor_id(settings.slot)
    leftovers.remove_all(database)
    loaded = learner()
    if not _waited_for(database):
        loaded.rehearse()
    run = partial(execute, database, worker=name, learner=loaded, beat_seconds=settings.beat_seconds)
    engine = DbosEngine(database.engine.url, name, partial(take, database, name, run))
    engine.launch()
    log.info("worker %s is ready", name)
    dispatcher = Dispatcher(database, engine, settings.stalled_seconds)
    reaper, forgetting = Reaper(database, settings.stalled_seconds), Forgetting(database, loaded.forget)
    _serve(slot, (dispatcher.step, reaper.step, Asker(database).step, forgetting.step))
    os._exit(0)  # the home folder is gone, and with it all that the engine's threads could still write to


def take(database: Database, worker: str, run: Callable[[int], None], run_id: int) -> None:
    """Execute a run that was delivered, then one after another what waits, in the order in which it would be delivered.

    The queue pauses between two deliveries, which is long beside the short runs of a sweep. What was taken so is
    delivered later all the same, and then refused. A run that this worker was killed in comes first.
    """
    with _one_at_a_time:
        following: int | None = run_id
        while following is not None:
            run(following)
            with database.reading() as session:
                following = runs.left_behind(session, worker) or sweeps.next_waiting(session)


def _waited_for(database: Database) -> bool:
    with database.reading() as session:
        return any(runs.all_runs(session, state=state) for state in ("queued", "running"))


def _serve(slot: Slot, steps: Sequence[Callable[[], object]]) -> None:
    pause = threading.Event()
    while not pause.wait(LOOK_SECONDS) and not slot.lost():
        try:
            for step in steps:
                step()
        except Exception as error:  # a database that is away for a while must not end the run under way
            log.warning("could not look for work: %s", type(error).__name__)
