"""A full disk, files that may not be written, a database server that is started anew: said in words, nothing written
by halves, and over by itself."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from streamlit.runtime.scriptrunner import script_runner

from ladtl_core.records import Record
from tests.workbench.disk_kit import filled, no_room, small_disk
from tests.workbench.pages_kit import page
from workbench.services import access, exchange, importing, labelling, tokens
from workbench.store import audit, departments, records
from workbench.store.database import Database
from workbench.store.errors import Unavailable
from workbench.web.guard import TOKEN_HEADER, Guard
from workbench.web.routes import ROUTES
from workbench.web.startup import prepare

ROOT = Path(__file__).parents[2]
START = "streamlit run streamlit_app.py --server.headless true"
Trouble = Callable[[], AbstractContextManager[None]]


@pytest.fixture(params=["full", "over its quota"])
def trouble(
    request: pytest.FixtureRequest, tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trouble]:
    """An installation with the department Ward, and what makes its disk refuse to write."""
    monkeypatch.delenv("LADTL_DATABASE_URL", raising=False)
    home = tmp_path / "home"
    if request.param == "full":
        with small_disk(home):
            yield from _installed(home, migrated_file, lambda: filled(home), monkeypatch)
    else:
        home.mkdir()
        yield from _installed(home, migrated_file, no_room, monkeypatch)


def _installed(home: Path, tables: Path, fails: Trouble, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trouble]:
    monkeypatch.setenv("LADTL_HOME", str(home))
    shutil.copyfile(tables, home / "workbench.db")
    with access.database().session() as session:
        ward = departments.create(session, "Ward", "clinical", ("Problem",))
        records.add(session, ward.id, [Record("note", "severe cough since May", split="pool")], "local")
    tokens.issue("local")  # the key that signs them
    yield fails
    access.database().close()


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(
        Starlette(routes=ROUTES, middleware=[Middleware(Guard)]), base_url="http://localhost:8501"
    ) as client:
        yield client


def save(client: TestClient) -> tuple[int, dict[str, Any]]:
    span = {"id": "s", "start": 0, "end": 6, "label": 1, "origin": "manual", "confidence": None, "model": None}
    body = {"base": 0, "status": "draft", "spans": [span], "decisions": []}
    answer = client.post("/api/annotations/1", json=body, headers={TOKEN_HEADER: tokens.issue("local")})
    return answer.status_code, answer.json()


def test_a_save_that_the_disk_refuses_is_told_and_goes_later(trouble: Trouble, client: TestClient) -> None:
    with trouble():
        status, said = save(client)
        assert status == 503 and "the disk of the workbench" in said["error"] and "full" in said["error"]
        # What is there can be read and looked at all the same.
        assert labelling.open_record(access.database(), 1, "local")["spans"] == []
        assert not page("annotate").error
    assert save(client) == (200, {"revision": 1})


def test_an_import_that_the_disk_refuses_leaves_nothing_to_see(trouble: Trouble) -> None:
    lines = "".join(f'{{"id": "n{i}", "text": "fever {i}", "entities": [], "split": "pool"}}\n' for i in range(300))
    found = exchange.preview(access.database(), [("a.jsonl", lines.encode())], "jsonl", department="Ward")
    with trouble(), pytest.raises(Unavailable, match="the disk of the workbench"):
        importing.commit(access.database(), found, "local")
    with access.database().reading() as session:
        assert records.ids(session, 1).keys() == {"note"}
        assert [one.name for one in departments.all_departments(session)] == ["Ward"]
    importing.commit(access.database(), found, "local")
    with access.database().reading() as session:
        assert len(records.ids(session, 1)) == 301


def test_a_database_that_may_only_be_read_is_told(installation: Database, tmp_path: Path) -> None:
    file = tmp_path / "workbench.db"
    closed = Database(f"sqlite:///file:{file}?mode=ro&uri=true")
    with pytest.raises(Unavailable, match="may not write its database"), closed.session() as session:
        departments.create(session, "Ward", "clinical", ("Problem",))
    closed.close()
    missing = Database(f"sqlite:///{tmp_path / 'nowhere' / 'workbench.db'}")
    with pytest.raises(Unavailable, match=r"nowhere/workbench\.db cannot be opened"), missing.reading() as session:
        departments.all_departments(session)


def test_a_database_that_takes_no_changes_is_told_and_a_reader_that_writes_is_not_excused(database: Database) -> None:
    server = database.engine.dialect.name == "postgresql"

    def write(transaction: AbstractContextManager[Session], closes: str) -> None:
        with transaction as session:
            session.execute(text(closes))
            audit.note(session, "a", "b", "c")
            session.flush()

    closes = "SET TRANSACTION READ ONLY" if server else "PRAGMA query_only = ON"
    with pytest.raises(Unavailable, match="takes no changes" if server else "may not write its database"):
        write(database.session(), closes)
    with pytest.raises(DBAPIError):
        write(database.reading(), "SELECT 1")


def test_pages_say_what_is_wrong_and_look_again(installation: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise Unavailable("the database server does not answer; it may be starting anew")

    # AppTest would run the file of a page by itself; the app runs main.py, see streamlit_app.py.
    monkeypatch.setattr(script_runner, "_mpa_v1", runpy.run_path)
    with monkeypatch.context() as patch:
        patch.setattr(Database, "reading", away)
        app = page("home")
        assert app.error[0].value.startswith("The workbench cannot go on: the database server does not answer")
    assert not app.run().error


@pytest.mark.parametrize("command", [START, "workbench.jobs worker", "workbench doctor"])
def test_nothing_starts_in_a_folder_that_cannot_be_written(command: str) -> None:
    """/sys takes no folder of anybody's, root's neither."""
    environment = {**os.environ, "LADTL_HOME": "/sys/ladtl"}
    environment.pop("LADTL_DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-m", *command.split()], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1 and "/sys/ladtl" in done.stderr and "Traceback" not in done.stderr


def test_the_app_does_not_start_on_a_full_disk_and_says_so(trouble: Trouble) -> None:
    with trouble(), pytest.raises(SystemExit, match=r"the workbench cannot start: .*free some space"):
        prepare("127.0.0.1")
    prepare("127.0.0.1")
