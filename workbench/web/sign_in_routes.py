"""The way to the provider and back to the page that it began on; Streamlit by itself goes back to the first page."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import quote, unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders

from workbench.services.sign_in import CALLBACK

LOGIN, LOGOUT = "/auth/login", "/auth/logout"
COOKIE = "workbench_back"
COOKIE_SECONDS = 900  # to sign in at the provider
LONGEST = 1000  # characters of an address


def remember_page(asked: Headers, answer: MutableHeaders, pages: Collection[str]) -> None:
    """Keep the page that the sign-in began on."""
    page = urlsplit(asked.get("referer", ""))
    if page.path not in pages or len(page.query) > LONGEST:
        return
    where = quote(f"{page.path}?{page.query}", safe="")
    # Lax: the browser comes back from another site.
    attributes = f"Path={CALLBACK}; HttpOnly; SameSite=Lax; Max-Age={COOKIE_SECONDS}"
    answer.append("Set-Cookie", f"{COOKIE}={where}; {attributes}")


def back_to_page(cookies: Mapping[str, str], answer: MutableHeaders, pages: Collection[str]) -> None:
    """Lead from Streamlit's answer to the kept page; only ever to one of our own."""
    kept = urlsplit(unquote(cookies.get(COOKIE, "")))
    if answer.get("location") == "/" and kept.path in pages and not kept.netloc and not kept.scheme:
        answer["Location"] = f"{kept.path}?{kept.query}" if kept.query else kept.path
        answer.append("Set-Cookie", f"{COOKIE}=; Path={CALLBACK}; Max-Age=0")
