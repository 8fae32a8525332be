"""From SQLite to another database: all or nothing, and equality is proved by reading both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from ladtl_core.errors import LadtlError
from tests.workbench.operations_kit import Installed, installed
from workbench.__main__ import main
from workbench.operations import moving
from workbench.store import annotations as labels_of
from workbench.store import audit, dump
from workbench.store.database import Database


@pytest.fixture
def there(migrated_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    """An installation in SQLite that nobody has open."""
    file = tmp_path / "workbench.db"
    file.write_bytes(migrated_file.read_bytes())
    database = Database(f"sqlite:///{file}")
    found = installed(database, tmp_path / "home", monkeypatch)
    with database.session() as session:
        for name in ("zoe", "Zoe", "Ärztin", "äa"):  # whose order is the database's own affair
            audit.note(session, name, "looked", name, {"b": 1.5, "a": None})
            labels_of.save(session, found.records[2], name, 0, "draft", [])
    database.close()
    return found


def url_of(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def test_moved_and_equal(there: Installed, empty_database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["move", url_of(empty_database)]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"annotation_change +7 rows .* equal\n", printed) and "read back and equal" in printed
    with empty_database.session() as session:  # work goes on: numbers that come next do not collide
        assert labels_of.save(session, there.records[3], "Ada", 0, "draft", []) == 1
    assert main(["move", url_of(empty_database)]) == 1
    assert "tables already; nothing was written" in capsys.readouterr().err


def test_an_installation_in_use_is_left_alone(there: Installed, empty_database: Database) -> None:
    with there.database.reading() as session:
        session.execute(text("SELECT 1 FROM record"))
    with pytest.raises(LadtlError, match="stop the app, its supervisor and all workers first"):
        moving.move(url_of(empty_database))
    there.database.close()
    with empty_database.engine.connect() as connection:
        assert dump.tables(connection) == []
    moving.move(url_of(empty_database))


def test_a_difference_is_named(there: Installed, empty_database: Database) -> None:
    moving.move(url_of(empty_database))
    with empty_database.session() as session:
        session.execute(text("UPDATE record SET text = text || ' ' WHERE id = 3"))
        session.execute(text("DELETE FROM span"))
    with (
        there.database.engine.connect() as one,
        empty_database.engine.connect() as other,
        pytest.raises(LadtlError, match="differ in record, span; go on with the old one"),
    ):
        moving.compared(one, other)


def test_what_is_no_target(there: Installed, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["move", "nonsense"]) == 1
    assert "expected postgresql://user@host/name" in capsys.readouterr().err
    assert main(["move", "postgresql://nobody:secret@127.0.0.1:1/none"]) == 1
    said = capsys.readouterr().err
    assert "the other database: " in said and "secret" not in said
