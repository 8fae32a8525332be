"""No process reaches for another machine, and no word of a text goes into a log, from the start to a training."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ladtl_core.config import Config, ModelConfig, TrainingConfig, TransferConfig
from ladtl_core.records import Entity, Record
from tests.browser.serving import ROOT, RunningApp, running_app
from tests.workbench.jobs_kit import wait_for
from workbench.jobs import api
from workbench.jobs.api import TrainSpec
from workbench.jobs.slots import Slot
from workbench.jobs.supervisor import SUPERVISOR
from workbench.services import tokens
from workbench.store import departments, records
from workbench.web.guard import TOKEN_HEADER

GUARD = Path(__file__).parent / "guarded"
MARKER = "Quixalothe"
TRAINED_SECONDS = 200


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningApp]:
    """The app with its supervisor and its worker; all of them tell what they reach for."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("LADTL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GUARD_FOLDER", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(GUARD))
    with running_app(tmp_path / "home") as running:
        yield running
    Slot(SUPERVISOR).end()


def test_the_guard_sees_attempts(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(GUARD), "GUARD_FOLDER": str(tmp_path)}
    for call in ("socket().connect(('192.0.2.1', 80))", "getaddrinfo('example.org', 80)"):
        subprocess.run([sys.executable, "-c", f"import socket; socket.{call}"], env=environment, capture_output=True)
    assert len((tmp_path / "attempts").read_text().splitlines()) == 2


def test_statistics_are_off() -> None:
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["logger"]["hideWelcomeMessage"] is True  # else pages may offer help for coding agents


def test_a_new_machine_is_asked_for_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before its first start in somebody's home Streamlit asks for an email address, and waits for the answer."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BROWSER", "true")
    monkeypatch.setenv("LADTL_HOME", str(tmp_path))
    slot = Slot(SUPERVISOR)
    slot.hold()  # so that the app starts no worker
    with running_app(tmp_path, "--server.headless", "false") as running:
        said = (tmp_path / "app.log").read_text(encoding="utf-8")
    assert running.url in said and "Email" not in said
    slot.release()


def test_start_saves_and_training_stay_on_this_machine(guarded: RunningApp, tmp_path: Path) -> None:
    with guarded.database.session() as session:
        ward = departments.create(session, "Ward", "clinical", ("Problem",)).id
        text = f"{MARKER} coughs ."
        own = [Record(f"a{i}", text, (Entity(0, 10, "Problem"),) if i else None, split="pool") for i in range(4)]
        records.add(session, ward, own, "local")
        record_id = records.ids(session, ward)["a0"]
        label = departments.labels(session, ward)[0].id
    run_id = api.submit_training(guarded.database, tiny(ward))
    span = {"id": "s", "start": 0, "end": 10, "label": label, "origin": "manual", "confidence": None, "model": None}
    edit = {"base": 0, "status": "draft", "spans": [span], "decisions": []}
    url = f"{guarded.url}/api/annotations/{record_id}"
    assert posted(url, edit) == 200
    assert posted(url, edit) == 409
    outside = {**edit, "base": 1, "spans": [{**span, "end": 999, "id": MARKER}]}
    for wrong in (outside, {**edit, "base": 1, "status": MARKER}, MARKER, {"spans": MARKER}):
        assert posted(url, wrong) == 400
    assert posted(f"{url}/comments", {"text": MARKER, "start": 5, "end": 999}) == 400
    wait_for(lambda: api.status(guarded.database, run_id).ended, "the training did not end", TRAINED_SECONDS)
    assert api.status(guarded.database, run_id).state == "succeeded", api.status(guarded.database, run_id).error

    processes = (tmp_path / "processes").read_text()
    assert all(word in processes for word in ("streamlit run", "jobs supervise", "jobs worker"))
    assert not (tmp_path / "attempts").exists(), (tmp_path / "attempts").read_text()
    logs = [path for path in (tmp_path / "home").rglob("*.log*") if path.is_file()]
    assert len(logs) >= 3  # of the app, the supervisor and the worker
    for path in logs:
        assert MARKER.casefold() not in path.read_text(encoding="utf-8").casefold(), path


def tiny(department_id: int) -> TrainSpec:
    model = ModelConfig(word_size=8, char_size=4, char_filters=4, hidden_size=6)
    training = TrainingConfig(max_steps=2, epoch_steps=1, batch_size=2)
    return TrainSpec((), department_id, Config(model, training, TransferConfig(method="non-transfer")))


def posted(url: str, body: Any) -> int:
    """The status of the answer."""
    headers = {"Content-Type": "application/json", TOKEN_HEADER: tokens.issue("local")}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
