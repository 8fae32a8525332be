"""Short-lived signed tokens: they tell the app's own routes for whom a page was made."""

from __future__ import annotations

import hmac
import os
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from functools import cache
from pathlib import Path

from workbench.store.paths import home

LIFETIME_SECONDS = 3600
LONGEST_SECONDS = 13 * 3600  # no token is issued for longer: one that seems to be is of a clock that was put back since


def issue(user: str, purpose: str = "api", lifetime: float = LIFETIME_SECONDS, session: str = "") -> str:
    """A token with which `user` may do `purpose` for `lifetime` seconds, as long as the sign-in `session` lasts."""
    content = f"{purpose}\n{time.time() + lifetime:.0f}\n{session}\n{user}".encode()
    return f"{urlsafe_b64encode(content).decode()}.{_signature(content)}"


def user_of(token: str, purpose: str = "api") -> str | None:
    """The user of a token that is ours, was issued for `purpose` and has not expired; else None."""
    holder = holder_of(token, purpose)
    return holder and holder[0]


def holder_of(token: str, purpose: str = "api") -> tuple[str, str] | None:
    """The same with the sign-in it was issued in, "" without accounts. Whether that lasts is not looked at."""
    encoded, _, signature = token.partition(".")
    try:
        content = urlsafe_b64decode(encoded)
        if not hmac.compare_digest(signature.encode(), _signature(content).encode()):
            return None
    except ValueError:
        return None
    stated, expires, session, user = content.decode().split("\n", 3)
    lasts = 0 < float(expires) - time.time() <= LONGEST_SECONDS
    return (user, session) if stated == purpose and lasts else None


def secret_file() -> Path:
    """What signs the tokens of this installation."""
    return home() / "secret.key"


def _signature(content: bytes) -> str:
    return hmac.digest(_secret(secret_file()), content, "sha256").hex()


@cache
def _secret(path: Path) -> bytes:
    """The installation's secret, made at the first use; whoever of several processes is first decides it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
        with suppress(FileExistsError):
            os.link(draft, path)  # whole or not at all, and never over another's
        draft.unlink()
    return path.read_bytes()
