"""From the tables of every released version, with a row in each of them, to those of today."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    DateTime,
    Float,
    Integer,
    MetaData,
    Table,
    inspect,
    select,
    text,
)

from tests.workbench.jobs_kit import use_home
from tests.workbench.operations_kit import WEIGHTS
from workbench.operations import doctor
from workbench.store.database import Database, migrations

REVISIONS = [script.revision for script in reversed(list(ScriptDirectory.from_config(migrations()).walk_revisions()))]
DIGEST = hashlib.sha256(WEIGHTS).hexdigest()
DAY = datetime(2026, 1, 1)
# What a row needs beyond a value of its column's type.
VALUES: dict[str, dict[str, Any]] = {
    "record": {"text": "fever", "split": "pool", "tokens": [[0, 5]], "sentence_starts": [0], "tokenizer": "word-1"},
    "annotation": {"status": "draft"},
    "span": {"start": 0, "end": 5, "origin": "manual"},
    "decision": {"start": 0, "end": 5, "kind": "accepted", "origin": "model"},
    "annotation_change": {"status": "draft"},
    "run": {"kind": "train", "state": "failed"},
    "run_event": {"seq": 0},
    "model": {"folder": DIGEST, "hash": DIGEST},
    "rule": {"kind": "term"},
    "permission": {"role": "admin"},
}
OF_TYPES: dict[type[Any], Any] = {Boolean: False, Integer: 1, Float: 0.5, DateTime: DAY, JSON: {}}


def fill(connection: Connection) -> dict[str, dict[str, Any]]:
    """A row in each table that is there, with the references to others; the rows by their tables."""
    there = MetaData()
    there.reflect(connection)
    rows: dict[str, dict[str, Any]] = {}
    for table in there.sorted_tables:
        if table.name == "alembic_version":
            continue
        row = {column.name: value_of(table, column, rows) for column in table.columns}
        connection.execute(table.insert().values(row))
        rows[table.name] = row
    return rows


def value_of(table: Table, column: Column[Any], rows: dict[str, dict[str, Any]]) -> Any:
    if column.name in VALUES.get(table.name, {}):
        return VALUES[table.name][column.name]
    for key in column.foreign_keys:
        if column.nullable and key.column.table.name not in rows:
            return None  # the other table refers to this one
        return rows[key.column.table.name][key.column.name]
    return next((value for kind, value in OF_TYPES.items() if isinstance(column.type, kind)), "a")


def in_utc(value: Any) -> Any:
    """SQLite gives times without their zone."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def schema(connection: Connection) -> dict[str, Any]:
    """Columns, keys, indexes and checks of every table, and the triggers."""
    looked = inspect(connection)
    found: dict[str, Any] = {}
    for table in looked.get_table_names():
        columns = {
            one["name"]: (str(one["type"]), one["nullable"], one["default"]) for one in looked.get_columns(table)
        }
        lists = (looked.get_foreign_keys, looked.get_indexes, looked.get_unique_constraints)
        others = [sorted(map(repr, of(table))) for of in (*lists, looked.get_check_constraints)]
        found[table] = [columns, looked.get_pk_constraint(table), *others]
    triggers = {"sqlite": "SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY 1"}.get(
        connection.dialect.name, "SELECT trigger_name || event_manipulation FROM information_schema.triggers ORDER BY 1"
    )
    return found | {"triggers": list(connection.execute(text(triggers)).scalars())}


@pytest.fixture
def fresh_schema(request: pytest.FixtureRequest, empty_database: Database) -> dict[str, Any]:
    """That of a new installation on the same kind of database."""
    if empty_database.engine.dialect.name == "sqlite":
        new = Database(f"sqlite:///{request.getfixturevalue('migrated_file')}")
    else:
        server = request.getfixturevalue("postgresql").url
        new = Database(
            server.set(database=request.getfixturevalue("migrated_name")).render_as_string(hide_password=False)
        )
    with new.engine.connect() as connection:
        found = schema(connection)
    new.close()  # PostgreSQL copies a database while nobody has it open
    return found


@pytest.mark.parametrize("revision", REVISIONS)
def test_rows_survive(
    empty_database: Database,
    revision: str,
    fresh_schema: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    empty_database.migrate(revision)
    with empty_database.engine.begin() as connection:
        rows = fill(connection)
    empty_database.migrate()
    with empty_database.engine.connect() as connection:
        now = MetaData()
        now.reflect(connection)
        for name, row in rows.items():
            kept = [column for column in now.tables[name].columns if column.name in row]
            [found] = connection.execute(select(*kept))
            assert {key: in_utc(value) for key, value in found._asdict().items()} == {
                column.name: in_utc(row[column.name]) for column in kept
            }, name
        assert schema(connection) == fresh_schema
    home = tmp_path / "home"
    use_home(empty_database, home, monkeypatch)
    home.chmod(0o700)
    (home / "models" / DIGEST).mkdir(parents=True)
    (home / "models" / DIGEST / "model.safetensors").write_bytes(WEIGHTS)
    (home / "models" / DIGEST / "model.json").write_text("{}", encoding="utf-8")
    assert [str(one) for one in doctor.examine().findings if one.part != "disk"] == []
