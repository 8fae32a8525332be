"""The whole interface to background runs, for services, pages and the command line. Loads neither torch nor DBOS.

Submitting writes one row; a worker on this or another machine that shares the database takes it from there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

import ladtl_core
from ladtl_core.config import Config
from ladtl_core.errors import ConfigError
from ladtl_core.methods import METHODS
from ladtl_core.records import Record
from workbench.jobs import inputs, search
from workbench.jobs.reaper import STALLED_SECONDS
from workbench.store import departments, runs, snapshots, sweeps, trained
from workbench.store.base import now
from workbench.store.database import Database
from workbench.store.models import RUN_ENDINGS, RUNS_ANEW, Run
from workbench.store.runs import IMPORTED


def needs_source(config: Config) -> bool:
    """Whether the method learns from a source department; if not, sources are left out of the run."""
    return METHODS[config.transfer.method].needs_source


@dataclass(frozen=True)
class TrainSpec:
    """What a person asks for: department ids and settings. The target's token scheme replaces `config.model.scheme`.

    With `keep` it learns the labels of only so many random records of the target: a run for its scores alone, which
    leaves no model and no suggestions.
    """

    sources: tuple[int, ...]
    target: int
    config: Config
    keep: int | None = None


@dataclass(frozen=True)
class Prepared:
    """A run as the queue takes it: what it learns from is frozen in `spec`, whose `hash` is the run's identity."""

    kind: str
    department_id: int
    title: str
    spec: dict[str, Any]

    @cached_property
    def hash(self) -> str:
        return spec_hash(self.kind, self.spec)


@dataclass(frozen=True)
class RunStatus:
    """A run as it stands. `stalled`: its worker has been silent since `heartbeat_at`, and it will be taken over.

    `result` of a succeeded training: scores, selection, best_epoch, steps, seconds; model_id and hash of its model, and
    its gaps on dev records (`ladtl_core.tag_gaps.MeasuredGap`).
    """

    run_id: int
    kind: str
    department_id: int
    title: str
    state: str
    stalled: bool
    heartbeat_at: datetime | None
    cancel_requested: bool
    attempt: int
    spec: dict[str, Any]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
    result: dict[str, Any] | None

    @property
    def ended(self) -> bool:
        return self.state in RUN_ENDINGS


@dataclass(frozen=True)
class Event:
    """One step of a run; `seq` counts from 0 without gaps; a later attempt may write it again, for the same step."""

    seq: int
    attempt: int
    payload: dict[str, Any]


def submit_training(database: Database, spec: TrainSpec) -> int:
    """Freeze the labels and queue the training; returns the run's id.

    The same settings on the same labels and texts are the same run: it is returned if it succeeded or is under way,
    and attempted anew if it failed, was cancelled or pruned. One that a sweep queued waits no longer behind the others.
    Raises ConfigError, and NotFound for an unknown department.
    """
    [prepared] = prepare(database, [spec])
    with database.session() as session:
        [run_id] = enqueue(session, [prepared])
        sweeps.disown(session, run_id)
        return run_id


def can_sample() -> bool:
    """Whether Optuna is installed, without which there are no sampled sweeps."""
    return search.installed()


def submit_prediction(database: Database, model_id: int) -> int:
    """Queue suggestions and scores for all records of the model's department, later ones included; the run's id."""
    with database.reading() as session:
        model = trained.get(session, model_id)
        name = departments.get(session, model.department_id).name
        last = inputs.last_record(session, model.department_id)
    # With "scores": the same without them may have been done by an earlier version.
    stored = {"model_id": model_id, "hash": model.hash, "last_record": last, "scores": True}
    prepared = Prepared("predict", model.department_id, f"suggestions: {name}, version {model.version}", stored)
    with database.session() as session:
        return enqueue(session, [prepared])[0]


def prepare(database: Database, specs: Sequence[TrainSpec]) -> list[Prepared]:
    """The trainings with today's labels of their departments, each frozen once; nothing is queued.

    Raises ConfigError, DataError for a department without labels, and NotFound for an unknown one.
    """
    for spec in specs:
        _check(spec)
    asked = {one for spec in specs for one in (spec.target, *_sources(spec))}
    with database.reading() as session:
        known = {one: snapshots.contents(session, one) for one in asked}
    with database.session() as session:

        @cache
        def target_of(department_id: int) -> dict[str, Any]:
            return inputs.frozen(session, department_id, known[department_id])

        @cache
        def source_of(department_id: int, target_id: int) -> dict[str, Any]:
            return inputs.frozen_source(session, department_id, target_id, known[department_id])

        return [
            _prepared(
                spec,
                [source_of(one, spec.target) for one in _sources(spec)],
                target_of(spec.target) | ({} if spec.keep is None else {"keep": spec.keep}),
                departments.get(session, spec.target).scheme,
            )
            for spec in specs
        ]


