"""Finished trainings: how they did, against each other, and which model a department uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ladtl_core.scores import Scores
from workbench.jobs import api
from workbench.jobs.api import RunStatus
from workbench.services.roles import Act, needs
from workbench.store import audit, departments, scores, snapshots, trained
from workbench.store.database import Database
from workbench.store.trained import Measured

LOOKED_AT_TEST = "looked at test"


@dataclass(frozen=True)
class Result:
    """One succeeded training. `labelled` counts the target's records that it learned from."""

    run: RunStatus
    model_id: int
    version: int
    current: bool
    method: str
    sources: str
    labelled: int
    snapshot: str
    settings: Mapping[str, Mapping[str, Any]]
    selection: str
    dev: Scores | None
    best_epoch: int
    steps: int
    seconds: float

    @property
    def name(self) -> str:
        """How the run is called in lists: `v3 · la-dtl · Cardiology · 20 records`."""
        sources = f" · from {self.sources}" if self.sources else ""
        return f"v{self.version} · {self.method}{sources} · {self.labelled} records"


@needs(Act.RESULTS)
def of_department(database: Database, department_id: int) -> list[Result]:
    """The department's succeeded trainings, newest first."""
    found = api.list_runs(database, department_id, with_sweeps=False)  # those of sweeps leave no model
    ended = [run for run in found if run.kind == "train" and run.state == "succeeded"]
    with database.reading() as session:
        current = departments.get(session, department_id).current_model_id
        models = trained.measured(session, department_id)
        used = {run.spec["target"]["snapshot"] for run in ended}
        labelled = {snapshot: _labelled(snapshots.split_counts(session, snapshot)) for snapshot in used}
    return [
        _result(run, models[run.run_id], current, labelled[run.spec["target"]["snapshot"]])
        for run in ended
        if run.run_id in models
    ]


def _labelled(counts: Mapping[str, int]) -> int:
    return counts.get("pool", 0) + counts.get("train", 0)


def _result(run: RunStatus, model: Measured, current: int | None, labelled: int) -> Result:
    outcome, spec = run.result or {}, run.spec
    return Result(
        run=run,
        model_id=model.model_id,
        version=model.version,
        current=model.model_id == current,
        method=spec["config"]["transfer"]["method"],
        sources=" + ".join(part["name"] for part in spec["sources"]),
        labelled=labelled,
        snapshot=spec["target"]["snapshot_hash"],
        settings=spec["config"],
        selection=outcome["selection"]["text"],
        dev=Scores.from_dict(model.dev) if model.dev else None,
        best_epoch=outcome["best_epoch"],
        steps=outcome["steps"],
        seconds=outcome["seconds"],
    )


@needs(Act.RESULTS)
def epochs(database: Database, run_id: int) -> list[dict[str, Any]]:
    """What each epoch of a run showed: epoch, losses, dev, gap; see `ladtl_core.progress.Progress`."""
    payloads = [event.payload for event in api.events(database, run_id)]
    return [payload for payload in payloads if payload["stage"] == "training" and payload["epoch"] > 0]


@needs(Act.TRAIN)
def make_current(database: Database, model_id: int, who: str) -> int | None:
    """Let the department use this model from now on; older ones stay.

    Records imported since it was trained have no suggestions and scores yet: these are queued, and that run's id
    returned.
    """
    with database.session() as session:
        model = trained.make_current(session, model_id)
        audit.note(session, who, "made current", f"model {model_id}", {"version": model.version})
        complete = trained.has_all_suggestions(session, model_id) and scores.has_all(session, model_id)
    return None if complete else api.submit_prediction(database, model_id)


@needs(Act.RESULTS)
def look_at_test(database: Database, result: Result, who: str) -> Scores | None:
    """The test scores. Every look is written to the audit trail: settings are chosen on dev, test is for the report."""
    with database.session() as session:
        audit.note(session, who, LOOKED_AT_TEST, f"model {result.model_id}")
        scores = trained.get(session, result.model_id).scores.get("test")
    return Scores.from_dict(scores) if scores else None


@needs(Act.RESULTS)
def test_looks(database: Database, model_ids: list[int]) -> int:
    """How often the test scores of these models were looked at."""
    with database.reading() as session:
        return audit.count(session, LOOKED_AT_TEST, [f"model {model_id}" for model_id in model_ids])
