"""The guard before all routes: who may ask for what, and what does not exist.

Streamlit serves media and metrics to anybody, and its page at any path; here both need a token or a sign-in, and the
rest is 404. Anybody may have a page and its websocket: without a sign-in they show the way to it and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import anyio.to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.services import access, logins, tokens
from workbench.services.access import HOME, LOCAL_USER, PAGES, Unavailable
from workbench.services.sign_in import CALLBACK, LOOPBACK, SignIn
from workbench.web.headers import from_elsewhere, host, secure
from workbench.web.rates import Rate
from workbench.web.routes import API, ASSETS, PLOTLY_PATH
from workbench.web.sign_in_routes import LOGIN, LOGOUT, back_to_page, remember_page
from workbench.web.stream import watched

TOKEN_HEADER = "x-workbench-token"
COOKIE = "workbench_page"
COOKIE_SECONDS = 12 * 3600
AWAY_SECONDS = 5
PATHS = {"/", *(f"/{name}" for name in PAGES if name != HOME)}
CHARTED = {"/research", "/results"}  # their browsers may fetch plotly.js before the page says so
SIGN_IN_PATHS = {LOGIN, LOGOUT, CALLBACK}
HEALTH = "/_stcore/health"
FROM_ELSEWHERE = {*PATHS, CALLBACK, HEALTH}  # what a link on another site may lead to

OPEN = re.compile(
    rf"/(?:static/.+|favicon\.png|manifest\.json|component/.+|{ASSETS.strip('/')}/.+"
    r"|_stcore/(?:health|host-config|stream|bidi-components/.+))"
)
NEEDS_SIGN_IN = re.compile(r"/(?:media/.+|_stcore/metrics|_stcore/upload_file/.+)")

Claims = Callable[[Mapping[str, str]], dict[str, Any]]  # from cookies
Refusal = tuple[int, str]


class Guard:
    """ASGI middleware; with `sign_in`, `claims` reads from cookies who signed in."""

    def __init__(self, app: ASGIApp, sign_in: SignIn | None = None, claims: Claims = lambda _: {}) -> None:
        self.app, self.sign_in, self.claims = app, sign_in, claims
        self.hosts = sign_in.hosts if sign_in else LOOPBACK
        # A person who labels saves a few times a second; who guesses tokens or opens sign-ins by the hundred waits.
        self.saving, self.guessing, self.signing_in = Rate(300, 60), Rate(60, 5), Rate(60, 2)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        asked = HTTPConnection(scope)
        try:
            refusal, wait = await self._refusal(asked)
            if scope["type"] == "websocket" and refusal is None and self.sign_in:
                scope, receive, send = await watched(scope, receive, send, lambda: self._signed_out(asked))
            if self.sign_in and asked.url.path == LOGOUT and refusal is None:
                await anyio.to_thread.run_sync(logins.sign_out, access.database(), self.claims(asked.cookies))
        except Unavailable as away:  # who signed in cannot be looked up; the browser asks again
            refusal, wait = (503, str(away)), AWAY_SECONDS
        if scope["type"] == "websocket":
            if refusal is not None:
                # Starlette answers a websocket that was never accepted with 403 by itself.
                return await send({"type": "websocket.close", "code": 1008})
            return await self.app(scope, receive, send)
        sending = self._with_headers(asked, send)
        if refusal is not None:
            status, error = refusal
            headers = {"Retry-After": str(wait)} if wait else {}
            return await JSONResponse({"error": error}, status, headers)(scope, receive, sending)
        await self.app(scope, receive, sending)

    async def _refusal(self, asked: HTTPConnection) -> tuple[Refusal | None, int]:
        """Status and reason, None if the request may pass; and after how many seconds it may be repeated."""
        headers, path = asked.headers, asked.scope["path"]
        # A page of another site can make its own name point here, but cannot hide that name.
        if host(headers.get("host", "")) not in self.hosts and path != HEALTH:
            return (403, f"the workbench answers to {' and '.join(self.hosts)} only"), 0
        if path not in FROM_ELSEWHERE and from_elsewhere(headers):
            return (403, "the workbench does not answer to pages of other sites"), 0
        if path.startswith(API):
            return await self._api_refusal(asked)
        if self.sign_in and path in SIGN_IN_PATHS:
            return self._too_often(self.signing_in, _address(asked))
        if NEEDS_SIGN_IN.fullmatch(path):
            return (await self._page_refusal(asked)), 0
        return (None if path in PATHS or OPEN.fullmatch(path) else (404, "there is nothing here")), 0

    async def _api_refusal(self, asked: HTTPConnection) -> tuple[Refusal | None, int]:
        holder = tokens.holder_of(asked.headers.get(TOKEN_HEADER, ""))
        refused = None if holder else "the token is missing or has expired; reload the page"
        if holder and self.sign_in:
            refused = await anyio.to_thread.run_sync(logins.token_refusal, access.database(), *holder)
        if refused or not holder:
            often, wait = self._too_often(self.guessing, _address(asked))
            return often or (401, refused or ""), wait
        asked.scope.setdefault("state", {})["user"] = holder[0]
        return self._too_often(self.saving, holder[0])

    async def _page_refusal(self, asked: HTTPConnection) -> Refusal | None:
        if self.sign_in:
            return (401, "sign in first") if await self._signed_out(asked) else None
        known = tokens.user_of(asked.cookies.get(COOKIE, ""), "page")
        return None if known else (401, "open the workbench in this browser first")

    async def _signed_out(self, asked: HTTPConnection) -> bool:
        claims = self.claims(asked.cookies)
        return await anyio.to_thread.run_sync(logins.refusal, access.database(), claims) is not None

    @staticmethod
    def _too_often(rate: Rate, who: str) -> tuple[Refusal | None, int]:
        wait = rate.wait(who)
        return ((429, f"too many requests; try again in {wait} s") if wait else None), wait

    def _with_headers(self, asked: HTTPConnection, send: Send) -> Send:
        """Every answer says what the browser must not do; pages carry the cookie with which it may fetch downloads."""
        path, tls = asked.scope["path"], bool(self.sign_in and self.sign_in.secure)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if self.sign_in is None and path in PATHS:
                    headers.append("Set-Cookie", _page_cookie())
                if path in CHARTED:
                    headers.append("Link", f"<{PLOTLY_PATH}>; rel=preload; as=script")
                if path == LOGIN:
                    remember_page(asked.headers, headers, PATHS)
                elif path == CALLBACK:
                    back_to_page(asked.cookies, headers, PATHS)
                secure(headers, tls)
            await send(message)

        return sending


def _page_cookie() -> str:
    token = tokens.issue(LOCAL_USER, "page", COOKIE_SECONDS)
    return f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={COOKIE_SECONDS}"


def _address(asked: HTTPConnection) -> str:
    return asked.client.host if asked.client else ""
