"""The guard: who is let in with and without accounts, what other sites may do, how often, and what answers say."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from workbench.services import logins, roles, sign_in, tokens
from workbench.services.sign_in import SignIn
from workbench.store.database import Database
from workbench.store.errors import Unavailable
from workbench.web.guard import TOKEN_HEADER, Guard
from workbench.web.rates import Rate
from workbench.web.routes import ROUTES
from workbench.web.startup import prepare

HOST = "ladtl.example"
SETTINGS = SignIn((HOST,), secure=True)
STREAM = "/_stcore/stream"
# What Streamlit serves to whoever signed in alone.
CLOSED = ["/media/abc.csv", "/_stcore/metrics", "/_stcore/upload_file/session/file"]


async def streamlit(request: Request) -> Response:
    """Stands for Streamlit, which answers every path."""
    if request.url.path != "/oauth2callback":
        return PlainTextResponse("page")
    answer = RedirectResponse("/")
    answer.set_cookie("_streamlit_user", "signed")
    return answer


async def stream(websocket: WebSocket) -> None:
    """Stands for Streamlit's websocket: says with which protocols it was opened, then echoes."""
    await websocket.accept()
    await websocket.send_text(websocket.headers.get("sec-websocket-protocol", ""))
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.send_bytes(await websocket.receive_bytes())


def client_of(settings: SignIn | None, known: Mapping[str, dict[str, Any]]) -> TestClient:
    """`known`: the claims that the cookie `who` stands for."""
    guard = Middleware(Guard, sign_in=settings, claims=lambda cookies: known.get(cookies.get("who", ""), {}))
    routes = [*ROUTES, WebSocketRoute(STREAM, stream), Route("/{path:path}", streamlit, methods=["GET", "PUT", "POST"])]
    base = f"https://{HOST}" if settings else "http://localhost:8501"
    return TestClient(Starlette(routes=routes, middleware=[guard]), base_url=base, follow_redirects=False)


@pytest.fixture
def alone(installation: Database) -> TestClient:
    return client_of(None, {})


@pytest.fixture
def ana(installation: Database) -> Iterator[dict[str, Any]]:
    """Ana's claims; she has an account."""
    sign_in.use(SETTINGS)
    now = int(time.time())
    claims = {"iss": "https://login.example", "sub": "1", "name": "Ana", "iat": now, "exp": now + 600, "nonce": "n"}
    logins.account_of(installation, claims)
    yield claims
    sign_in.use(None)


@pytest.fixture
def many(ana: dict[str, Any]) -> TestClient:
    """The workbench with accounts; nobody is signed in yet."""
    return client_of(SETTINGS, {"ana": ana})


def api(claims: dict[str, Any]) -> dict[str, str]:
    session = logins.session_of(claims)
    assert session
    return {TOKEN_HEADER: tokens.issue("Ana", session=session.key)}


def test_without_a_sign_in_there_are_pages_and_the_way_to_the_provider_alone(many: TestClient) -> None:
    for path in ("/", "/annotate", "/_stcore/health", "/auth/login", "/static/js/index.js"):
        assert many.get(path).status_code == 200, path
    for path in (*CLOSED, "/api/annotations/1"):
        assert many.get(path).status_code == 401, path
    assert many.get("/.env").status_code == 404
    assert "workbench_page" not in many.get("/").headers.get("set-cookie", "")
    local = {TOKEN_HEADER: tokens.issue("local")}  # from before there were accounts
    assert many.get("/api/annotations/1/history", headers=local).status_code == 401


def test_a_sign_in_opens_what_signing_out_closes(many: TestClient, ana: dict[str, Any]) -> None:
    many.cookies.set("who", "ana")
    assert [many.get(path).status_code for path in CLOSED] == [200] * 3
    assert many.get("/api/annotations/1/history", headers=api(ana)).status_code == 200
    assert many.get("/auth/logout").status_code == 200
    assert [many.get(path).status_code for path in CLOSED] == [401] * 3  # though the cookie may still be there
    answer = many.get("/api/annotations/1/history", headers=api(ana))
    assert (answer.status_code, answer.json()["error"]) == (401, "You are signed out; sign in again.")


def test_a_disabled_account_is_out_at_once(many: TestClient, ana: dict[str, Any], installation: Database) -> None:
    many.cookies.set("who", "ana")
    roles.disable(installation, "it", "Ana")
    assert many.get("/media/abc.csv").status_code == 401
    assert "disabled" in many.get("/api/annotations/1/history", headers=api(ana)).json()["error"]


