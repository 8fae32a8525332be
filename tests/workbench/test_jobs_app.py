"""The commands that the app starts, with the real learner; and what the browser process must not load."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.workbench.jobs_kit import check_events, spec, two_departments, use_home, wait_for, wait_for_end
from workbench.jobs import api
from workbench.jobs.slots import Slot, executor_id
from workbench.jobs.supervisor import SUPERVISOR, background_workers
from workbench.store import departments, scores, trained
from workbench.store.database import Database
from workbench.store.paths import PROJECT


def test_the_app_starts_a_worker_that_outlives_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(f"sqlite:///{tmp_path / 'workbench.db'}")
    database.migrate()
    home = use_home(database, tmp_path / "home", monkeypatch)
    supervisor, worker = Slot(SUPERVISOR), Slot("worker-1")
    try:
        with background_workers():
            wait_for(supervisor.held, "no supervisor was started")
            wait_for(worker.held, "no worker was started")
        run_id = api.submit_training(database, spec(two_departments(database), epochs=3))
        ended = wait_for_end(database, run_id)
        log = (home / "logs" / f"{executor_id('worker-1')}.log").read_text(encoding="utf-8")
        assert ended.state == "succeeded", (ended.error, log)
        check_events(database, run_id, epochs=3)
        with database.reading() as session:
            model = trained.of_run(session, run_id)
            assert model is not None and model.scores["dev"]["records"] == 2
            assert departments.get(session, 2).current_model_id == model.id
            assert scores.has_all(session, model.id)
        assert os.getpriority(os.PRIO_PROCESS, worker.pid()) == 10
        assert "clinic" not in log  # the records' text
        killed = worker.pid()
        worker.kill()
        wait_for(lambda: worker.held() and worker.pid() != killed, "the worker was not started again")
    finally:
        if supervisor.held():
            os.kill(supervisor.pid(), signal.SIGTERM)
            wait_for(lambda: not supervisor.held() and not worker.held(), "the supervisor did not end its worker")
        database.close()


def test_a_second_supervisor_goes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADTL_HOME", str(tmp_path))
    slot = Slot(SUPERVISOR)
    assert slot.hold()
    began = time.monotonic()
    command = [sys.executable, "-m", "workbench.jobs", "supervise"]
    assert subprocess.run(command, cwd=PROJECT, timeout=30, check=False).returncode == 0
    assert time.monotonic() - began < 20 and not (tmp_path / "workbench.db").exists()
    slot.release()


def test_a_slot_is_lost_with_its_folder_even_if_a_look_makes_that_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LADTL_HOME", str(tmp_path / "home"))
    slot = Slot("worker-1")
    assert slot.hold() and not slot.lost()
    shutil.rmtree(tmp_path / "home")
    Slot("worker-1").held()
    assert (tmp_path / "home" / "slots").exists() and slot.lost()
    slot.release()


def test_the_interface_loads_neither_torch_nor_the_queue() -> None:
    code = (
        "import sys, workbench.services.training, workbench.jobs.supervisor\n"
        "assert not {'torch', 'dbos', 'seqeval', 'gensim'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)
