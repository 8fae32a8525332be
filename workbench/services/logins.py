"""Who signed in, as which account, and whether the door is open to them.

A person is the provider's issuer and subject. Names and e-mail addresses change hands, so they decide nothing.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from typing import Any

from sqlalchemy.orm import Session as Reading

from ladtl_core.errors import DataError
from workbench.services import people, sign_in
from workbench.services.access import LOCAL_USER
from workbench.services.roles import Act, needs
from workbench.store import audit, logins, permissions
from workbench.store import people as accounts
from workbench.store.annotations import ADJUDICATED
from workbench.store.database import Database

Claims = Mapping[str, Any]
LONGEST_SECONDS = 24 * 3600  # of a session, whatever the ID token says
CLOCK_SKEW = 300  # seconds that the provider's clock may be ahead
# What tells one sign-in from another of the same person.
_SIGN_IN = ("iss", "sub", "iat", "exp", "nonce", "sid", "jti")


class _AnotherTabWasFirst(Exception):
    """Takes back the account that was made for somebody who has one by now."""


@dataclass(frozen=True)
class Session:
    """One sign-in: `key` names it, `ends` is in seconds since 1970."""

    issuer: str
    subject: str
    key: str
    ends: float


def session_of(claims: Claims) -> Session | None:
    """The sign-in that the provider's claims speak of; None if they do not say who and until when."""
    settings = sign_in.settings()
    issuer, subject = claims.get("iss"), claims.get("sub")
    began, expires = claims.get("iat"), claims.get("exp")
    if settings is None or not (isinstance(issuer, str) and isinstance(subject, str) and issuer and subject):
        return None
    if not (isinstance(began, int | float) and isinstance(expires, int | float)) or not _past(began):
        return None
    known = json.dumps([claims.get(name) for name in _SIGN_IN])
    age = settings.session_seconds
    ends = min(expires, began + LONGEST_SECONDS) if age is None else began + age
    return Session(issuer, subject, hashlib.sha256(known.encode()).hexdigest()[:32], ends)


def account_of(database: Database, claims: Claims) -> str:
    """The account's name; at the first sign-in it is made, from the person's name as far as that is free.

    Raises DataError for claims that do not say who it is.
    """
    session = session_of(claims)
    if session is None:
        unclear = "the sign-in does not say who you are (iss, sub, iat, exp); tell whoever runs the provider"
        raise DataError(_clock_behind(claims) or unclear)
    with database.reading() as reading:
        found = logins.find(reading, session.issuer, session.subject)
    return found.account if found else _made(database, session, _wanted_name(claims))


def _made(database: Database, session: Session, wanted: str) -> str:
    try:
        with database.session() as writing:
            taken = {name.casefold() for name in (LOCAL_USER, ADJUDICATED, *accounts.names(writing))}
            numbered = (f"{wanted} ({number})" for number in count(2))
            name = next(name for name in chain([wanted], numbered) if name.casefold() not in taken)
            accounts.add(writing, name)
            if not logins.add(writing, session.issuer, session.subject, name):
                raise _AnotherTabWasFirst
            audit.note(writing, name, "signed in for the first time", f"account {name}", {"issuer": session.issuer})
            return name
    except _AnotherTabWasFirst:
        with database.reading() as reading:
            first = logins.find(reading, session.issuer, session.subject)
            assert first is not None
            return first.account


def claimed_role(claims: Claims) -> str | None:
    """What [workbench.roles] makes of the provider's `groups` and `roles`; None if it says nothing of them."""
    settings = sign_in.settings()
    given = {name for claim in ("groups", "roles") for name in _texts(claims.get(claim))}
    return next((role for group, role in settings.roles.items() if group in given), None) if settings else None


def refusal(database: Database, claims: Claims) -> str | None:
    """Why whoever signed in may not go on, in words for them; None if they may."""
    session = session_of(claims)
    if session is None:
        return _clock_behind(claims) or "You are not signed in."
    with database.reading() as reading:
        login = logins.find(reading, session.issuer, session.subject)
        return _refusal(reading, login.account if login else "", session.key, session.ends)


def token_refusal(database: Database, user: str, key: str) -> str | None:
    """The same for a token of `user` in the session `key`, whose own time the token knows."""
    with database.reading() as reading:
        return _refusal(reading, user, key, float("inf"))


def sign_out(database: Database, claims: Claims) -> None:
    """End the session before its time, in every tab and for every token; nothing if there is none."""
    if session := session_of(claims):
        with database.session() as writing:
            logins.end_session(writing, session.key, datetime.fromtimestamp(session.ends, UTC))


@needs(Act.PEOPLE)
def listed(database: Database) -> list[tuple[str, str, str]]:
    """Account, issuer and subject of each login."""
    with database.reading() as session:
        return [(one.account, one.issuer, one.subject) for one in logins.all_logins(session)]


@needs(Act.PEOPLE)
def move(database: Database, account: str, to: str, who: str) -> None:
    """Let who signs in as `account` be `to`, a person from before there were accounts. Raises DataError if taken."""
    if to not in people.names(database)[1:]:
        raise DataError(f"there is no person {to!r}")
    with database.session() as session:
        if logins.has_login(session, to):
            raise DataError(f"somebody signs in as {to!r} already")
        if not logins.move(session, account, to):
            raise DataError(f"nobody signs in as {account!r}; `python -m workbench logins list` shows who does")
        audit.note(session, who, "moved sign-in", f"account {to}", {"from": account})


def _refusal(reading: Reading, account: str, key: str, ends: float) -> str | None:
    if time.time() >= ends:
        return "Your session has ended; sign in again."
    if not key or logins.has_ended(reading, key):
        return "You are signed out; sign in again."
    known = permissions.of(reading, account)
    if known and known.disabled:
        return f"The account {account} is disabled; ask whoever runs this installation."
    return None


def _clock_behind(claims: Claims) -> str | None:
    """Of a sign-in from the future: what is wrong, and with whose clock."""
    began = claims.get("iat")
    if not isinstance(began, int | float) or began <= time.time() + CLOCK_SKEW:
        return None
    minutes = f"{(began - time.time()) / 60:,.0f} min"
    return (
        f"The clock of the workbench is {minutes} behind that of the sign-in. Whoever runs the workbench can set it; "
        "then everything is as before."
    )


def _past(began: float) -> bool:
    return 0 < began <= time.time() + CLOCK_SKEW


def _wanted_name(claims: Claims) -> str:
    """How the person is called, fit to be the name of an account."""
    stated = (claims.get(name) for name in ("name", "preferred_username", "nickname", "email", "sub"))
    for text in stated:
        printable = "".join(letter if letter.isprintable() else " " for letter in text) if isinstance(text, str) else ""
        if name := " ".join(printable.split()):
            return name[: people.LONGEST_NAME - len(" (999)")].strip()
    return "Person"


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]
