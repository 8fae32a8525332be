"""Trainings that have ended, written as a worker writes them, without one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ladtl_core.config import Config, TransferConfig
from workbench.jobs import api
from workbench.jobs.api import TrainSpec
from workbench.store import records, runs, trained
from workbench.store.database import Database


def finish_training(
    database: Database,
    departments: Sequence[int],
    method: str,
    *,
    gap: Mapping[str, float],
    dev: dict[str, Any],
    suggested: Mapping[str, list[dict[str, Any]]],
    selection: str = "",
) -> None:
    """One from the first department to the second: its model with its scores on dev, its gap by BIO tag before and
    after, its suggestions by the names of records, and how its weights were selected."""
    source, target = departments
    config = Config(transfer=TransferConfig(method=method))
    run_id = api.submit_training(database, TrainSpec((source,), target, config))
    epoch = {"stage": "training", "epoch": 1, "epochs": 1, "step": 1, "seconds": 1.0, "losses": {"target": 1.0}}
    with database.session() as session:
        attempt = runs.claim(session, run_id, "test")
        runs.record_event(session, run_id, attempt, 0, epoch | {"dev": {"f1": 50.0}, "gap": dict(gap)})
        about: dict[str, Any] = {"department_id": target, "run_id": run_id, "folder": "none", "hash": method}
        found = {"dev": dev, "test": None}
        model = trained.add_model(session, **about, scores=found)
        ids = records.ids(session, target)
        trained.store_suggestions(session, model.id, {ids[name]: spans for name, spans in suggested.items()})
        tested = [{"tag": tag, "source": 4, "target": 4, "mmd2": mmd2, "p_value": 0.03} for tag, mmd2 in gap.items()]
        result = {"scores": found, "selection": {"text": selection}, "best_epoch": 1, "steps": 1, "seconds": 1.0}
        runs.finish(session, run_id, attempt, "succeeded", result=result | {"gaps": tested})
