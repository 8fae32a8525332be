"""`experiment --queue`: a corpus becomes departments, and the runs of an experiment a sweep of the workbench."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ladtl_core.__main__ import main as core
from ladtl_core.experiments import handover
from tests.core.conftest import sentences
from tests.core.test_cli import write
from tests.workbench.sweeps_kit import finish_all
from workbench.__main__ import main
from workbench.jobs import api
from workbench.services import research, sweep_rows, sweeps
from workbench.store import departments, records
from workbench.store.database import Database

ROOT = Path(__file__).parents[2]
OPTIONS = ("--methods", "la-dtl", "non-transfer", "--seeds", "2", "--rate", "0.5", "--max-steps", "7")


@pytest.fixture(name="corpus")
def corpus_of_test(tmp_path: Path) -> Path:
    (tmp_path / "small").mkdir()
    for name in ("A", "B"):
        for seed, (split, count) in enumerate({"train": 24, "dev": 8, "test": 8}.items()):
            write(tmp_path / "small" / name, split, sentences(name, count, seed))
    return tmp_path / "small"


def queue(corpus: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    """The command without processes of its own."""

    def here(command: list[str], input: str, **_: object) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(input))
        return subprocess.CompletedProcess(command, main(command[3:]))

    monkeypatch.setattr(subprocess, "run", here)
    return core(["experiment", "trials", "--corpus", str(corpus), "--queue", *options])


def test_a_corpus_is_queued_as_a_person_does_it(installation: Database, corpus: Path) -> None:
    command = [sys.executable, "-m", "ladtl_core", "experiment", "trials", "--corpus", str(corpus), "--queue", *OPTIONS]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=os.environ, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "new departments: small A, small B" in ended.stdout and "left out: dictionary" in ended.stdout
    assert "4 runs, 0 finished already: sweep 1." in ended.stdout
    [sweep] = sweeps.listed(installation)
    assert (sweep.listed.name, sweep.listed.states) == ("trials small", {"queued": 4})
    with installation.reading() as session:
        target = departments.by_name(session, "small B")
        assert target is not None
        held = records.of_department(session, target.id)
    labelled = sum(row.split == "train" for row in held)
    assert {row.split for row in held} == {"train", "dev", "test"} and labelled > 2
    runs = api.list_runs(installation)
    assert {run.spec["target"]["keep"] for run in runs} == {round(labelled / 2)}
    assert {run.spec["config"]["training"]["max_steps"] for run in runs} == {7}
    assert {run.title.partition(":")[0] for run in runs} == {"la-dtl", "non-transfer"}
    finish_all(installation, sweep.listed.sweep_id)
    rows = list(sweep_rows.rows(installation, sweep.listed.sweep_id, {}).values())
    assert len(research.view(rows, "trials", "small A>small B", "dev").runs) == 4


def test_the_same_again_changes_nothing_and_another_corpus_is_told(
    installation: Database, corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert queue(corpus, monkeypatch, *OPTIONS) == 0
    assert "new departments" not in capsys.readouterr().out.split("sweep 1.")[1]
    assert len(api.list_runs(installation)) == 4
    path = corpus / "B" / "dev.conll"
    path.write_text(path.read_text(encoding="utf-8").replace("fever", "cough"), encoding="utf-8")
    assert queue(corpus, monkeypatch, *OPTIONS) == 1
    told = capsys.readouterr().err
    assert "the department small B has other records than" in told and "nothing was queued" in told
    assert len(sweeps.listed(installation)) == 2


def test_what_cannot_be_queued_is_told(
    installation: Database, corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (corpus / "labels.txt").write_text("Problem = Problem\n", encoding="utf-8")
    assert queue(corpus, monkeypatch, "--mapping", str(corpus / "labels.txt")) == 1
    assert "--queue takes no --mapping" in capsys.readouterr().err
    monkeypatch.setattr(handover, "find_spec", lambda name: None)
    assert queue(corpus, monkeypatch) == 1
    assert "--queue needs the package workbench" in capsys.readouterr().err
    assert core(["experiment", "trials", "--corpus", str(corpus)]) == 1
    assert "--out is missing" in capsys.readouterr().err
    for text in ("", "[]", json.dumps({"experiment": "trials"})):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        assert main(["experiment"]) == 1
        assert "the input is no experiment" in capsys.readouterr().err
