"""Routes, guard and tokens over real ASGI calls, without Streamlit."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ladtl_core.records import Record
from workbench.services import access, adjudication, labelling, sharing, tokens
from workbench.store import departments, records
from workbench.store.database import Database
from workbench.web.guard import TOKEN_HEADER, Guard
from workbench.web.routes import LONGEST_BODY, ROUTES
from workbench.web.startup import prepare

TEXT = "severe cough since May"


async def streamlit(request: Request) -> PlainTextResponse:
    """Stands for Streamlit, which answers every path."""
    return PlainTextResponse("page")


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setenv("LADTL_HOME", str(tmp_path))
    monkeypatch.delenv("LADTL_DATABASE_URL", raising=False)
    database = access.database()
    yield database
    database.close()


@pytest.fixture
def record_id(database: Database) -> int:
    with database.session() as session:
        ward = departments.create(session, "Ward", "clinical", ("Problem",))
        records.add(session, ward.id, [Record("note", TEXT, split="pool")], "local")
        return records.ids(session, ward.id)["note"]


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    app = Starlette(routes=[*ROUTES, Route("/{path:path}", streamlit)], middleware=[Middleware(Guard)])
    with TestClient(app, base_url="http://localhost:8501") as client:
        yield client


def headers(user: str = "local") -> dict[str, str]:
    return {TOKEN_HEADER: tokens.issue(user)}


def body(base: int, **changes: Any) -> dict[str, Any]:
    span = {"id": f"s{base}", "start": 0, "end": 6, "label": 1, "origin": "manual", "confidence": None, "model": None}
    return {"base": base, "status": "draft", "spans": [span], "decisions": [], **changes}


def test_a_save_is_the_users_own(client: TestClient, database: Database, record_id: int) -> None:
    answer = client.post(f"/api/annotations/{record_id}", json=body(0), headers=headers("ana"))
    assert (answer.status_code, answer.json()) == (200, {"revision": 1})
    assert labelling.open_record(database, record_id, "ana")["revision"] == 1
    assert labelling.open_record(database, record_id, "local")["revision"] == 0


def test_no_request_names_its_own_author(client: TestClient, database: Database, record_id: int) -> None:
    path = f"/api/annotations/{record_id}?author=ben&user=ben"
    assert client.post(path, json=body(0, author="ben", user="ben"), headers=headers("ana")).status_code == 200
    assert [labelling.open_record(database, record_id, who)["revision"] for who in ("ana", "ben")] == [1, 0]


def test_a_stale_save_gets_409_and_the_record_as_it_is(client: TestClient, record_id: int) -> None:
    client.post(f"/api/annotations/{record_id}", json=body(0), headers=headers())
    answer = client.post(f"/api/annotations/{record_id}", json=body(0, status="submitted"), headers=headers())
    assert answer.status_code == 409
    assert (answer.json()["current"]["revision"], answer.json()["current"]["status"]) == (1, "draft")


def test_a_save_waits_for_the_one_before_it(client: TestClient, database: Database, record_id: int) -> None:
    def first_save() -> None:
        time.sleep(0.3)
        labelling.save(database, record_id, "local", labelling.parse_edit(body(0)))

    thread = threading.Thread(target=first_save)
    thread.start()
    answer = client.post(f"/api/annotations/{record_id}", json=body(1), headers=headers())
    thread.join()
    assert (answer.status_code, answer.json()) == (200, {"revision": 2})


def test_a_base_that_never_comes_is_stale(client: TestClient, record_id: int) -> None:
    assert client.post(f"/api/annotations/{record_id}", json=body(7), headers=headers()).status_code == 409


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"not json", 400),
        (b"[]", 400),
        (b'{"base": 0, "status": "done", "spans": [], "decisions": []}', 400),
        (b" " * (LONGEST_BODY + 1), 413),
    ],
)
def test_what_cannot_be_saved_is_refused(client: TestClient, record_id: int, content: bytes, status: int) -> None:
    answer = client.post(f"/api/annotations/{record_id}", content=content, headers=headers())
    assert answer.status_code == status
    assert answer.json()["error"]


def test_an_unknown_record_is_404(client: TestClient) -> None:
    assert client.post("/api/annotations/999", json=body(0), headers=headers()).status_code == 404


def test_the_history_is_the_users_own_and_names_what_it_restores(client: TestClient, record_id: int) -> None:
    path = f"/api/annotations/{record_id}"
    client.post(path, json=body(0), headers=headers())
    client.post(path, json=body(1, spans=[], restores=0), headers=headers())
    found = client.get(f"{path}/history", headers=headers()).json()
    assert [(change["revision"], change["restores"], change["author"]) for change in found] == [
        (1, None, "local"),
        (2, 0, "local"),
    ]
    assert found[0]["added"] == found[1]["removed"] == body(0)["spans"]
    assert client.get(f"{path}/history", headers=headers("ana")).json() == []
    answer = client.post(path, json=body(2, restores=9), headers=headers())
    assert answer.status_code == 400 and "there are revisions 0 to 2" in answer.json()["error"]


def test_a_mention_is_propagated_or_refused_in_words(client: TestClient, record_id: int) -> None:
    path = f"/api/annotations/{record_id}/propagate"
    whole = {"start": 0, "end": 12, "label": 1}
    assert client.post(path, json=whole, headers=headers()).json() == {"records": 0}
    for wrong, message in (
        ({**whole, "end": 9}, "does not begin and end with a word"),
        ({**whole, "label": 7}, "label set lacks it"),
        ({"start": "0"}, "cannot be read"),
        ([], "cannot be read"),
    ):
        answer = client.post(path, json=wrong, headers=headers())
        assert answer.status_code == 400 and message in answer.json()["error"]
    assert client.post("/api/annotations/999/propagate", json=whole, headers=headers()).status_code == 404


def test_who_is_at_work_keeps_the_record(client: TestClient, database: Database, record_id: int) -> None:
    path = f"/api/annotations/{record_id}/at-work"
    assert client.post(path, headers=headers("ana")).status_code == 200
    assert "ana has this record open" in sharing.enter(database, record_id, "ben")
    assert client.post("/api/annotations/999/at-work", headers=headers("ana")).status_code == 404


def test_an_adjudication_is_saved_by_the_token_user_or_refused(
    client: TestClient, database: Database, record_id: int
) -> None:
    for user, spans in (("ana", body(0)["spans"]), ("ben", [])):
        client.post(
            f"/api/annotations/{record_id}", json=body(0, status="submitted", spans=spans), headers=headers(user)
        )
    view = adjudication.open_record(database, record_id)
    versions = [[version["id"], version["revision"]] for version in view["versions"]]
    take = {"start": 0, "end": 6, "take": versions[0][0]}
    decision = {"base": 0, "versions": versions, "choices": [take], "finished": True}
    path = f"/api/adjudications/{record_id}"
    assert client.post(path, json=decision).status_code == 401
    assert client.post(path, json={**decision, "choices": []}, headers=headers("eva")).status_code == 400
    answer = client.post(path, json=decision, headers=headers("eva"))
    assert (answer.status_code, answer.json()) == (200, {"revision": 1})
    assert adjudication.open_record(database, record_id)["author"] == "eva"
    answer = client.post(path, json=decision, headers=headers("dia"))
    assert answer.status_code == 409 and answer.json()["current"]["revision"] == 1
    wrong: Any
    for wrong in ([], {}, {**decision, "versions": [["1", 1]]}):
        answer = client.post(path, json=wrong, headers=headers())
        assert answer.status_code == 400 and "cannot be read" in answer.json()["error"]
    assert client.post("/api/adjudications/999", json=decision, headers=headers()).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/api/annotations/1",
        "/api/annotations/1/history",
        "/api/annotations/1/at-work",
        "/_stcore/metrics",
        "/media/abc.png",
        "/api/anything",
    ],
)
def test_without_a_token_nothing_is_given(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 401
    assert client.post(path, json=body(0)).status_code == 401


def test_the_pages_cookie_opens_media_but_not_the_api(client: TestClient) -> None:
    page = client.get("/")
    assert "HttpOnly" in page.headers["set-cookie"] and "SameSite=Strict" in page.headers["set-cookie"]
    assert client.get("/media/abc.png").text == "page"
    assert client.get("/_stcore/metrics").text == "page"
    assert client.get("/api/annotations/1").status_code == 401


@pytest.mark.parametrize("path", ["/", "/train", "/_stcore/health", "/static/js/index.js", "/_stcore/host-config"])
def test_pages_and_their_parts_are_open(client: TestClient, path: str) -> None:
    assert client.get(path).text == "page"


@pytest.mark.parametrize("path", ["/admin", "/train/x", "/_stcore/agent/mcp", "/.env", "/static", "/app/static/x"])
def test_anything_else_does_not_exist(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_another_sites_name_is_refused(client: TestClient) -> None:
    assert client.get("/", headers={"host": "evil.example:8501"}).status_code == 403
    assert client.get("/", headers={"host": "[::1]:8501"}).status_code == 200


def test_plotly_is_served_from_the_package(client: TestClient) -> None:
    answer = client.get("/assets/plotly.min.js")
    assert answer.status_code == 200
    assert "plotly.js v" in answer.text[:200]
    assert "max-age" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip" and answer.headers["vary"] == "Accept-Encoding"
    plain = client.get("/assets/plotly.min.js", headers={"Accept-Encoding": "identity"})
    assert plain.content == answer.content and "content-encoding" not in plain.headers
    assert "</assets/plotly.min.js>; rel=preload" in client.get("/research").headers["link"]
    assert "link" not in client.get("/annotate").headers


def test_tokens_are_bound_to_user_purpose_and_time(database: Database) -> None:
    token = tokens.issue("ana")
    assert tokens.user_of(token) == "ana"
    assert tokens.user_of(token, "page") is None
    assert tokens.user_of(tokens.issue("ana", lifetime=-1)) is None
    content, _, signature = token.partition(".")
    other, _, _ = tokens.issue("ben").partition(".")
    for forged in (f"{other}.{signature}", f"{content}.{'0' * 64}", content, "", "é.é", "a.b"):
        assert tokens.user_of(forged) is None


def test_the_secret_stays_and_is_the_owners_alone(database: Database, tmp_path: Path) -> None:
    token = tokens.issue("ana")
    tokens._secret.cache_clear()  # as in another process
    assert tokens.user_of(token) == "ana"
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.glob("secret.key*")] == ["secret.key"]


@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "192.168.1.4"])
def test_the_app_refuses_every_address_but_this_machines(address: str | None) -> None:
    with pytest.raises(SystemExit, match="this machine only"):
        prepare(address)
