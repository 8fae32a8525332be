"""The settings of the connections: times in UTC, writers that wait, readers that cannot write."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from workbench.store import audit
from workbench.store.database import Database, open_database
from workbench.store.models import Audit, Label, LabelSet
from workbench.store.paths import database_url, home


def test_times_are_stored_in_utc(database: Database) -> None:
    moment = datetime(2024, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    with database.session() as session:
        session.add(Audit(at=moment, who="a", what="b", subject="c", detail={}))
    utc = "at" if database.engine.dialect.name == "sqlite" else "at AT TIME ZONE 'UTC'"
    with database.reading() as session:
        assert str(session.scalar(text(f"SELECT {utc} FROM audit"))).startswith("2024-02-29 20:00:00")
        found = session.scalars(select(Audit.at)).one()
    assert found == moment and found.tzinfo is UTC


def test_times_without_a_zone_are_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="no zone"), database.session() as session:
        session.add(Audit(at=datetime(2024, 3, 1), who="a", what="b", subject="c", detail={}))


def test_an_error_rolls_everything_back(database: Database) -> None:
    with database.session() as session:
        session.add(LabelSet(name="taken"))
    with pytest.raises(IntegrityError), database.session() as session:  # noqa: PT012 - what comes before must vanish
        audit.note(session, "a", "b", "c")
        session.flush()
        session.add(LabelSet(name="taken"))
    with database.reading() as session:
        assert audit.entries(session) == []


def test_a_reader_cannot_write(database: Database) -> None:
    for _ in range(2):
        with database.reading() as session:
            audit.note(session, "a", "b", "c")
            with pytest.raises(DBAPIError, match=r"readonly|read-only"):
                session.flush()
        with database.session() as session:  # the same connection, from the pool, writes again
            audit.note(session, "a", "b", "c")


def test_foreign_keys_are_checked(database: Database) -> None:
    with pytest.raises(IntegrityError), database.session() as session:
        session.add(Label(label_set_id=99, name="x", colour=0, key=None, position=0))


def test_four_writers_at_once_lose_nothing(database: Database) -> None:
    errors: list[Exception] = []

    def write(who: str) -> None:
        try:
            for number in range(50):
                with database.session() as session:
                    session.scalar(select(func.count()).select_from(Audit))  # reads first: the case that locks
                    audit.note(session, who, "wrote", str(number))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(f"writer {i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert errors == []
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Audit)) == 200


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.session() as writer:
        audit.note(writer, "a", "b", "c")
        writer.flush()
        with database.reading() as reader:
            assert audit.entries(reader) == []


def test_home_and_url_follow_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADTL_HOME", str(tmp_path / "own"))
    monkeypatch.delenv("LADTL_DATABASE_URL", raising=False)
    assert home() == tmp_path / "own" and home().stat().st_mode & 0o777 == 0o700
    assert database_url() == f"sqlite:///{tmp_path}/own/workbench.db"
    database = open_database()
    assert open_database() is database
    database.close()
    monkeypatch.setenv("LADTL_DATABASE_URL", "postgresql://somewhere/records")
    assert database_url() == "postgresql://somewhere/records"
    other = Database(database_url())
    assert other.engine.dialect.driver == "psycopg"


def test_a_reading_sees_one_state(database: Database) -> None:
    """Else a record could be shown with the revision of one save and the spans of the next."""
    count = select(func.count()).select_from(LabelSet)
    with database.reading() as session:
        before = session.scalar(count)
        with database.session() as other:
            other.add(LabelSet(name="new"))
        assert session.scalar(count) == before == 0
    with database.reading() as session:
        assert session.scalar(count) == 1