def test_while_the_database_is_away_nobody_gets_in_and_nobody_is_signed_out(
    many: TestClient, ana: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Database) -> None:
        raise Unavailable("the database server does not answer")

    headers = {**api(ana), "Cookie": "who=ana"}
    with monkeypatch.context() as patch:
        patch.setattr(Database, "reading", away)
        for path in ("/api/annotations/1/history", "/_stcore/metrics"):
            answer = many.get(path, headers=headers)
            assert answer.status_code == 503 and answer.json() == {"error": "the database server does not answer"}
            assert int(answer.headers["retry-after"]) > 0
        with pytest.raises(WebSocketDisconnect), many.websocket_connect(f"wss://{HOST}{STREAM}", headers=headers):
            pass
    assert many.get("/_stcore/metrics", headers=headers).status_code == 200


def test_an_open_page_can_do_nothing_after_its_sign_in(
    many: TestClient, ana: dict[str, Any], installation: Database
) -> None:
    many.cookies.set("who", "ana")
    with many.websocket_connect(f"wss://{HOST}{STREAM}", subprotocols=["streamlit", "forgery", "session"]) as socket:
        assert socket.receive_text() == "streamlit, forgery, session"
        socket.send_bytes(b"rerun")
        assert socket.receive_bytes() == b"rerun"
        logins.sign_out(installation, ana)
        socket.send_bytes(b"rerun")
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_bytes()
        assert closed.value.code == 1008
    # It comes back: as a new page, not as the session that was there, and goes on to ask for the sign-in.
    with many.websocket_connect(f"wss://{HOST}{STREAM}", subprotocols=["streamlit", "forgery", "session"]) as socket:
        assert socket.receive_text() == "streamlit, forgery"
        socket.send_bytes(b"sign in")
        assert socket.receive_bytes() == b"sign in"


def test_no_program_reads_pages_by_streamlits_own_protocol_for_agents(alone: TestClient, many: TestClient) -> None:
    for client in (alone, many):
        client.get("/")
        for path in ("/_stcore/agent/interact", "/_stcore/agent/mcp", "/_stcore/agent/openapi.json"):
            assert (client.get(path).status_code, client.post(path, json={}).status_code) == (404, 404)


def test_without_accounts_there_is_no_way_to_a_provider(alone: TestClient) -> None:
    for path in ("/auth/login", "/auth/logout", "/oauth2callback"):
        assert alone.get(path).status_code == 404
    for path in CLOSED:
        assert alone.get(path).status_code == 401
    alone.get("/")
    for path in CLOSED:
        assert alone.get(path).status_code == 200


@pytest.mark.parametrize(
    ("page", "back"),
    [
        (f"https://{HOST}/annotate?department=1&record=5", "/annotate?department=1&record=5"),
        (f"https://{HOST}/train", "/train"),
        ("https://evil.example/steal", "/"),
        (f"https://{HOST}//evil.example/annotate", "/"),
        (f"https://{HOST}/annotate?{'x' * 2000}", "/"),
        ("", "/"),
    ],
)
def test_a_sign_in_leads_back_to_the_page_that_it_began_on(many: TestClient, page: str, back: str) -> None:
    many.get("/auth/login", headers={"referer": page})
    assert many.get("/oauth2callback?code=1").headers["location"] == back
    assert many.get("/oauth2callback?code=1").headers["location"] == "/"  # once


def test_cookies_of_a_sign_in_travel_by_tls_alone(many: TestClient) -> None:
    begun = many.get("/auth/login", headers={"referer": f"https://{HOST}/train"})
    cookies = [*begun.headers.get_list("set-cookie"), *many.get("/oauth2callback").headers.get_list("set-cookie")]
    assert len(cookies) == 3 and all(cookie.endswith("; Secure") for cookie in cookies)


