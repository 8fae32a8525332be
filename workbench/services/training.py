"""Starting a training and following it: settings for the form, the data that a run would get, how far it is."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ladtl_core.config import Config, ModelConfig, TrainingConfig, TransferConfig
from ladtl_core.data import TRAINING_SPLITS, Selection, selection_of
from ladtl_core.errors import ConfigError
from ladtl_core.methods import METHODS
from workbench.jobs import api
from workbench.jobs.api import RunStatus, TrainSpec
from workbench.services import access, label_mapping
from workbench.services.roles import Act, needs, visible
from workbench.store import audit, departments, snapshots
from workbench.store.database import Database
from workbench.store.departments import Overview, SplitCount
from workbench.store.errors import NotFound
from workbench.store.flattening import left_out

GROUPS: tuple[tuple[str, type[Any]], ...] = (
    ("transfer", TransferConfig),
    ("training", TrainingConfig),
    ("model", ModelConfig),
)
# Chosen on the page itself or given by the department, or of use to the command line alone.
ELSEWHERE = ("method", "scheme", "label_weights", "vectors")
TRAINING, AFTERWARDS = "training", ("suggestions", "scores")  # stages of a run, after those of its embeddings


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of the form; `source` says where the default comes from, limits are inclusive and may be open.

    `choices` are all that a str may be; empty where it is free.
    """

    group: str
    name: str
    kind: str  # int, float, bool, str or floats
    default: Any
    help: str
    source: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a run would learn from: labelled records, and records whose text alone serves for the embeddings."""

    source_labelled: int
    target_labelled: int
    unlabelled: int
    dev_labelled: int
    test_labelled: int
    left_out: int  # spans that overlap longer ones: a tagger learns one label a token
    label_sets: tuple[str, ...]  # a line for each source whose labels are others than the target's
    selection: Selection
    problem: str | None  # why it cannot be started


@dataclass(frozen=True, slots=True)
class Live:
    """How far a run is. `epochs` is the most it can take; `seconds_left` assumes that it takes them all.

    `payloads` are its epochs so far: epoch, losses by name, dev {precision, recall, f1} in percent or None, gap by
    label.
    """

    run: RunStatus
    dev_records: int  # labelled ones behind dev F1; 0 while a held-out part of the training records takes their place
    stage: str
    epoch: int
    epochs: int
    seconds_left: float | None
    first_losses: dict[str, float]  # after a few steps, while there is no epoch yet
    payloads: list[dict[str, Any]]

    @property
    def dev_f1(self) -> list[float | None]:
        """F1 on dev of each epoch, in percent."""
        return [payload["dev"] and payload["dev"]["f1"] for payload in self.payloads]


def methods() -> tuple[str, ...]:
    """The names of the methods, the simplest first."""
    return tuple(METHODS)


def about(method: str) -> str:
    """What the method is, and whose."""
    row = METHODS[method]
    return f"{row.description[:-1]} ({row.paper}). {row.differs}".strip()


def settings(method: str) -> list[Setting]:
    """The settings of the form that change something in this method, by group."""
    left_out = {*ELSEWHERE, *METHODS[method].unused}
    return [_setting(group, kind, field) for group, kind in GROUPS for field in dataclasses.fields(kind)
            if field.name not in left_out]  # fmt: skip


def _setting(group: str, of: type[Any], field: dataclasses.Field[Any]) -> Setting:
    hint = typing.get_type_hints(of)[field.name]
    about = field.metadata
    return Setting(
        group,
        field.name,
        getattr(hint, "__name__", "") if isinstance(hint, type) and hint is not tuple else "floats",
        field.default,
        about["help"],
        about["source"],
        about["low"],
        about["high"],
        about["choices"],
    )


def make_spec(sources: Sequence[int], target: int, method: str, values: Mapping[str, Mapping[str, Any]]) -> TrainSpec:
    """The spec of a form: `values[group][name]`, where missing settings keep their defaults. Raises ConfigError."""
    groups: dict[str, Any] = {group: dict(values.get(group, {})) for group, _ in GROUPS}
    groups["transfer"]["method"] = method
    return TrainSpec(tuple(sources), target, Config.from_dict(groups))


@needs(Act.TRAIN)
def offer(database: Database, spec: TrainSpec) -> Offer:
    """What the run would get now, and which way of stopping early applies. Raises NotFound."""
    with database.reading() as session:
        rows = {row.department_id: row for row in departments.overview(session)}
        used = [*(spec.sources if api.needs_source(spec.config) else ()), spec.target]
        overlapping = left_out(session, used, TRAINING_SPLITS)
        labels = label_mapping.said(session, used[:-1], spec.target)
    for department_id in (*spec.sources, spec.target):
        if department_id not in rows:
            raise NotFound("department", department_id)
    sources = [rows[source] for source in spec.sources] if api.needs_source(spec.config) else []
    target = rows[spec.target]
    source_labelled = sum(_training(row).labelled for row in sources)
    mine = _training(target)
    unlabelled = sum(part.records - part.labelled for part in (mine, *map(_training, sources)))
    dev, test = (target.splits.get(split, SplitCount(0, 0)).labelled for split in ("dev", "test"))
    problem = None
    if not mine.labelled:
        problem = f"{target.name} has no submitted training record; label and submit one first."
    elif api.needs_source(spec.config) and not source_labelled:
        problem = "The source has no submitted training record; choose a department that has."
    selection = selection_of(dev, mine.labelled, spec.config.training.fixed_steps)
    return Offer(source_labelled, mine.labelled, unlabelled, dev, test, overlapping, labels, selection, problem)


def _training(row: Overview) -> SplitCount:
    parts = [row.splits[split] for split in TRAINING_SPLITS if split in row.splits]
    return SplitCount(sum(part.records for part in parts), sum(part.labelled for part in parts))


@needs(Act.TRAIN)
def start(database: Database, spec: TrainSpec) -> int:
    """Queue the training; returns its run's id, which is an earlier run's if the same was trained before.

    Raises ConfigError where there is nothing to train on, or the settings do not fit.
    """
    problem = offer(database, spec).problem
    if problem:
        raise ConfigError(problem)
    run_id = api.submit_training(database, spec)
    _note(database, "queued training", run_id)
    return run_id


@needs(Act.TRAIN)
def live(database: Database, run_id: int) -> Live:
    """How the run stands now. Raises NotFound."""
    run = api.status(database, run_id)
    payloads = [event.payload for event in api.events(database, run_id)]
    latest: dict[str, Any] = payloads[-1] if payloads else {"stage": "waiting", "epoch": 0, "epochs": 0}
    done = [payload for payload in payloads if payload["stage"] == TRAINING and payload["epoch"] > 0]
    here = latest if latest["stage"] not in AFTERWARDS or not done else done[-1]
    dev_records = 0
    if run.kind == "train":
        with database.reading() as session:
            dev_records = snapshots.split_counts(session, run.spec["target"]["snapshot"]).get("dev", 0)
    left, first = _seconds_left(run, latest, done), latest.get("losses", {})
    return Live(run, dev_records, latest["stage"], here["epoch"], here["epochs"], left, first, done)


def _seconds_left(run: RunStatus, latest: dict[str, Any], done: list[dict[str, Any]]) -> float | None:
    if run.state != "running" or latest["stage"] != TRAINING or len(done) < 2:
        return None
    first, last = done[0], done[-1]
    per_epoch = (last["seconds"] - first["seconds"]) / (last["epoch"] - first["epoch"])
    return float(per_epoch * (last["epochs"] - last["epoch"]))


@needs(Act.TRAIN)
def cancel(database: Database, run_id: int) -> None:
    """Ask a run to stop; it does at the end of its epoch, or is ended 10 s later."""
    api.cancel(database, run_id)
    _note(database, "cancelled", run_id)


@needs(Act.TRAIN)
def retry(database: Database, run_id: int) -> None:
    """Go on with a failed or cancelled run from its last checkpoint."""
    api.retry(database, run_id)
    _note(database, "retried", run_id)


def _note(database: Database, what: str, run_id: int) -> None:
    with database.session() as session:
        audit.note(session, access.who(), what, f"run {run_id}")


@needs(Act.TRAIN)
def list_runs(database: Database, department_id: int | None = None) -> list[RunStatus]:
    """Trainings and predictions, newest first, without those of sweeps; of one target department if its id is given."""
    with database.reading() as session:
        sees = visible(session)
    found = api.list_runs(database, department_id, with_sweeps=False)
    return [run for run in found if sees(run.department_id)]
