"""A department with finished trainings on more and more records, as the store has them, and none of it trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ladtl_core.config import Config, TrainingConfig, TransferConfig
from ladtl_core.records import Entity, Record
from workbench.jobs import api
from workbench.jobs.api import TrainSpec
from workbench.store import departments, records, runs, trained
from workbench.store.database import Database

SIZES = (20, 40, 60, 80)
UNLABELLED = 100
EPOCH = {"stage": "training", "epoch": 1, "epochs": 1, "step": 1, "seconds": 1.0, "losses": {}, "dev": None, "gap": {}}


def law(size: int) -> float:
    """F1 in percent after so many records: 52.3 after 20, 72.6 after 80."""
    return 100 - 158 * size**-0.4


def grown(database: Database, name: str, sizes: Sequence[int] = SIZES, f1: Callable[[int], float] = law) -> int:
    """A department that was trained at each of these sizes, with unlabelled records left; its id."""
    with database.session() as session:
        department = departments.create(session, name, "clinical", ["Problem", "Test"]).id
        records.add(session, department, [_record(f"dev-{i}", "dev") for i in range(30)], "local")
    done = 0
    for seed, size in enumerate(sizes):
        add(database, department, done, size)
        done = max(done, size)
        finish(database, submit(database, department, seed=seed), f1(size))
    with database.session() as session:
        left = [Record(f"left-{i}", "Dyspnoea .", split="pool") for i in range(UNLABELLED)]
        records.add(session, department, left, "local")
    return department


def add(database: Database, department: int, first: int, last: int, split: str = "pool") -> None:
    """Labelled records with these numbers."""
    with database.session() as session:
        records.add(session, department, [_record(f"{split}-{i}", split) for i in range(first, last)], "local")


def submit(database: Database, department: int, *, seed: int = 0, steps: int = 100, keep: int | None = None) -> int:
    """Queue a training of what is labelled now; the run's id."""
    training = TrainingConfig(seed=seed, max_steps=steps)
    config = Config(training=training, transfer=TransferConfig(method="non-transfer"))
    return api.submit_training(database, TrainSpec((), department, config, keep))


def finish(database: Database, run_id: int, f1: float, *, without: Sequence[str] = ()) -> None:
    """Let the run have succeeded with this F1 on dev, for each label the same, but for those left out."""
    scores = {"dev": dev_scores(f1, without), "test": None}
    with database.session() as session:
        attempt = runs.claim(session, run_id, "test")
        runs.record_event(session, run_id, attempt, 0, EPOCH)
        run = runs.get(session, run_id)
        given: dict[str, Any] = {"department_id": run.department_id, "run_id": run_id, "folder": "none"}
        if "keep" not in run.spec["target"]:
            trained.add_model(session, **given, hash=str(run_id), scores=scores)
        selection = {"kind": "dev", "text": "Stops early on the 30 labelled dev records."}
        result = {"scores": scores, "selection": selection, "best_epoch": 1, "steps": 100, "seconds": 1.0}
        runs.finish(session, run_id, attempt, "succeeded", result=result)


def dev_scores(f1: float, without: Sequence[str] = ()) -> dict[str, Any]:
    """30 dev records: 60 problems, 40 tests and 4 treatments."""
    support = {"Problem": 60, "Test": 40, "Treatment": 4}
    score = {"precision": f1, "recall": f1, "f1": f1}
    return {
        "overall": {**score, "support": 104},
        "per_label": {label: {**score, "support": n} for label, n in support.items() if label not in without},
        "confusion": {},
        "interval": [f1 - 3, f1 + 3],
        "records": 30,
    }


def _record(name: str, split: str) -> Record:
    return Record(name, "Dyspnoea was seen .", (Entity(0, 8, "Problem"),), split=split)