@pytest.mark.parametrize("kept", ["https%3A%2F%2Fevil.example%2F", "%2F%2Fevil.example%2Fannotate", "%2Fadmin", "%00"])
def test_a_forged_cookie_leads_nowhere_else(many: TestClient, kept: str) -> None:
    answer = many.get("/oauth2callback", headers={"cookie": f"workbench_back={kept}"})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://[::"},
        {"origin": "http://localhost:9999"},  # another program of this machine
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_pages_of_other_sites_are_not_answered(alone: TestClient, elsewhere: dict[str, str]) -> None:
    alone.get("/")
    headers = {**elsewhere, TOKEN_HEADER: tokens.issue("local")}
    for path in (*CLOSED, "/api/annotations/1/history"):
        assert alone.get(path, headers=headers).status_code == 403, path
    assert alone.get("/annotate", headers=elsewhere).status_code == 200  # a link to a page
    websocket = f"ws://localhost:8501{STREAM}"
    with pytest.raises(WebSocketDisconnect), alone.websocket_connect(websocket, headers=elsewhere):
        pass
    own = {"origin": "http://localhost:8501", "sec-fetch-site": "same-origin", TOKEN_HEADER: tokens.issue("local")}
    assert alone.get("/api/annotations/1/history", headers=own).status_code == 200
    with alone.websocket_connect(websocket, headers=own) as socket:
        assert socket.receive_text() == ""


def test_only_the_named_hosts_are_answered_but_health_is(many: TestClient) -> None:
    for name in ("localhost", "127.0.0.1:8501", "ladtl.example.evil.example", ""):
        assert many.get("/", headers={"host": name}).status_code == 403, name
        assert many.get("/_stcore/health", headers={"host": name}).status_code == 200
    assert many.get("/", headers={"host": "LADTL.example:443"}).status_code == 200


def test_every_answer_says_what_the_browser_must_not_do(alone: TestClient, many: TestClient) -> None:
    for client, tls in ((alone, False), (many, True)):
        for path in ("/", "/api/annotations/1", "/media/x", "/nothing", "/static/js/index.js", "/assets/plotly.min.js"):
            headers = client.get(path).headers
            assert headers["x-content-type-options"] == "nosniff", path
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "camera=()" in headers["permissions-policy"]
            assert headers["referrer-policy"] == "same-origin"
            assert ("strict-transport-security" in headers) == tls


def test_a_bucket_lets_bursts_through_and_then_the_pace() -> None:
    now = 0.0
    rate = Rate(3, 2, lambda: now)
    assert [rate.wait("ana") for _ in range(4)] == [0, 0, 0, 1]
    assert rate.wait("ben") == 0
    now = 0.5
    assert [rate.wait("ana"), rate.wait("ana")] == [0, 1]
    now = 100.0
    assert [rate.wait("ana") for _ in range(4)] == [0, 0, 0, 1]  # never more than the burst


def test_buckets_that_are_full_again_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.web.rates.MOST_BUCKETS", 10)
    now = 0.0
    rate = Rate(1, 1, lambda: now)
    for number in range(100):
        now = float(number)
        rate.wait(number)
    assert len(rate._buckets) <= 11


def test_labelling_never_meets_the_limit_and_guessing_does(alone: TestClient) -> None:
    own = {TOKEN_HEADER: tokens.issue("local")}
    path = "/api/annotations/1/history"
    assert {alone.get(path, headers=own).status_code for _ in range(120)} == {200}  # more than four seconds of 30
    guesses = [alone.get(path, headers={TOKEN_HEADER: "guess"}) for _ in range(200)]
    assert guesses[0].status_code == 401 and guesses[-1].status_code == 429
    assert int(guesses[-1].headers["retry-after"]) >= 1
    assert alone.get(path, headers=own).status_code == 200  # who has a token is not held up


def test_sign_ins_by_the_hundred_wait(many: TestClient) -> None:
    assert {many.get("/auth/login").status_code for _ in range(40)} == {200}
    assert 429 in [many.get("/oauth2callback").status_code for _ in range(200)]


@pytest.mark.parametrize("name", ["secrets.toml", "secret.key"])
def test_secrets_that_others_can_read_are_refused(installation: Database, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("secret")
    path.chmod(0o644)
    with pytest.raises(SystemExit, match=f"chmod 600 {path}"):
        prepare("127.0.0.1", None, [tmp_path / "secrets.toml"])


def test_with_accounts_every_address_may_be_served(installation: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.web.startup.demo.ensure_demo", lambda database: False)
    prepare("0.0.0.0", SETTINGS)


def test_a_save_need_not_wait_long_for_the_interpreter(
    installation: Database, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(partial(sys.setswitchinterval, sys.getswitchinterval()))
    monkeypatch.setattr("workbench.web.startup.demo.ensure_demo", lambda database: False)
    prepare("127.0.0.1")
    assert sys.getswitchinterval() < 0.001
