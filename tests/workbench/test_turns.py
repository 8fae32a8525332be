"""Threads that write take turns, and long work that has time lets the others go first."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event

from workbench.store import audit, turns
from workbench.store.database import Database
from workbench.store.turns import Turns


def test_threads_take_turns_instead_of_asking_sqlite_again_and_again(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    database.migrate()
    event.listen(database.engine, "connect", lambda made, _: made.execute("PRAGMA busy_timeout = 0"))
    database.close()  # the connections from here on do not wait

    def write(number: int) -> None:
        for _ in range(5):
            with database.session() as session:
                audit.note(session, str(number), "b", "c")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    with database.reading() as session:
        assert len(audit.entries(session)) == 20
    database.close()


@pytest.mark.parametrize("one_at_a_time", [True, False])
def test_who_gives_way_goes_on_when_nobody_writes_or_waits(
    one_at_a_time: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LONGEST_WAY_SECONDS", 60.0)
    made, inside, leave, went_on = Turns(one_at_a_time, 60.0), threading.Event(), threading.Event(), threading.Event()

    def write() -> None:
        with made.taken():
            inside.set()
            assert leave.wait(30)

    def give_way() -> None:
        made.give_way()
        went_on.set()

    with ThreadPoolExecutor(2) as threads:
        writing = threads.submit(write)
        assert inside.wait(30)
        waiting = threads.submit(give_way)
        assert not went_on.wait(0.05)
        leave.set()
        writing.result(30)
        waiting.result(30)
    assert went_on.is_set()


def test_work_that_gives_way_goes_on_among_people_who_never_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONGEST_WAY_SECONDS", 0.01)
    made = Turns(True, 60.0)
    with made.taken():
        made.give_way()