def _sources(spec: TrainSpec) -> list[int]:
    return sorted(set(spec.sources)) if needs_source(spec.config) else []


def _check(spec: TrainSpec) -> None:
    if needs_source(spec.config) and not spec.sources:
        raise ConfigError(f"{spec.config.transfer.method} needs a source department; choose at least one")
    if spec.target in spec.sources:
        raise ConfigError("a department cannot be source and target at once; take it out of the sources")


def _prepared(spec: TrainSpec, sources: list[dict[str, Any]], target: dict[str, Any], scheme: str) -> Prepared:
    config = replace(spec.config, model=replace(spec.config.model, scheme=scheme))
    names = " + ".join(part["name"] for part in sources)
    title = f"{config.transfer.method}: {names + ' → ' if names else ''}{target['name']}"
    title += "" if spec.keep is None else f", {spec.keep} record{'' if spec.keep == 1 else 's'}"
    stored = {"config": config.to_dict(), "sources": sources, "target": target}
    return Prepared("train", spec.target, title, stored)


def enqueue(session: Session, prepared: Sequence[Prepared]) -> list[int]:
    """Queue the runs but for those that succeeded or are under way; the ids of all."""
    rows: list[dict[str, Any]] = [
        {
            "kind": one.kind,
            "department_id": one.department_id,
            "title": one.title,
            "spec": one.spec,
            "spec_hash": one.hash,
            "code_version": code_version(),
        }
        for one in prepared
    ]
    found = runs.create_all(session, rows)
    for run in found.values():
        if run.state in RUNS_ANEW:
            runs.requeue(session, run.id)
    return [found[row["spec_hash"]].id for row in rows]


def status(database: Database, run_id: int) -> RunStatus:
    """Raises NotFound."""
    with database.reading() as session:
        return _status(runs.get(session, run_id))


def list_runs(database: Database, department_id: int | None = None, with_sweeps: bool = True) -> list[RunStatus]:
    """All runs, or those of a target department; newest first. Those of sweeps can be left out.

    What stands for a model from elsewhere is no run.
    """
    with database.reading() as session:
        found = runs.all_runs(session, department_id, with_sweeps=with_sweeps)
    return [_status(run) for run in found if IMPORTED not in run.spec]


def learned_from(database: Database, run: RunStatus) -> list[Record]:
    """The records of all departments that the training read, labelled or not."""
    with database.reading() as session:
        sources, target = inputs.learned_from(session, run.spec)
    return [*sources, *target]


def events(database: Database, run_id: int, after: int = -1) -> list[Event]:
    """The run's events with a seq above `after`, in order."""
    with database.reading() as session:
        return [Event(event.seq, event.attempt, event.payload) for event in runs.events(session, run_id, after)]


def cancel(database: Database, run_id: int) -> None:
    """Ask the run to stop: at once if it waits, at the end of its epoch if it runs; nothing happens if it has ended."""
    with database.session() as session:
        runs.request_cancel(session, run_id)


def retry(database: Database, run_id: int) -> None:
    """Queue a failed or cancelled run again; it goes on from its last checkpoint. Others are left as they are."""
    with database.session() as session:
        runs.requeue(session, run_id)


def spec_hash(kind: str, spec: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON; names and row numbers that may differ for the same content are left out."""

    def content(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: content(item) for key, item in value.items() if key not in ("name", "snapshot")}
        return [content(item) for item in value] if isinstance(value, list) else value

    canonical = json.dumps([kind, content(spec)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


@cache
def code_version() -> str:
    """The version of the learning code, with a hash of its source."""
    digest = hashlib.sha256()
    for path in sorted(Path(ladtl_core.__path__[0]).rglob("*.py")):
        digest.update(path.read_bytes())
    return f"{ladtl_core.__version__}+{digest.hexdigest()[:8]}"


def _status(run: Run) -> RunStatus:
    # Far ahead is as silent as far behind: the clock was put back since.
    silent = run.heartbeat_at is None or abs(now() - run.heartbeat_at) > timedelta(seconds=STALLED_SECONDS)
    return RunStatus(
        run_id=run.id,
        kind=run.kind,
        department_id=run.department_id,
        title=run.title,
        state=run.state,
        stalled=run.state == "running" and silent,
        heartbeat_at=run.heartbeat_at,
        cancel_requested=run.cancel_requested,
        attempt=run.attempt,
        spec=run.spec,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        error=run.error,
        result=run.result,
    )
