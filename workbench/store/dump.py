"""All tables as rows of JSON values, and a new database filled from such rows: the same for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Connection, DateTime, MetaData, Table, event, func, insert, inspect, select

from ladtl_core.errors import LadtlError
from workbench.store.base import UtcDateTime
from workbench.store.database import Database, migrations, upgrade

_AT_ONCE = 500
_VERSION_TABLE = "alembic_version"

Row = Mapping[str, Any]


@contextmanager
def frozen(database: Database) -> Iterator[Connection]:
    """One reading transaction that sees the database as it was at its first query, while others go on writing."""
    options: dict[str, Any] = {"postgresql_readonly": True}
    if database.engine.dialect.name == "postgresql":  # SQLite's readers see one state anyway
        options["isolation_level"] = "REPEATABLE READ"
    with database.engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def revision(connection: Connection) -> str | None:
    """Which migration the tables are at; None for a database that is not the workbench's."""
    return MigrationContext.configure(connection).get_current_revision()


def known_revisions() -> list[str]:
    """The migrations of this version of the workbench, the last one first."""
    return [script.revision for script in ScriptDirectory.from_config(migrations()).walk_revisions()]


def tables(connection: Connection) -> list[Table]:
    """The tables as they stand in the database, whatever its revision; those that others refer to come first."""
    metadata = MetaData()
    event.listen(metadata, "column_reflect", _as_the_models_have_it)
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name != _VERSION_TABLE]


def rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    """All rows by their primary key; times are ISO texts in UTC."""
    query = select(table).order_by(*table.primary_key).execution_options(yield_per=_AT_ONCE)
    for row in connection.execute(query).mappings():
        yield {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def fill(database: Database, revision: str, content: Mapping[str, Iterable[Row]]) -> None:
    """Make the tables of that revision in an empty database and put the rows in: all of it, or nothing.

    `content` has the rows by table. Raises LadtlError if the database has tables, or rows are not those of its tables.
    """
    if revision not in known_revisions():
        raise LadtlError(
            f"the tables are of revision {revision}, which this version of the workbench does not know; use the one "
            "that made the backup, or a newer one"
        )
    with database.engine.begin() as connection:
        if found := inspect(connection).get_table_names():
            raise LadtlError(f"the database holds {len(found)} tables already; nothing was written. Name an empty one.")
        upgrade(connection, revision)
        made = tables(connection)
        if unknown := set(content) - {table.name for table in made}:
            raise LadtlError(f"the workbench has no table {', '.join(sorted(unknown))}; nothing was written")
        for table in made:
            _insert(connection, table, content.get(table.name, ()))


def _insert(connection: Connection, table: Table, content: Iterable[Row]) -> None:
    times = [column.name for column in table.columns if isinstance(column.type, UtcDateTime)]
    left = iter(content)
    while part := list(islice(left, _AT_ONCE)):
        if any(row.keys() != set(table.columns.keys()) for row in part):  # others would be left out without a word
            raise LadtlError(f"a row of {table.name} has not the columns of its table; nothing was written")
        part = [{**row, **{name: row[name] and datetime.fromisoformat(row[name]) for name in times}} for row in part]
        connection.execute(insert(table), part)
    if connection.dialect.name == "postgresql" and "id" in table.columns:
        last, sequence = func.max(table.c.id), func.pg_get_serial_sequence(table.name, "id")
        connection.execute(select(func.setval(sequence, last)).select_from(table).having(last.is_not(None)))


def _as_the_models_have_it(_inspector: object, _table: object, column: dict[str, Any]) -> None:
    if isinstance(column["type"], DateTime):
        column["type"] = UtcDateTime()
    elif isinstance(column["type"], JSON):
        column["type"] = JSON(none_as_null=True)
