"""What carries a queued run to a worker. The run table is the truth; an engine only delivers, at least once.

A run waits in the table until `dispatch` hands it to an engine, so that submitting is one transaction of our own and
the browser process needs no engine at all. Deliveries may repeat: claiming the run decides who executes it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from dbos import DBOS, DBOSConfig, EnqueueOptions
from sqlalchemy import URL, create_engine

QUEUE = "runs"
# Pinned: by default DBOS computes it from the code, and an upgrade would leave queued runs behind.
APPLICATION_VERSION = "1"
POLL_SECONDS = 0.3
BEHIND = 1  # a priority of DBOS: after all that has none

Execute = Callable[[int], None]


class Engine(Protocol):
    """Delivers runs to the function that executes them."""

    def submit(self, run_id: int, attempt: int) -> None:
        """Have the run executed once more after its first `attempt` attempts; repeating that changes nothing."""

    def submit_again(self, run_id: int, attempt: int) -> None:
        """The same for a run that has waited long: its delivery may be lost with the worker that took it."""

    def submit_behind(self, run_id: int, attempt: int) -> None:
        """The same for a run that waits until none is left of the others, also if it was delivered and held back."""


class InlineEngine:
    """Executes at once, in the calling thread: for tests and for one-off commands."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    def submit(self, run_id: int, attempt: int) -> None:
        self._execute(run_id)

    submit_again = submit_behind = submit


class DbosEngine:
    """A durable queue in the database. One a process, since DBOS is; the process runs one run at a time.

    A slot that is started again goes on with what it was doing when it was killed. `slot` must therefore be unique
    among living processes: see `slots.Slot`.
    """

    def __init__(self, database: URL, slot: str, execute: Execute) -> None:
        config: DBOSConfig = {
            "name": "ladtl-workbench",
            "system_database_url": queue_url(database),
            "application_version": APPLICATION_VERSION,
            "executor_id": slot,
            "log_level": "WARNING",
            "sys_db_pool_size": 5,
            "use_listen_notify": False,
        }
        DBOS(config=config)
        # The argument is pickled into the queue: the run's id, never its data.
        self._workflow = DBOS.workflow(name="run")(_named(execute))
        DBOS.listen_queues([QUEUE])

    def launch(self) -> None:
        """Start taking runs from the queue, in threads of this process."""
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=1, polling_interval_sec=POLL_SECONDS, on_conflict="always_update")

    def submit(self, run_id: int, attempt: int) -> None:
        self._enqueue(run_id, f"run-{run_id}-{attempt}-0")

    def submit_again(self, run_id: int, attempt: int) -> None:
        self._deliver_again(run_id, attempt)

    def submit_behind(self, run_id: int, attempt: int) -> None:
        self._deliver_again(run_id, attempt, behind=True)

    def _deliver_again(self, run_id: int, attempt: int, behind: bool = False) -> None:
        delivery = f"run-{run_id}-{attempt}-"
        earlier = DBOS.list_workflows(workflow_id_prefix=delivery, load_input=False, load_output=False)
        if all(workflow.status != "ENQUEUED" for workflow in earlier):
            self._enqueue(run_id, f"{delivery}{len(earlier)}", behind)

    def _enqueue(self, run_id: int, workflow_id: str, behind: bool = False) -> None:
        options: EnqueueOptions = {
            "workflow_name": "run",
            "queue_name": QUEUE,
            "workflow_id": workflow_id,  # enqueueing an id that is known does nothing
            "app_version": APPLICATION_VERSION,
        }
        if behind:
            options["priority"] = BEHIND
        DBOS.enqueue_workflow_with_options(options, run_id)


def queue_url(database: URL) -> str:
    """Where DBOS keeps its tables: a schema of the PostgreSQL database, or a file beside the SQLite file.

    The file may be lost without harm: waiting runs are delivered again from the run table.
    """
    if database.get_backend_name() != "sqlite":
        return database.set(drivername="postgresql").render_as_string(hide_password=False)
    path = Path(str(database.database)).with_suffix(".queue.db")
    url = f"sqlite:///{path}"
    _use_wal(url)
    return url


def _use_wal(url: str) -> None:
    """Write-ahead logging stays with the file, but must be set before DBOS opens it."""
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 30000")
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    engine.dispose()


def _named(execute: Execute) -> Execute:
    def run(run_id: int) -> None:
        execute(run_id)

    return run
