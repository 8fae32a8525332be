"""An installation's tables from its SQLite file into another database, and the proof that both are equal."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError

from ladtl_core.errors import LadtlError
from workbench.operations.installation import existing_database, opened, reason
from workbench.store import dump
from workbench.store.database import Database


@dataclass(frozen=True, slots=True)
class Sum:
    """A table's rows, whatever their order: how many, and the SHA-256 of their sorted SHA-256."""

    rows: int
    digest: str


def move(url: str) -> dict[str, Sum]:
    """Copy all tables into the empty database of `url`, then read both whole and compare them; the sums of each table.

    The SQLite file stays as it is, and nobody else can open it meanwhile. Models stay in the home folder. Raises
    LadtlError if the installation is in use or not in SQLite, or if the other database holds tables or differs after.
    """
    with existing_database() as source:
        if source.engine.dialect.name != "sqlite":
            raise LadtlError("this installation is not in SQLite; restore a backup into the other database instead")
        target = opened(url)
        try:
            with _alone(source) as connection:
                _fill(connection, target)
                with dump.frozen(target) as other:
                    return compared(connection, other)
        except DBAPIError as error:
            raise LadtlError(f"the other database: {reason(error)}") from error
        finally:
            target.close()


def compared(one: Connection, other: Connection) -> dict[str, Sum]:
    """The sums of both, which are equal. Raises LadtlError with the tables that differ."""
    ours, theirs = sums(one), sums(other)
    if differing := sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)):
        raise LadtlError(
            f"the databases differ in {', '.join(differing)}; go on with the old one, and move into another empty one"
        )
    return ours


def sums(connection: Connection) -> dict[str, Sum]:
    """The sum of every table."""
    found = {}
    for table in dump.tables(connection):
        digests = sorted(
            hashlib.sha256(json.dumps(row, sort_keys=True).encode()).digest() for row in dump.rows(connection, table)
        )
        found[table.name] = Sum(len(digests), hashlib.sha256(b"".join(digests)).hexdigest())
    return found


def _fill(source: Connection, target: Database) -> None:
    revision = dump.revision(source)
    if revision is None:
        raise LadtlError("the database has no tables of the workbench; start the app once, which makes them")
    dump.fill(target, revision, {table.name: dump.rows(source, table) for table in dump.tables(source)})


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    """A connection to SQLite beside which there is no other: one that is merely open would go on with the old file."""

    def close_to_others(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout = 0")
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")

    event.listen(database.engine, "connect", close_to_others)
    with database.engine.connect() as connection:
        try:
            connection.begin()
        except DBAPIError as error:
            why = reason(error)
            raise LadtlError(
                f"the database cannot be had alone ({why}); stop the app, its supervisor and all workers first"
            ) from error
        yield connection
