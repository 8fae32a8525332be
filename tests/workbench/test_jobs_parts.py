"""Trainings on a part of the labels: they learn from so many records and leave scores, no model."""

from __future__ import annotations

import gc
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ladtl_core.data import TrainingData
from ladtl_core.records import Record
from tests.workbench.fake_learner import FakeLearner
from tests.workbench.jobs_kit import record, spec, two_departments, use_home
from workbench.jobs import api, inputs
from workbench.jobs.execution import execute
from workbench.jobs.learned import Forgetting, forget
from workbench.services import erasure
from workbench.services.erasure import Asked
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


def test_runs_share_what_they_learn_from_until_a_record_is_erased(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_home(database, tmp_path / "home", monkeypatch)
    ids = two_departments(database)
    run_ids = [
        api.submit_training(database, replace(spec(ids, seed=seed), keep=keep))
        for seed, keep in ((0, 2), (1, 2), (2, 9), (3, 9))
    ]
    learner, seen = Watched(), []
    for run_id in run_ids[:3]:
        execute(database, run_id, "here", learner.learner())
        seen.append(learner.seen)
    assert all(one.source is seen[0].source and one.dev is seen[0].dev for one in seen)
    assert [len({s.record_id for s in one.target}) for one in seen] == [2, 2, 6]
    assert {len(one.target) + len(one.unlabelled) for one in seen} == {len(seen[0].target) + len(seen[0].unlabelled)}
    unlabelled = "Neurology-8"
    assert unlabelled in {s.record_id for s in seen[2].unlabelled}
    erasure.erase(database, Asked(records=(unlabelled,), department_id=ids[1]), "Ada")
    execute(database, run_ids[3], "here", learner.learner())
    assert learner.seen.target == seen[2].target
    assert len(learner.seen.unlabelled) == len(seen[2].unlabelled) - 1
    assert unlabelled not in {s.record_id for s in learner.seen.unlabelled}


def test_a_worker_forgets_what_was_erased(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_home(database, tmp_path / "home", monkeypatch)
    forget()  # what tests before have left in this process
    ids, before = two_departments(database), _in_memory("Neurology-8")
    run_id = api.submit_training(database, spec(ids))
    execute(database, run_id, "here", FakeLearner().learner())
    forgotten: list[bool] = []
    forgetting = Forgetting(database, lambda: forgotten.append(True))
    forgetting.step()
    assert not forgotten and _in_memory("Neurology-8") > before
    erasure.erase(database, Asked(records=("Neurology-8",), department_id=ids[1]), "Ada")
    forgetting.step()
    assert forgotten and _in_memory("Neurology-8") <= before


def _in_memory(record_id: str) -> int:
    gc.collect()
    return sum(type(thing) is Record and thing.id == record_id for thing in gc.get_objects())


def test_larger_parts_hold_the_smaller_ones() -> None:
    records = [*map(_neurology, range(12))]
    pool = {r.id for r in records if r.split == "pool" and r.entities is not None}

    def labelled(keep: int, seed: int) -> set[str]:
        return inputs.kept_labels(records, keep, seed)

    for seed in range(5):
        parts = [labelled(keep, seed) for keep in range(1, 8)]
        assert [len(part) for part in parts] == [1, 2, 3, 4, 5, 6, 6]
        assert all(small <= large for small, large in pairwise(parts))
        assert labelled(3, seed) == labelled(3, seed)
    assert len({frozenset(labelled(3, seed)) for seed in range(5)}) > 1
    assert labelled(7, 0) == pool


def _neurology(i: int) -> Any:
    return record("Neurology", i)
