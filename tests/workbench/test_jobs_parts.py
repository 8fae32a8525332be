"""Trainings on a part of the labels: they learn from so many records and leave scores, no model."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ladtl_core.data import TrainingData
from tests.workbench.fake_learner import FakeLearner
from tests.workbench.jobs_kit import record, spec, two_departments, use_home
from workbench.jobs import api, inputs
from workbench.jobs.execution import execute
from workbench.store import departments, trained
from workbench.store.database import Database


class Watched(FakeLearner):
    """Keeps what it is given to learn from."""

    seen: TrainingData

    def train(self, data: TrainingData, *rest: Any, **options: Any) -> Any:
        object.__setattr__(self, "seen", data)
        return super().train(data, *rest, **options)


def test_a_part_is_learned_and_leaves_no_model(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = use_home(database, tmp_path / "home", monkeypatch)
    ids = two_departments(database)
    learner = Watched()
    run_id = api.submit_training(database, replace(spec(ids), keep=2))
    execute(database, run_id, "here", learner.learner())
    run = api.status(database, run_id)
    assert run.state == "succeeded", run.error
    assert run.result is not None and set(run.result) == {"scores", "selection", "best_epoch", "steps", "seconds"}
    assert len({sentence.record_id for sentence in learner.seen.target}) == 2
    whole = [r for r in map(_neurology, range(12)) if r.split == "pool"]
    assert {s.record_id for s in (*learner.seen.target, *learner.seen.unlabelled)} >= {r.id for r in whole}
    assert len({sentence.record_id for sentence in learner.seen.source}) == 6
    assert len({sentence.record_id for sentence in learner.seen.dev}) == 2
    with database.reading() as session:
        assert trained.of_department(session, ids[1]) == []
        assert departments.get(session, ids[1]).current_model_id is None
    assert not (home / "models").exists()
    assert (
        api.submit_training(database, replace(spec(ids), keep=3)) != run_id != api.submit_training(database, spec(ids))
    )


def test_larger_parts_hold_the_smaller_ones() -> None:
    records = [*map(_neurology, range(12))]

    def labelled(keep: int, seed: int) -> set[str]:
        kept = inputs.with_labels_of(records, keep, seed)
        return {r.id for r in kept if r.entities is not None and r.split == "pool"}

    for seed in range(5):
        parts = [labelled(keep, seed) for keep in range(1, 8)]
        assert [len(part) for part in parts] == [1, 2, 3, 4, 5, 6, 6]
        assert all(small <= large for small, large in pairwise(parts))
        assert labelled(3, seed) == labelled(3, seed)
    assert len({frozenset(labelled(3, seed)) for seed in range(5)}) > 1
    kept = inputs.with_labels_of(records, 1, 0)
    assert [r.text for r in kept] == [r.text for r in records]
    assert [r for r in kept if r.split == "dev"] == [r for r in records if r.split == "dev"]


def _neurology(i: int) -> Any:
    return record("Neurology", i)
