"""What the guard reads from a request's headers, and what it adds to those of every answer."""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders

# The one inline script of Streamlit's page, `window.prerenderReady = false`; another one would be refused.
PAGE_SCRIPT = "sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA="
# Scripts from elsewhere cannot run and nothing can be sent elsewhere, whatever a record contains.
CONTENT_POLICY = (
    f"default-src 'self'; script-src 'self' blob: '{PAGE_SCRIPT}'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; "
    "connect-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
TLS_ONLY = "max-age=31536000"  # a year, in which the browser asks this host by https alone


def secure(headers: MutableHeaders, tls: bool) -> None:
    """Add what every answer says; `tls` if people reach the workbench by https."""
    headers.update(SECURITY)
    if not tls:
        return
    headers["Strict-Transport-Security"] = TLS_ONLY
    cookies = headers.getlist("set-cookie")  # Streamlit's own lack the word
    del headers["set-cookie"]
    for cookie in cookies:
        headers.append("Set-Cookie", cookie if "; secure" in cookie.lower() else f"{cookie}; Secure")


def host(header: str) -> str:
    """The host's name without its port: `[::1]:8501` -> `::1`."""
    match = re.fullmatch(r"\[([^\]]+)\](?::\d+)?|([^:]*)(?::\d+)?", header)
    return ((match[1] or match[2]) if match else "").lower()


def from_elsewhere(headers: Headers) -> bool:
    """Whether another site's page asks; a program that is no browser says nothing of it and keeps no cookies."""
    origin = headers.get("origin")
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return True
    return origin is not None and origin.partition("://")[2].lower() != headers.get("host", "").lower()
