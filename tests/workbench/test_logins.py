"""Who signs in becomes which account, and when the door closes."""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ladtl_core.errors import ConfigError, DataError
from workbench.__main__ import main
from workbench.services import logins, people, roles, sign_in
from workbench.services.sign_in import SignIn
from workbench.store import audit
from workbench.store.database import Database

AUTH = {
    "redirect_uri": "https://ladtl.example/oauth2callback",
    "cookie_secret": "x" * 32,
    "client_id": "ladtl",
    "client_secret": "secret",
    "server_metadata_url": "https://login.example/.well-known/openid-configuration",
}
HOSTS = {"hosts": ["ladtl.example"]}


@pytest.fixture(autouse=True)
def _with_accounts() -> Iterator[None]:
    sign_in.use(SignIn(("localhost",), secure=False, roles={"ward-heads": "reviewer", "it": "admin"}))
    yield
    sign_in.use(None)


def claims(subject: str = "1", **more: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": "https://login.example", "sub": subject, "iat": now, "exp": now + 600, "nonce": subject, **more}


def test_the_same_name_is_not_the_same_person(database: Database) -> None:
    people.add(database, "ana lima")  # was there before accounts were
    first = logins.account_of(database, claims("1", name="Ana Lima", email="ana@one.example"))
    second = logins.account_of(database, claims("2", name=" Ana\nLima ", email="ana@one.example"))
    elsewhere = logins.account_of(database, claims("1", iss="https://other.example", name="Ana Lima"))
    assert [first, second, elsewhere] == ["Ana Lima (2)", "Ana Lima (3)", "Ana Lima (4)"]
    assert logins.account_of(database, claims("1", name="Ana Souza")) == first  # whatever she is called now
    assert logins.account_of(database, claims("3", preferred_username="Local")) == "Local (2)"
    with database.reading() as session:
        new = [entry.who for entry in audit.entries(session) if entry.what == "signed in for the first time"]
        assert new[-1] == first


def test_tabs_that_open_at_once_make_one_account(database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: logins.account_of(database, claims(name="Ana")), range(4)))
    assert found == {"Ana"} and people.names(database) == ["local", "Ana"]


@pytest.mark.parametrize("missing", ["iss", "sub", "iat", "exp"])
def test_claims_that_do_not_say_who_and_until_when_open_nothing(database: Database, missing: str) -> None:
    given = {**claims(), missing: None}
    assert logins.refusal(database, given) == "You are not signed in."
    with pytest.raises(DataError, match="does not say who you are"):
        logins.account_of(database, given)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=200))
def test_whatever_the_provider_calls_somebody_is_a_name_that_fits(empty: Database, name: str) -> None:
    account = logins.account_of(empty, claims(name, name=name) if name else claims("-"))
    assert account and account.isprintable() and len(account) <= people.LONGEST_NAME
    assert people.names(empty).count(account) == 1


@pytest.fixture
def empty(migrated_file: Any, tmp_path: Any) -> Iterator[Database]:
    path = tmp_path / "names.db"
    path.write_bytes(migrated_file.read_bytes())
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


def test_a_session_ends_by_time_by_signing_out_and_with_the_account(database: Database) -> None:
    ward, office = claims(nonce="ward"), claims(nonce="office")
    account = logins.account_of(database, ward)
    assert logins.refusal(database, ward) is None
    now = int(time.time())
    assert "has ended" in str(logins.refusal(database, claims(exp=now)))
    assert "has ended" in str(logins.refusal(database, claims(iat=now - 86401, exp=10**18)))  # a day at most
    assert logins.refusal(database, claims(iat=10**18, exp=10**19))
    logins.sign_out(database, ward)
    logins.sign_out(database, ward)
    assert "signed out" in str(logins.refusal(database, ward))
    assert logins.refusal(database, office) is None  # another sign-in of the same person goes on
    session = logins.session_of(office)
    assert session and logins.token_refusal(database, account, session.key) is None
    assert logins.token_refusal(database, account, "")  # a token from before there were accounts
    roles.disable(database, "it", account)
    assert "disabled" in str(logins.refusal(database, office)) and logins.token_refusal(database, account, session.key)
    roles.disable(database, "it", account, disabled=False)
    assert logins.refusal(database, office) is None


def test_a_configured_age_replaces_the_tokens_own(database: Database) -> None:
    sign_in.use(SignIn(("localhost",), secure=False, session_seconds=3600))
    now = int(time.time())
    assert logins.refusal(database, claims(iat=now - 3000, exp=now - 2700)) is None
    assert logins.refusal(database, claims(iat=now - 3700, exp=now + 600))


def test_who_labelled_before_there_were_accounts_goes_on_under_the_name(database: Database) -> None:
    people.add(database, "Ana")
    account = logins.account_of(database, claims(name="Ana"))
    with pytest.raises(DataError, match="no person"):
        logins.move(database, account, "local", "it")
    logins.move(database, account, "Ana", "it")
    assert logins.account_of(database, claims(name="Ana")) == "Ana"
    other = logins.account_of(database, claims("2", name="Ana"))
    with pytest.raises(DataError, match="already"):
        logins.move(database, other, "Ana", "it")


@pytest.mark.parametrize(
    ("given", "role"),
    [
        ({"groups": ["staff", "it"]}, "admin"),
        ({"roles": "ward-heads", "groups": ["it"]}, "reviewer"),  # the first of the table
        ({"groups": ["admin", 7, None]}, None),
        ({"groups": {"it": True}}, None),
        ({}, None),
    ],
)
def test_groups_of_the_provider_become_roles(given: dict[str, Any], role: str | None) -> None:
    assert logins.claimed_role(claims(**given)) == role


def test_the_secrets_of_the_documentation_are_whole() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    found = sign_in.read(tomllib.loads(example))
    assert found and found.secure and found.session_seconds == 28800 and set(found.roles.values()) == set(sign_in.ROLES)


def test_the_secrets_are_read_whole() -> None:
    assert sign_in.read({"workbench": {}}) is None
    found = sign_in.read({"auth": AUTH, "workbench": {"hosts": ["LADTL.example"], "session_hours": 8}})
    assert found == SignIn(("ladtl.example",), secure=True, session_seconds=28800)


@pytest.mark.parametrize(
    ("auth", "own", "message"),
    [
        ({"client_id": ""}, HOSTS, "without client_id"),
        ({"cookie_secret": "short"}, HOSTS, "less than 32"),
        ({"redirect_uri": "http://ladtl.example/oauth2callback"}, HOSTS, "expected https"),
        ({"redirect_uri": "https://ladtl.example/"}, HOSTS, "/oauth2callback"),
        ({}, {}, r"hosts = \[.ladtl.hospital.example"),
        ({}, {"hosts": "ladtl.example"}, "hosts = "),
        ({}, {**HOSTS, "session_hours": "8"}, "session_hours"),
        ({}, {**HOSTS, "role": {}}, "known are"),
        ({}, {**HOSTS, "roles": {"it": "root"}}, "does not exist"),
    ],
)
def test_what_the_secrets_lack_is_said(auth: dict[str, str], own: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        sign_in.read({"auth": {**AUTH, **auth}, "workbench": own})


def test_the_operator_sees_who_signed_in(installation: Database, capsys: pytest.CaptureFixture[str]) -> None:
    logins.account_of(installation, claims(name="Ana"))
    assert main(["logins", "list"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Ana\thttps://login.example\t1"
