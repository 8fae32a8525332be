"""Keeps workers alive on one machine, with and without the app: a process of its own that the app starts detached.

Workers hold their slots by file locks, so that a supervisor that was killed is replaced without disturbing them.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from workbench.jobs import sampling
from workbench.jobs.reaper import STALLED_SECONDS, Reaper
from workbench.jobs.slots import Slot, executor_id
from workbench.store import runs, sweeps
from workbench.store.database import Database
from workbench.store.paths import PROJECT, home

SUPERVISOR, APP = "supervisor", "app"  # slots
LOOK_SECONDS = 0.5
APP_LOOKS_SECONDS = 5.0
HARD_KILL_SECONDS = 10.0
IDLE_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 60.0
LOG_BYTES = 1_000_000

log = logging.getLogger(__name__)


class Supervisor:
    """Starts a worker in every free slot, and ends workers that do not heed a cancel or have stopped.

    `command` starts a worker and gets `--slot NAME` appended.
    """

    def __init__(
        self,
        database: Database,
        command: Sequence[str],
        slots: int = 1,
        *,
        hard_kill_seconds: float = HARD_KILL_SECONDS,
        stalled_seconds: float = STALLED_SECONDS,
    ) -> None:
        self._database, self._command, self._hard_kill = database, command, hard_kill_seconds
        self._slots = {executor_id(f"worker-{n}"): Slot(f"worker-{n}") for n in range(1, slots + 1)}
        self._children: dict[str, _Child] = {}
        self._reaper = Reaper(database, stalled_seconds, self._kill)
        self._asked: dict[int, float] = {}

    def step(self) -> bool:
        """Look once; returns whether any run waits, runs or is to be asked for; those of a paused sweep are not."""
        for worker, slot in self._slots.items():
            child = self._children.setdefault(worker, _Child())
            if child.may_start() and not slot.held():
                child.start([*self._command, "--slot", slot.name], home() / "logs" / f"{worker}.log")
        self._reaper.step()
        with self._database.reading() as session:
            running, waiting = runs.all_runs(session, state="running"), sweeps.waiting(session)
            wanted = sampling.wanted(session)
            cancelled = [run.id for run in running if run.cancel_requested]
            workers = {run_id: runs.attempts(session, run_id)[-1].worker for run_id in cancelled}
        self._end_uncancelled({run_id: worker for run_id, worker in workers.items() if worker in self._slots})
        return bool(running or waiting or wanted)

    def _end_uncancelled(self, asked: dict[int, str]) -> None:
        """Kill the workers whose run was cancelled long ago and has not stopped, and write down that it has."""
        now = time.monotonic()
        self._asked = {run_id: self._asked.get(run_id, now) for run_id in asked}
        for run_id, worker in asked.items():
            if now - self._asked[run_id] > self._hard_kill:
                self._kill(worker)
                with self._database.session() as session:
                    runs.abandon(session, run_id, "cancelled", "it did not stop when asked, so its worker was ended")

    def _kill(self, worker: str) -> None:
        if worker in self._slots:
            log.warning("killing %s, which does not answer", worker)
            self._slots[worker].kill()

    def end_workers(self) -> None:
        """Ask the workers to end; their runs go on when workers are started again."""
        for slot in self._slots.values():
            slot.end()


class _Child:
    """A worker process, started again at once when it ended, and after growing pauses when it ends again and again."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._started, self._pause = 0.0, 0.0

    def may_start(self) -> bool:
        if self._process is not None and self._process.poll() is None:
            return False
        return time.monotonic() >= self._started + self._pause

    def start(self, command: Sequence[str], log_file: Path) -> None:
        lived = time.monotonic() - self._started
        soon = self._process is not None and lived < LONGEST_PAUSE_SECONDS
        self._pause = min(max(1.0, 2 * self._pause), LONGEST_PAUSE_SECONDS) if soon else 0.0
        self._started = time.monotonic()
        self._process = start_detached(command, log_file)


def start_detached(command: Sequence[str], log_file: Path) -> subprocess.Popen[bytes]:
    """Start a process that outlives this one and writes to `log_file`, which is begun anew when it is long."""
    log_file.parent.mkdir(mode=0o700, exist_ok=True)
    if log_file.exists() and log_file.stat().st_size > LOG_BYTES:
        log_file.replace(log_file.with_suffix(".log.1"))
    with open(log_file, "ab") as out:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=PROJECT, start_new_session=True
        )


def supervise(slot: Slot, supervisor: Supervisor, until_idle: bool) -> None:
    """Look after the workers until the process is asked to end, `slot` is lost or, if `until_idle`, neither app nor run
    needs them."""
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    app, needed = Slot(APP), time.monotonic()
    while not ending.wait(LOOK_SECONDS) and not slot.lost():
        try:
            busy = supervisor.step()
        except Exception as error:  # a database that is away for a while; the workers are still looked after next time
            log.warning("could not look after the workers: %s", type(error).__name__)
            busy = True
        if busy or app.held():
            needed = time.monotonic()
        elif until_idle and time.monotonic() - needed > IDLE_SECONDS:
            break
    supervisor.end_workers()


@contextmanager
def background_workers() -> Iterator[None]:
    """While this is open, which is while the app runs, a supervisor lives on this machine; it may outlive the app."""
    ending = threading.Event()
    thread = threading.Thread(target=_keep_supervised, args=(ending,), name="background workers", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def _keep_supervised(ending: threading.Event) -> None:
    app, supervisor = Slot(APP), Slot(SUPERVISOR)
    holds = False
    while True:
        try:
            holds = holds or app.hold(seconds=0)  # another app on this home folder may have it, and end before this one
            if not supervisor.held():
                start_detached(
                    [sys.executable, "-m", "workbench.jobs", "supervise", "--until-idle"],
                    home() / "logs" / "supervisor.log",
                )
        except OSError as error:  # a disk that is full or closed for a while
            log.warning("could not look after the workers: %s", error.strerror)
        if ending.wait(APP_LOOKS_SECONDS):
            break
    if holds:
        app.release()
