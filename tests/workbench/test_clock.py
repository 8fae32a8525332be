"""A clock that is put back or forth by an hour, while people work and a run is under way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo

import pytest

from ladtl_core.records import Record
from tests.workbench.jobs_kit import spec, two_departments
from workbench.jobs import api
from workbench.jobs.reaper import Reaper
from workbench.services import labelling, logins, sign_in, tokens
from workbench.services.sign_in import SignIn
from workbench.store import base, departments, records, runs, sharing
from workbench.store.database import Database

HOUR = 3600
SetClock = Callable[[float], None]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Put the clock ahead by so many seconds of the real time, for everything of the workbench."""
    real = time.time

    def put(ahead: float) -> None:
        class Clock(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return datetime.now(tz) + timedelta(seconds=ahead)

        monkeypatch.setattr(time, "time", lambda: real() + ahead)
        monkeypatch.setattr(base, "datetime", Clock)

    return put


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_run_is_neither_taken_over_nor_lost(database: Database, set_clock: SetClock, jump: float) -> None:
    run_id = api.submit_training(database, spec(two_departments(database)))
    with database.session() as session:
        attempt = runs.claim(session, run_id, "here")
    reaper = Reaper(database)
    assert reaper.step() == []
    set_clock(jump)
    assert reaper.step() == [] and api.status(database, run_id).stalled  # until it beats again
    with database.session() as session:
        assert runs.beat(session, run_id, attempt).mine
    assert reaper.step() == [] and not api.status(database, run_id).stalled
    set_clock(0)
    with database.session() as session:
        runs.finish(session, run_id, attempt, "succeeded", result={})
    assert api.status(database, run_id).attempt == 1


def test_tokens_outlive_a_jump_by_no_more_than_the_longest_and_new_ones_are_given(
    installation: Database, set_clock: SetClock
) -> None:
    token = tokens.issue("ana")
    set_clock(2 * HOUR)
    assert tokens.user_of(token) is None and tokens.user_of(tokens.issue("ana")) == "ana"
    set_clock(-HOUR)
    assert tokens.user_of(token) == "ana"
    set_clock(-24 * HOUR)
    assert tokens.user_of(token) is None and tokens.user_of(tokens.issue("ana")) == "ana"


@pytest.fixture
def signed_in() -> Iterator[dict[str, object]]:
    sign_in.use(SignIn(("localhost",), secure=False))
    now = int(time.time())
    yield {"iss": "https://login.example", "sub": "1", "name": "Ana", "iat": now, "exp": now + 600, "nonce": "n"}
    sign_in.use(None)


def test_a_sign_in_from_the_future_names_the_clock_and_holds_once_it_is_right(
    database: Database, set_clock: SetClock, signed_in: dict[str, object]
) -> None:
    logins.account_of(database, signed_in)
    set_clock(-HOUR)
    assert "The clock of the workbench is 60 min behind" in str(logins.refusal(database, signed_in))
    set_clock(0)
    assert logins.refusal(database, signed_in) is None


def test_a_clock_that_was_ahead_brings_no_session_back(
    database: Database, set_clock: SetClock, signed_in: dict[str, object]
) -> None:
    logins.account_of(database, signed_in)
    logins.sign_out(database, signed_in)
    set_clock(2 * HOUR)
    logins.sign_out(database, {**signed_in, "nonce": "another"})
    set_clock(0)
    assert "signed out" in str(logins.refusal(database, signed_in))


def test_history_follows_revisions_and_nobody_keeps_a_record_for_an_hour(
    database: Database, set_clock: SetClock
) -> None:
    with database.session() as session:
        ward = departments.create(session, "Ward", "clinical", ("Problem",))
        records.add(session, ward.id, [Record("note", "severe cough", split="pool")], "local")
        label = departments.labels(session, ward.id)[0].id
        assert sharing.claim(session, 1, "ana")
    for revision, ahead in enumerate((0, -HOUR, HOUR)):
        set_clock(ahead)
        span = {"id": "s", "start": 0, "end": revision + 1, "label": label, "origin": "manual"}
        body = {
            "base": revision,
            "status": "draft",
            "decisions": [],
            "spans": [{**span, "confidence": None, "model": None}],
        }
        assert labelling.save(database, 1, "ana", labelling.parse_edit(body)) == revision + 1
    found = labelling.history(database, 1, "ana")
    assert [(one["revision"], one["added"][0]["end"]) for one in found] == [(1, 1), (2, 2), (3, 3)]
    assert found[0]["at"] > found[1]["at"]
    set_clock(-HOUR)
    with database.session() as session:
        assert sharing.lease(session, "ana") is None
        sharing.renew(session, 1, "ana")
        held = sharing.lease(session, "ana")
    assert held is not None and held.record_id == 1
