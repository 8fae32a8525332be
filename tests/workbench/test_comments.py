"""Comments: stored with their place, shown to everybody, resolved; labels stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from ladtl_core.errors import DataError
from ladtl_core.records import Record
from workbench.services import access, comments, labelling, tokens
from workbench.store import departments, records
from workbench.store.database import Database
from workbench.store.errors import NotFound
from workbench.web.guard import TOKEN_HEADER, Guard
from workbench.web.routes import ROUTES

TEXT = "👩‍⚕️ saw no cough"


def add_records(database: Database) -> list[int]:
    with database.session() as session:
        ward = departments.create(session, "Ward", "clinical", ("Problem",))
        records.add(session, ward.id, [Record(f"r{i}", TEXT, split="pool") for i in range(2)], "local")
        return list(records.ids(session, ward.id).values())


def remark(text: str, start: int | None = None, end: int | None = None) -> dict[str, Any]:
    return {"text": text, "start": start, "end": end}


def test_comments_are_everybodys_and_change_no_labels(database: Database) -> None:
    first, second = add_records(database)
    cough = TEXT.index("cough")
    before = labelling.open_record(database, first, "ana")
    comments.add(database, first, "ana", remark("  Is this\na symptom? <b>  ", cough, len(TEXT)))
    comments.add(database, first, "ben", remark("Unclear record"))
    asked, other = comments.of_record(database, first)
    assert (asked["author"], asked["text"], asked["resolved_by"]) == ("ana", "Is this\na symptom? <b>", None)
    assert TEXT[asked["start"] : asked["end"]] == "cough" and other["start"] is None
    assert comments.of_record(database, second) == []
    comments.resolve(database, first, asked["id"], "ben", True)
    assert [one["resolved_by"] for one in comments.of_record(database, first)] == ["ben", None]
    comments.resolve(database, first, asked["id"], "ana", False)
    assert [one["resolved_by"] for one in comments.of_record(database, first)] == [None, None]
    assert labelling.open_record(database, first, "ana") == before
    with pytest.raises(NotFound):
        comments.resolve(database, second, asked["id"], "ben", True)  # it is of another record


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (remark("  "), "expected 1 to 4,000"),
        (remark("x" * 4001), "4,001 characters"),
        (remark("a\0b"), "no database can store"),
        (remark("a\ud800"), "no database can store"),
        (remark("x", 3, 3), "comment"),
        (remark("x", 0, 99), "comment"),
        (remark("x", 0), "cannot be read"),
        ({"text": "x"}, "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_comment_is_refused(database: Database, body: Any, message: str) -> None:
    first, _ = add_records(database)
    with pytest.raises(DataError, match=message):
        comments.add(database, first, "ana", body)
    assert comments.of_record(database, first) == []


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("LADTL_HOME", str(tmp_path))
    monkeypatch.delenv("LADTL_DATABASE_URL", raising=False)
    add_records(access.database())
    with TestClient(Starlette(routes=ROUTES, middleware=[Middleware(Guard)]), base_url="http://localhost") as client:
        yield client
    access.database().close()


def test_the_author_is_the_one_of_the_token(client: TestClient) -> None:
    path, ana = "/api/annotations/1/comments", {TOKEN_HEADER: tokens.issue("ana")}
    assert client.get(path).status_code == client.post(path, json=remark("hi")).status_code == 401
    [added] = client.post(path, json={**remark("hi"), "author": "ben"}, headers=ana).json()
    assert added["author"] == "ana" and client.get(path, headers=ana).json() == [added]
    [resolved] = client.post(f"{path}/{added['id']}", json={"resolved": True}, headers=ana).json()
    assert resolved["resolved_by"] == "ana"
    assert client.post(f"{path}/{added['id']}", json={"resolved": "yes"}, headers=ana).status_code == 400
    assert client.post(path, content=b"not json", headers=ana).status_code == 400
    assert client.get("/api/annotations/999/comments", headers=ana).status_code == 404
    assert client.post("/api/annotations/999/comments", json=remark("hi"), headers=ana).status_code == 404
