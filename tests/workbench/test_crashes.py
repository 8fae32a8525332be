"""Processes killed at random moments while people save and trainings run; and that the checks would see a loss."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.crash_checks import broken_checkpoints, broken_runs
from benchmarks.crashes import KINDS, Crashes, seeded, tiny
from benchmarks.editors import Saved, lost
from benchmarks.served import DATABASES, installation
from tests.workbench.fake_learner import FakeLearner
from tests.workbench.jobs_kit import use_home
from workbench.jobs import api, leftovers
from workbench.jobs.execution import execute
from workbench.services import labelling
from workbench.store import runs
from workbench.store.database import Database


def kill(kind: str, rounds: int, seed: int) -> Crashes:
    with installation(kind) as (home, database):
        crashes = Crashes(home, database, seed)
        lines = list(crashes.rounds(rounds))
        counts = crashes.counts()
    assert crashes.problems == []
    assert len(lines) == rounds < counts["acknowledged edits"] and counts["runs done"] > rounds
    assert all(counts[f"killed: {kind}"] for kind in KINDS)
    return crashes


def test_nothing_is_lost_or_done_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADTL_KERNELS", "torch")  # compiling takes longer than all of this
    kill("sqlite", rounds=2, seed=2)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", DATABASES)
def test_nothing_is_lost_or_done_twice_in_twenty_rounds(kind: str) -> None:
    kill(kind, rounds=20, seed=0)


def test_a_lost_edit_would_be_seen(database: Database) -> None:
    _, texts, label = seeded(database)
    record_id = next(iter(texts))
    given = {"label": label, "origin": "manual", "confidence": None, "model": None}
    saved = []
    for revision, end in enumerate((8, 11), 1):
        body = {"base": revision - 1, "status": "draft", "decisions": []}
        edit = labelling.parse_edit({**body, "spans": [{"id": "a", "start": 0, "end": end, **given}]})
        assert labelling.save(database, record_id, "Ada", edit) == revision
        saved.append(Saved("Ada", record_id, revision, frozenset({(0, end)}), 0.0, 0.0))
    assert lost(database, saved) == []
    others = [
        replace(saved[0], marks=frozenset({(0, 9)})),
        replace(saved[1], revision=3),
        replace(saved[0], person="B"),
    ]
    assert lost(database, [*others, *saved]) == others


def test_a_run_done_twice_and_a_broken_checkpoint_would_be_seen(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = use_home(database, tmp_path / "home", monkeypatch)
    ids, _, _ = seeded(database)
    run_id = api.submit_training(database, tiny(*ids, 0))
    execute(database, run_id, "here", FakeLearner().learner())
    assert list(broken_runs(database, [run_id])) == []
    with database.session() as session:
        runs.attempts(session, run_id)[0].outcome = "failed"
    assert len(list(broken_runs(database, [run_id]))) == 1
    file = leftovers.checkpoints(run_id) / "attempt-1.safetensors"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\x10\0\0\0\0\0\0\0{")
    assert len(list(broken_checkpoints(home))) == 1


def test_what_a_killed_worker_left_is_taken_away_when_nobody_needs_it(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_home(database, tmp_path / "home", monkeypatch)
    ids, _, _ = seeded(database)
    done, waits = (api.submit_training(database, tiny(*ids, seed)) for seed in range(2))
    for run_id in (done, waits):
        leftovers.draft(run_id, 1).mkdir(parents=True)
    execute(database, done, "here", FakeLearner().learner())
    assert [leftovers.draft(run_id, 1).exists() for run_id in (done, waits)] == [False, True]
    other = tmp_path / "home" / "models" / "run-of-mine.new"
    for folder in (leftovers.draft(done, 1), leftovers.checkpoints(done), leftovers.checkpoints(waits), other):
        folder.mkdir(parents=True)  # killed between its success and its tidying
    leftovers.remove_all(database)
    assert not leftovers.draft(done, 1).exists() and not leftovers.checkpoints(done).exists()
    assert leftovers.draft(waits, 1).exists() and leftovers.checkpoints(waits).exists() and other.exists()
