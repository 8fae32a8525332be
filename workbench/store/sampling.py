"""Sampled sweeps: each is made of studies, whose next trials are asked for by what their trials so far have found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, and_, exists, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from workbench.store.base import Base
from workbench.store.models import Run, RunEvent
from workbench.store.sweeps import Sweep, SweepRun


class Study(Base):
    """So many trials of one training with other weights; while it is `stopped` no more are asked for.

    `spec` is of the training whose weights they change; `space` has the limits of each weight, [low, high]; `share` is
    of the target's labels, 0 to 1.
    """

    __tablename__ = "study"

    id: Mapped[int] = mapped_column(primary_key=True)
    sweep_id: Mapped[int] = mapped_column(ForeignKey("sweep.id"), index=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    title: Mapped[str]
    spec: Mapped[dict[str, Any]]
    share: Mapped[float]
    space: Mapped[dict[str, Any]]
    trials: Mapped[int]
    seed: Mapped[int]
    stopped: Mapped[bool] = mapped_column(default=False)


class Trial(Base):
    """A run that a study asked for; `number` counts from 0."""

    __tablename__ = "trial"

    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)


_ASKED = select(func.count()).where(Trial.study_id == Study.id).correlate(Study).scalar_subquery()
_WAITS = exists().where(Trial.study_id == Study.id, Trial.run_id == Run.id, Run.state == "queued").correlate(Study)


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial with what its run has found; `transfer` are its settings, `curve` is F1 on dev by epoch, in percent.

    `f1` on dev is that of the chosen weights; None until the run succeeded.
    """

    number: int
    run_id: int
    state: str
    transfer: dict[str, Any]
    f1: float | None
    curve: dict[int, float]


def add(session: Session, sweep_id: int, **values: Any) -> None:
    """Make a study of these columns."""
    session.add(Study(sweep_id=sweep_id, **values))


def studies(session: Session, sweep_id: int) -> list[Study]:
    """Those of a sweep; none if it is not sampled."""
    return list(session.scalars(select(Study).where(Study.sweep_id == sweep_id).order_by(Study.id)))


def not_asked(session: Session, stopped: bool) -> dict[int, int]:
    """How many trials of each sweep are not asked for: yet, or because it was stopped."""
    left = select(Study.sweep_id, func.sum(Study.trials - _ASKED)).where(Study.stopped == stopped)
    return {sweep_id: int(count) for sweep_id, count in session.execute(left.group_by(Study.sweep_id))}


def hungry(session: Session) -> list[int]:
    """Studies that go on and have no trial that waits for a worker."""
    query = select(Study.id).join(Sweep, Sweep.id == Study.sweep_id)
    query = query.where(~Sweep.paused, ~Study.stopped, Study.trials > _ASKED, ~_WAITS)
    return list(session.scalars(query.order_by(Study.id)))


def tried(session: Session, study_id: int) -> list[Tried]:
    """The trials of a study in the order in which they were asked for."""
    curves: dict[int, dict[int, float]] = {}
    epoch, f1 = RunEvent.payload["epoch"].as_integer(), RunEvent.payload[("dev", "f1")].as_float()
    told = select(RunEvent.run_id, epoch, f1).join(Trial, Trial.run_id == RunEvent.run_id)
    told = told.where(Trial.study_id == study_id, RunEvent.payload["stage"].as_string() == "training", f1.is_not(None))
    for run_id, number, value in session.execute(told):
        curves.setdefault(run_id, {})[number] = float(value)
    # Not whole runs: their scores of each document are long, and this is asked at every epoch.
    found = Run.result[("scores", "dev", "overall", "f1")].as_float()
    query = select(Trial.number, Run.id, Run.state, Run.spec[("config", "transfer")], found)
    query = query.join(Run, Run.id == Trial.run_id).where(Trial.study_id == study_id)
    return [
        Tried(number, run_id, state, transfer, None if f1 is None else float(f1), curves.get(run_id, {}))
        for number, run_id, state, transfer, f1 in session.execute(query.order_by(Trial.number))
    ]


def of_run(session: Session, run_id: int) -> Study | None:
    """The study that a run is a trial of, if nobody but sampled sweeps wants it: others want it whole."""
    sampled = exists().where(Study.sweep_id == SweepRun.sweep_id)
    whole = exists().where(SweepRun.run_id == run_id, or_(~SweepRun.own, ~sampled))
    query = select(Study).join(Trial, and_(Trial.study_id == Study.id, Trial.run_id == run_id)).where(~whole)
    return session.scalars(query.order_by(Study.id).limit(1)).first()


def still(session: Session, study_id: int, number: int) -> Study | None:
    """The study, locked, if the trial of that number is the next to be asked for and is still wanted."""
    study = session.get(Study, study_id, populate_existing=True, with_for_update=True)
    if study is None or study_id not in hungry(session):
        return None
    asked = session.scalar(select(func.count()).where(Trial.study_id == study_id))
    return study if asked == number else None


def add_trial(session: Session, study: Study, number: int, run_id: int, own: bool) -> None:
    """Let the run be a trial, and one of the sweep's; `own` if the sweep queued it."""
    session.add(Trial(study_id=study.id, number=number, run_id=run_id))
    if session.get(SweepRun, (study.sweep_id, run_id)) is None:
        session.add(SweepRun(sweep_id=study.sweep_id, run_id=run_id, share=study.share, own=own))


def stop(session: Session, sweep_id: int, stopped: bool) -> None:
    """Ask for no more trials of a sweep, or go on asking."""
    session.execute(update(Study).where(Study.sweep_id == sweep_id).values(stopped=stopped))


def with_weights(study: Study, weights: Mapping[str, float]) -> dict[str, Any]:
    """The study's spec with these weights."""
    config = study.spec["config"]
    return {**study.spec, "config": {**config, "transfer": {**config["transfer"], **weights}}}
