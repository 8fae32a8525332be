"""One engine a database, with the settings under which no label is lost and writers wait for each other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from workbench.store import trouble
from workbench.store.base import Base
from workbench.store.paths import database_url
from workbench.store.turns import Turns

SQLITE_WAIT_SECONDS = 30
CONNECT_SECONDS = 10
_MIGRATION_LOCK = 7_243_851_906  # any number, the same in every process that migrates

_opened: dict[str, Database] = {}
_opening = threading.Lock()


class Database:
    """A SQLite file or a PostgreSQL database, by its SQLAlchemy URL."""

    def __init__(self, url: str) -> None:
        self.url = _with_driver(make_url(url))
        server = self.url.get_backend_name() == "postgresql"
        # Without parameters, which are clinical text, in the messages of errors.
        self.engine = create_engine(
            self.url,
            pool_pre_ping=server,  # connections from before the server was started anew are replaced
            hide_parameters=True,
            connect_args={"connect_timeout": CONNECT_SECONDS} if server else {},
        )
        self._turns = Turns(one_at_a_time=not server, wait_seconds=SQLITE_WAIT_SECONDS)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _set_up_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction that writes: committed at the end, rolled back on an error.

        On SQLite it holds the one write lock, so keep it short. Raises Unavailable where the disk is full or closed, or
        the server away.
        """
        with (
            trouble.told(self.url, writing=True),
            self._turns.taken(),
            Session(self.engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def give_way(self) -> None:
        """Let the other threads of this process write first, before a part of long work that has time."""
        self._turns.give_way()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads one state, and never waits for a writer; the database refuses a write in it.

        Raises Unavailable.
        """
        options: dict[str, Any] = {"postgresql_readonly": True}
        if self.engine.dialect.name == "postgresql":  # else each query sees a state of its own; SQLite has one anyway
            options["isolation_level"] = "REPEATABLE READ"
        with trouble.told(self.url, writing=False), Session(self.engine, expire_on_commit=False) as session:
            session.connection(execution_options=options)
            yield session

    def migrate(self, revision: str = "head") -> None:
        """Bring the tables up to date, or to a revision. Safe to repeat, and when several processes start at once.

        On SQLite BEGIN IMMEDIATE makes the others wait. Raises Unavailable.
        """
        with trouble.told(self.url, writing=True), self.engine.begin() as connection:
            upgrade(connection, revision)
        if self.engine.dialect.name == "sqlite":
            _close_to_others(str(self.url.database))

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def migrations() -> Config:
    """Alembic's settings."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the tables up to a revision, in the connection's own transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    config = migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def insert_for(session: Session, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT with `on_conflict_do_update`, in the words of the session's database."""
    return (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(table)


def open_database(url: str | None = None) -> Database:
    """The migrated database of `url` (default: `paths.database_url()`), opened once in a process."""
    address = url or database_url()
    with _opening:  # also because Alembic keeps its context in a global
        if address not in _opened:
            database = Database(address)
            database.migrate()
            _opened[address] = database
        return _opened[address]


def _with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # sqlite3 must not begin transactions by itself; _begin_sqlite does
    for setting in (
        f"busy_timeout = {SQLITE_WAIT_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {setting}")


def _close_to_others(file: str) -> None:
    """Also of a file that an earlier version made. Another user's cannot be changed, which the doctor tells."""
    for suffix in ("", "-wal", "-shm"):
        with suppress(OSError):
            Path(file + suffix).chmod(0o600)


def _begin_sqlite(connection: Connection) -> None:
    """Writers take the lock at once: a deferred transaction that starts to write later can fail as "locked"."""
    only_reads = bool(connection.get_execution_options().get("postgresql_readonly"))
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if only_reads else 'OFF'}")
    connection.exec_driver_sql("BEGIN DEFERRED" if only_reads else "BEGIN IMMEDIATE")
