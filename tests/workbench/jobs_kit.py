"""What the tests of jobs share: two labelled departments, specs, and real worker processes that can be killed."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from pathlib import Path

import pytest
from sqlalchemy import text

from ladtl_core.config import Config, ModelConfig, TrainingConfig, TransferConfig
from ladtl_core.records import Entity, Record
from tests.workbench import fake_learner
from workbench.jobs import api
from workbench.jobs.api import RunStatus, TrainSpec
from workbench.jobs.engine import queue_url
from workbench.jobs.slots import Slot
from workbench.jobs.supervisor import Supervisor
from workbench.store import departments, records
from workbench.store.database import Database

WAIT_SECONDS = 60.0  # a busy machine must not fail a test


def use_home(database: Database, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let this process and the workers that it starts use that folder and that database."""
    home.mkdir()
    monkeypatch.setenv("LADTL_HOME", str(home))
    monkeypatch.setenv("LADTL_DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    return home


def two_departments(database: Database) -> tuple[int, int]:
    """A labelled source and a target with labelled, unlabelled and dev records; their ids."""
    with database.session() as session:
        ids = []
        for name in ("Cardiology", "Neurology"):
            department = departments.create(session, name, "clinical", ["Problem", "Test"])
            records.add(session, department.id, [record(name, i) for i in range(12)], "local")
            ids.append(department.id)
    return ids[0], ids[1]


def record(department: str, i: int) -> Record:
    word = ("Dyspnoea", "Vertigo", "Headache")[i % 3]
    text = f"{word} was seen in the {department.lower()} clinic , number {i} ."
    split = "dev" if i % 4 == 3 else "pool"
    labelled = i < 8
    return Record(
        f"{department}-{i}", text, (Entity(0, len(word), "Problem"),) if labelled else None, department, split
    )


def spec(ids: tuple[int, int], epochs: int = 5, seed: int = 0, learning_rate: float = 2e-3) -> TrainSpec:
    """A training of so many epochs, small enough for the real learner too."""
    training = TrainingConfig(
        seed=seed,
        max_steps=2 * epochs,
        epoch_steps=2,
        batch_size=2,
        learning_rate=learning_rate,
        pretrain_epochs=1,
    )
    model = ModelConfig(word_size=8, char_size=4, char_filters=4, hidden_size=6)
    return TrainSpec((ids[0],), ids[1], Config(model, training, TransferConfig()))


def wait_for(what: Callable[[], bool], text: str, seconds: float = WAIT_SECONDS) -> None:
    """Look until it is true; fails the test after so many seconds."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"waited {seconds} s: {text}"
        time.sleep(0.02)


def wait_for_end(database: Database, run_id: int) -> RunStatus:
    wait_for(lambda: api.status(database, run_id).ended, "the run did not end")
    return api.status(database, run_id)


def wait_for_epoch(database: Database, run_id: int, epoch: int) -> None:
    def reached() -> bool:
        return any(
            e.payload["stage"] == "training" and e.payload["epoch"] >= epoch for e in api.events(database, run_id)
        )

    wait_for(reached, f"epoch {epoch} was not reached")


def check_events(database: Database, run_id: int, epochs: int) -> None:
    """No gap, no step twice: embeddings, epochs 0 to the last, suggestions, scores."""
    events = api.events(database, run_id)
    assert [event.seq for event in events] == list(range(len(events)))
    steps = [(event.payload["stage"], event.payload["epoch"]) for event in events]
    assert steps == [
        ("embeddings", 0),
        *(("training", i) for i in range(epochs + 1)),
        ("suggestions", 0),
        ("scores", 0),
    ]


class Workers:
    """Worker processes with the fake learner; all are killed at the end of `workers`."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._processes: list[ForkProcess] = []

    def start(self, slot: str = "worker-1", machine: str | None = None, **options: float) -> ForkProcess:
        """Forked from the tests' process, which has imported everything: a second and a half less each.

        It takes itself to be on `machine`, if one is given.
        """
        arguments = ["--slot", slot, *_options(**options)]
        process = get_context("fork").Process(target=_work, args=(arguments, self._home / f"{slot}.out", machine))
        process.start()
        self._processes.append(process)
        return process

    def output(self, slot: str) -> str:
        return (self._home / f"{slot}.out").read_text(encoding="utf-8")

    def kill_all(self) -> None:
        for process in self._processes:
            kill(process)


@contextmanager
def workers(home: Path) -> Iterator[Workers]:
    started = Workers(home)
    try:
        yield started
    finally:
        started.kill_all()


def _work(arguments: list[str], output: Path, machine: str | None) -> None:
    if machine is not None:
        socket.gethostname = lambda: machine
    with open(output, "a", encoding="utf-8", buffering=1) as sys.stderr:
        sys.exit(fake_learner.main(arguments))


def _options(**options: float) -> list[str]:
    return [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]


def stop(process: ForkProcess, database: Database) -> None:
    """Stop the process between its writes: its locks would keep everyone waiting until it is killed."""
    assert process.pid is not None
    while True:
        os.kill(process.pid, signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)  # all of its threads stand still
        if not _write_locked(database):
            return
        os.kill(process.pid, signal.SIGCONT)
        time.sleep(0.01)


def _write_locked(database: Database) -> bool:
    """Whether a process is writing to the database or to its queue."""
    if database.engine.dialect.name == "postgresql":
        others = text(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
            " WHERE datname = current_database() AND mode = 'RowExclusiveLock'"
        )
        with database.reading() as session:
            return bool(session.execute(others).scalar_one())
    return any(map(_file_locked, (str(database.url.database), queue_url(database.url).removeprefix("sqlite:///"))))


def _file_locked(file: str) -> bool:
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        return False


def kill(process: ForkProcess) -> None:
    process.kill()
    process.join()


@contextmanager
def supervised(database: Database, slots: int = 1, **options: float) -> Iterator[dict[str, Slot]]:
    """A supervisor with short limits, in a thread; yields its slots by their names. Its workers end with it."""
    held = {f"worker-{n}": Slot(f"worker-{n}") for n in range(1, slots + 1)}
    command = [sys.executable, "-m", "tests.workbench.fake_learner", *_options(**options)]
    supervisor = Supervisor(database, command, slots, hard_kill_seconds=1, stalled_seconds=30)
    ending = threading.Event()

    def look() -> None:
        while not ending.wait(0.1):
            supervisor.step()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield held
    finally:
        ending.set()
        thread.join()
        for slot in held.values():
            slot.kill()
