"""The guard before all routes: who may ask for what, and what does not exist.

Streamlit serves media and metrics to anybody, and its page at any path; here both need a token, and the rest is 404.
"""

from __future__ import annotations

import re
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.services import tokens
from workbench.services.access import HOME, LOCAL_USER, PAGES
from workbench.web.routes import API, ASSETS

TOKEN_HEADER = "x-workbench-token"
COOKIE = "workbench_page"
COOKIE_SECONDS = 12 * 3600
PATHS = {"/", *(f"/{name}" for name in PAGES if name != HOME)}
LOOPBACK = ("localhost", "127.0.0.1", "::1")

OPEN = re.compile(
    rf"/(?:static/.+|favicon\.png|manifest\.json|component/.+|{ASSETS.strip('/')}/.+"
    r"|_stcore/(?:health|host-config|stream|upload_file/.+|bidi-components/.+))"
)
NEEDS_COOKIE = re.compile(r"/(?:media/.+|_stcore/metrics)")
# The one inline script of Streamlit's page, `window.prerenderReady = false`; another one would be refused.
PAGE_SCRIPT = "sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA="
# Scripts from elsewhere cannot run and nothing can be sent elsewhere, whatever a record contains.
CONTENT_POLICY = (
    f"default-src 'self'; script-src 'self' blob: '{PAGE_SCRIPT}'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; "
    "connect-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        headers, path = Headers(scope=scope), scope["path"]
        refusal = self._refusal(scope, headers, path)
        if refusal is not None:
            # Starlette answers a websocket that was never accepted with 403 by itself.
            if scope["type"] == "websocket":
                return await send({"type": "websocket.close", "code": 1008})
            status, error = refusal
            return await JSONResponse({"error": error}, status)(scope, receive, send)
        await self.app(scope, receive, _with_cookie(send) if path in PATHS else send)

    def _refusal(self, scope: Scope, headers: Headers, path: str) -> tuple[int, str] | None:
        # A page of another site can make its own name point here, but cannot hide that name.
        if _host(headers.get("host", "")) not in LOOPBACK:
            return 403, "the workbench answers to localhost only"
        if path.startswith(API):
            user = tokens.user_of(headers.get(TOKEN_HEADER, ""))
            scope.setdefault("state", {})["user"] = user
            return None if user else (401, "the token is missing or has expired; reload the page")
        if NEEDS_COOKIE.fullmatch(path):
            return (
                None if tokens.user_of(_cookie(headers), "page") else (401, "open the workbench in this browser first")
            )
        return None if path in PATHS or OPEN.fullmatch(path) else (404, "there is nothing here")


def _with_cookie(send: Send) -> Send:
    """Pages carry the cookie with which the browser may fetch what they offer for download."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            token = tokens.issue(LOCAL_USER, "page", COOKIE_SECONDS)
            headers.append(
                "Set-Cookie", f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={COOKIE_SECONDS}"
            )
            headers["Content-Security-Policy"] = CONTENT_POLICY
            headers["Referrer-Policy"] = "no-referrer"
        await send(message)

    return sending


def _host(header: str) -> str:
    """The host's name without its port: `[::1]:8501` -> `::1`."""
    match = re.fullmatch(r"\[([^\]]+)\](?::\d+)?|([^:]*)(?::\d+)?", header)
    return ((match[1] or match[2]) if match else "").lower()


def _cookie(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
