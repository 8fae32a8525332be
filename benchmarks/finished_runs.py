"""A home with thousands of finished runs, none of it trained: sweeps, trainings with models, and a table of all runs.

Settings, labels and records are those of the demo; scores and curves are drawn, with an effect of what was varied.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

from sqlalchemy import insert, select, update

from ladtl_core.config import Config, TrainingConfig, TransferConfig
from ladtl_core.methods import METHODS
from workbench.jobs import api
from workbench.jobs.api import TrainSpec
from workbench.services import demo, sweep_plans, sweep_rows, sweeps
from workbench.services.sweep_plans import Grid
from workbench.store import departments, experiments, runs
from workbench.store.base import now
from workbench.store.database import Database
from workbench.store.models import Attempt, Model, Run, RunEvent

ME = "local"
LABELS = ("Problem", "Test", "Treatment")
DOCUMENTS, EPOCHS, SECONDS = 40, 20, 60.0
WEIGHTS = {"alpha": (0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1), "beta": (0, 0.05, 0.1, 0.2, 0.5)}
AT_ONCE = 500
GOLD = [3 + document % 6 for document in range(DOCUMENTS)]  # spans of each label in each document


def fill(database: Database, count: int, sweep_of: int, trainings: int) -> None:
    """The demo with so many finished runs in sweeps of at most `sweep_of`, and finished trainings that left models."""
    demo.ensure_demo(database)
    with database.reading() as session:
        ids = [department.id for department in departments.all_departments(session)]
    found, left, number = list(permutations(ids, 2)), count, 0
    while left > 0:
        number += 1
        plan = sweep_plans.plan(database, _grid(number, found, sweep_of))
        planned = replace(plan, runs=plan.runs[:left])
        sweeps.queue(database, f"Sweep {number}", planned, ME)
        left -= len(planned.runs)
    _train(database, found, trainings)
    finish(database)
    of_sweeps = (sweep_rows.rows(database, one.listed.sweep_id, {}) for one in sweeps.listed(database))
    with database.session() as session:
        experiments.add(session, "All runs", ME, [row for rows in of_sweeps for row in rows.values()])


def _grid(number: int, found: Sequence[tuple[int, int]], size: int) -> Grid:
    """The first over alpha and beta of one pair, the others over all pairs and methods; each of at most `size` runs."""
    config = Config(training=TrainingConfig(max_steps=2000 + number))  # or they would be the same runs
    if number == 1:
        small = Grid((((found[0][0],), found[0][1]),), ("la-dtl",), WEIGHTS, (0.5, 1.0), 1, config)
    else:
        small = Grid(tuple(((source,), target) for source, target in found), tuple(METHODS), {}, (0.5, 1.0), 1, config)
    return replace(small, seeds=max(1, size // small.size))


def _train(database: Database, found: Sequence[tuple[int, int]], count: int) -> None:
    """Queue trainings as people start them: by pair, method and seed."""
    specs = [
        TrainSpec((source,), target, _config(name, seed))
        for seed in range(1 + count // 60)
        for name in METHODS
        for source, target in found
    ]
    prepared = {one.hash: one for one in api.prepare(database, specs)}
    with database.session() as session:
        api.enqueue(session, list(prepared.values())[:count])


def _config(method: str, seed: int) -> Config:
    return Config(training=TrainingConfig(seed=seed), transfer=TransferConfig(method=method))


def finish(database: Database) -> None:
    """Let everything that waits have succeeded, in bulk."""
    with database.session() as session:
        waiting = runs.all_runs(session, state="queued")
        versions: dict[int, int] = {}
        for first in range(0, len(waiting), AT_ONCE):
            part = waiting[first : first + AT_ONCE]
            ended = {run.id: _Ended(run) for run in part}
            session.execute(update(Run), [one.run_row for one in ended.values()])
            session.execute(insert(Attempt), [one.attempt for one in ended.values()])
            session.execute(insert(RunEvent), [event for one in ended.values() for event in one.events])
            models = [one.model(versions) for one in ended.values() if one.leaves_model]
            if models:
                session.execute(insert(Model), models)
        for department_id in versions:
            newest = session.scalar(
                select(Model.id).where(Model.department_id == department_id).order_by(Model.id.desc())
            )
            departments.get(session, department_id).current_model_id = newest


class _Ended:
    """The rows of one run that has succeeded."""

    def __init__(self, run: Run) -> None:
        self.run, self.random = run, random.Random(run.spec_hash)
        self.began = now() - timedelta(days=30) + timedelta(minutes=run.id)
        self.ended = self.began + timedelta(seconds=SECONDS)
        transfer, keep = run.spec["config"]["transfer"], run.spec["target"].get("keep", 20)
        place = list(METHODS).index(transfer["method"])
        weighed = 200 * (transfer["alpha"] - 0.05) ** 2 + 20 * (transfer["beta"] - 0.2) ** 2
        best = 60 + place - weighed + min(keep, 100) / 10
        self.f1 = min(95.0, max(5.0, best + self.random.gauss(0, 3)))
        self.scores = {"dev": self._scores(self.f1, 30), "test": self._scores(self.f1 - 2, DOCUMENTS)}

    def _scores(self, f1: float, documents: int) -> dict[str, Any]:
        counts = {label: [self._counts(f1, gold) for gold in GOLD[:documents]] for label in LABELS}
        per_label = {label: _score([sum(of) for of in zip(*counts[label], strict=True)]) for label in LABELS}
        total = [sum(of) for label in LABELS for of in zip(*counts[label], strict=True)]
        overall = _score([sum(total[i::3]) for i in range(3)])
        confusion = {gold: {found: self.random.randrange(60) for found in (*LABELS, "O")} for gold in (*LABELS, "O")}
        interval = [overall["f1"] - 5, overall["f1"] + 5]
        return {"overall": overall, "per_label": per_label, "confusion": confusion, "interval": interval,
                "records": documents, "counts": counts}  # fmt: skip

    def _counts(self, f1: float, gold: int) -> list[int]:
        correct = sum(self.random.random() < f1 / 100 for _ in range(gold))
        return [correct, correct + self.random.randrange(3), gold]

    @property
    def leaves_model(self) -> bool:
        return "keep" not in self.run.spec["target"]

    @property
    def run_row(self) -> dict[str, Any]:
        selection = {"kind": "dev", "text": "Stops early on the 30 labelled dev records."}
        result = {"scores": self.scores, "selection": selection, "best_epoch": EPOCHS - 4, "steps": 50 * EPOCHS,
                  "seconds": round(self.random.gauss(SECONDS, 5), 3)}  # fmt: skip
        at = {"started_at": self.began, "heartbeat_at": self.began, "finished_at": self.ended}
        return {"id": self.run.id, "state": "succeeded", "attempt": 1, "result": result, **at}

    @property
    def attempt(self) -> dict[str, Any]:
        at = {"started_at": self.began, "ended_at": self.ended}
        return {"run_id": self.run.id, "number": 1, "worker": "benchmark", "outcome": "succeeded", **at}

    @property
    def events(self) -> list[dict[str, Any]]:
        return [
            {"run_id": self.run.id, "seq": epoch, "attempt": 1, "at": self.began, "payload": self._payload(epoch)}
            for epoch in range(EPOCHS + 1)
        ]

    def _payload(self, epoch: int) -> dict[str, Any]:
        f1 = self.f1 * (1 - 0.7 ** (epoch + 1)) + self.random.gauss(0, 1)
        tags = [f"{part}-{label}" for label in LABELS for part in "BI"] if self.run.spec["sources"] else []
        losses = {name: 10 * 0.8**epoch + self.random.random() for name in ("source", "target", "mmd", "crf_l2")}
        return {"stage": "training", "epoch": epoch, "epochs": EPOCHS, "step": 50 * epoch, "seconds": 3.0 * epoch,
                "losses": losses, "dev": {"precision": f1, "recall": f1, "f1": f1},
                "gap": dict.fromkeys(tags, 0.3 * 0.9**epoch),
                "divergence": {"kl": 2.0, "bound": 3.0, "crf_l2": 1.0}}  # fmt: skip

    def model(self, versions: dict[int, int]) -> dict[str, Any]:
        department = self.run.department_id
        versions[department] = versions.get(department, 0) + 1
        return {"department_id": department, "run_id": self.run.id, "version": versions[department], "folder": "none",
                "hash": self.run.spec_hash, "scores": self.scores}  # fmt: skip


def _score(counts: Sequence[int]) -> dict[str, Any]:
    correct, predicted, gold = counts
    precision, recall = (100 * correct / max(n, 1) for n in (predicted, gold))
    return {"precision": precision, "recall": recall, "f1": 200 * correct / max(predicted + gold, 1), "support": gold}
