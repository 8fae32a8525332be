"""How people sign in at this installation: what its secrets say under [auth] and [workbench]."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ladtl_core.errors import ConfigError

ROLES = ("clinician", "reviewer", "researcher", "admin")
CALLBACK = "/oauth2callback"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
LEAST_SECRET = 32  # characters
_REQUIRED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
_KNOWN = {"hosts", "session_hours", "roles"}


@dataclass(frozen=True)
class SignIn:
    """`hosts` are the names that the workbench answers to; `session_seconds` counts from the sign-in.

    Without `session_seconds` a session ends with the ID token. `roles` are groups of the provider and what they are
    here; the first that somebody is in counts.
    """

    hosts: tuple[str, ...]
    secure: bool  # the browser reaches it by https
    session_seconds: float | None = None
    roles: Mapping[str, str] = field(default_factory=dict)


_used: SignIn | None = None


def use(settings: SignIn | None) -> None:
    """What holds in this process from now on; None: no accounts, one person at this machine."""
    global _used
    _used = settings


def settings() -> SignIn | None:
    """What holds in this process."""
    return _used


def read(secrets: Mapping[str, Any]) -> SignIn | None:
    """The settings in Streamlit's secrets, None without [auth]. Raises ConfigError that says what to write."""
    auth, own = secrets.get("auth"), secrets.get("workbench", {})
    if auth is None:
        return None
    if missing := [name for name in _REQUIRED if not auth.get(name)]:
        raise ConfigError(f"the secrets have [auth] without {', '.join(missing)}; docs/operating.md has an example")
    if not all(importlib.util.find_spec(name) for name in ("authlib", "httpx")):
        raise ConfigError("the secrets have [auth], which needs more packages: pip install -r requirements-auth.txt")
    if len(auth["cookie_secret"]) < LEAST_SECRET:
        raise ConfigError(
            f"cookie_secret under [auth] has less than {LEAST_SECRET} characters, so that sign-ins could be forged; "
            "take what this prints: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    if unknown := set(own) - _KNOWN:
        raise ConfigError(
            f"the secrets have {', '.join(sorted(unknown))} under [workbench]; known are {sorted(_KNOWN)}"
        )
    return SignIn(_hosts(own), _secure(auth["redirect_uri"]), _seconds(own), _roles(own))


def _secure(redirect: str) -> bool:
    parts = urlsplit(redirect)
    if parts.path != CALLBACK or not (parts.scheme == "https" or parts.hostname in LOOPBACK):
        raise ConfigError(
            f"redirect_uri under [auth] is {redirect}; expected https://, the name under which people open the "
            f"workbench, and {CALLBACK}"
        )
    return parts.scheme == "https"


def _hosts(own: Mapping[str, Any]) -> tuple[str, ...]:
    hosts = own.get("hosts")
    if not isinstance(hosts, list) or not hosts or not all(isinstance(host, str) for host in hosts):
        raise ConfigError(
            "the secrets have [auth] and do not say which names the workbench answers to; write, say, "
            '[workbench] and below it hosts = ["ladtl.hospital.example"]'
        )
    return tuple(host.lower() for host in hosts)


def _seconds(own: Mapping[str, Any]) -> float | None:
    hours = own.get("session_hours")
    if hours is not None and not (isinstance(hours, int | float) and 0 < hours <= 24):
        raise ConfigError(f"session_hours under [workbench] is {hours!r}; expected a number over 0, up to 24")
    return None if hours is None else 3600.0 * hours


def _roles(own: Mapping[str, Any]) -> dict[str, str]:
    roles = dict(own.get("roles", {}))
    if wrong := [group for group, role in roles.items() if role not in ROLES]:
        raise ConfigError(f"[workbench.roles] gives {', '.join(wrong)} a role that does not exist; there are {ROLES}")
    return roles
