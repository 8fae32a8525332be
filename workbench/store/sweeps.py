"""Sweeps: many runs asked for at once. They wait behind every single run, and a paused sweep's do not start at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, and_, exists, func, select, update
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from workbench.store.base import Base, now
from workbench.store.errors import NotFound
from workbench.store.models import Run

_AT_ONCE = 500


class Sweep(Base):
    """While it is paused none of its waiting runs starts."""

    __tablename__ = "sweep"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    author: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    paused: Mapped[bool] = mapped_column(default=False)


class SweepRun(Base):
    """A run of a sweep, `own` if the sweep queued it and not a person; `share` of the target's labels, 0 to 1."""

    __tablename__ = "sweep_run"

    sweep_id: Mapped[int] = mapped_column(ForeignKey("sweep.id"), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True, index=True)
    share: Mapped[float]
    own: Mapped[bool]


_MINE = exists().where(SweepRun.run_id == Run.id, SweepRun.own)
OF_A_SWEEP = _MINE.correlate(Run)
_OF_A_GOING_ONE = _MINE.where(SweepRun.sweep_id == Sweep.id, ~Sweep.paused).correlate(Run)
_HELD = and_(OF_A_SWEEP, ~_OF_A_GOING_ONE)


class Waiting(NamedTuple):
    """A run that may start; `behind` if it shall wait for all that are not."""

    run_id: int
    attempt: int
    behind: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A sweep and how many of its runs are in each state."""

    sweep_id: int
    name: str
    author: str
    created_at: datetime
    paused: bool
    states: dict[str, int]


@dataclass(frozen=True, slots=True)
class Ended:
    """A succeeded run; of its scores F1 in percent and the counts of test documents by label, None if not measured."""

    run_id: int
    share: float
    spec: dict[str, Any]
    code_version: str
    dev_f1: float | None
    test_f1: float | None
    test_counts: dict[str, list[list[int]]] | None
    best_epoch: int
    steps: int
    seconds: float


class Tried(NamedTuple):
    """What a sweep may vary, of one of its runs; `rate` is the share of the target's labels."""

    source: str
    target: str
    rate: float
    method: str
    alpha: float
    beta: float
    epsilon: float
    gamma: float


def create(session: Session, name: str, author: str) -> int:
    sweep = Sweep(name=name, author=author)
    session.add(sweep)
    session.flush()
    return sweep.id


def join(session: Session, sweep_id: int, run_id: int, share: float, own: bool) -> None:
    """Let the run be one of the sweep's."""
    session.add(SweepRun(sweep_id=sweep_id, run_id=run_id, share=share, own=own))


def get(session: Session, sweep_id: int) -> Sweep:
    """Raises NotFound."""
    sweep = session.get(Sweep, sweep_id, populate_existing=True)
    if sweep is None:
        raise NotFound("sweep", sweep_id)
    return sweep


def listed(session: Session) -> list[Listed]:
    """All sweeps, the newest first."""
    states: dict[int, dict[str, int]] = {}
    counted = select(SweepRun.sweep_id, Run.state, func.count()).join(Run, Run.id == SweepRun.run_id)
    for sweep_id, state, count in session.execute(counted.group_by(SweepRun.sweep_id, Run.state)):
        states.setdefault(sweep_id, {})[state] = count
    return [
        Listed(sweep.id, sweep.name, sweep.author, sweep.created_at, sweep.paused, states.get(sweep.id, {}))
        for sweep in session.scalars(select(Sweep).order_by(Sweep.id.desc()))
    ]


def failed(session: Session, sweep_id: int) -> list[Run]:
    """The sweep's failed runs, the oldest first."""
    query = select(Run).join(SweepRun, SweepRun.run_id == Run.id)
    return list(session.scalars(query.where(SweepRun.sweep_id == sweep_id, Run.state == "failed").order_by(Run.id)))


def ended(session: Session, sweep_id: int, without: Sequence[int] = ()) -> list[Ended]:
    """The sweep's succeeded runs, the oldest first, but for some ids."""
    dev, test = (Run.result[("scores", split, "overall", "f1")].as_float() for split in ("dev", "test"))
    columns = (
        Run.id, SweepRun.share, Run.spec, Run.code_version, dev, test, Run.result[("scores", "test", "counts")],
        Run.result["best_epoch"].as_integer(), Run.result["steps"].as_integer(), Run.result["seconds"].as_float(),
    )  # fmt: skip
    query = select(*columns).join(SweepRun, SweepRun.run_id == Run.id)
    query = query.where(SweepRun.sweep_id == sweep_id, Run.state == "succeeded", Run.id.not_in(without))
    return [Ended(*row) for row in session.execute(query.order_by(Run.id))]


def tried(session: Session, sweep_id: int) -> list[Tried]:
    """What differs in the sweep's runs, whatever their states."""
    transfer = [Run.spec[("config", "transfer", name)] for name in ("method", "alpha", "beta", "epsilon", "gamma")]
    columns = (Run.spec["sources"], Run.spec[("target", "name")].as_string(), SweepRun.share)
    query = select(*columns, transfer[0].as_string(), *(weight.as_float() for weight in transfer[1:]))
    query = query.join(SweepRun, SweepRun.run_id == Run.id).where(SweepRun.sweep_id == sweep_id)
    rows: list[Any] = list(session.execute(query))
    return [Tried(" + ".join(part["name"] for part in sources), *rest) for sources, *rest in rows]


def run_ids(session: Session, sweep_id: int, states: Sequence[str], *, alone: bool = False) -> list[int]:
    """The runs in these states that the sweep queued; with `alone` those that no other sweep has."""
    query = select(Run.id).join(SweepRun, SweepRun.run_id == Run.id)
    query = query.where(SweepRun.sweep_id == sweep_id, SweepRun.own, Run.state.in_(states))
    if alone:
        other = aliased(SweepRun)
        query = query.where(~exists().where(other.run_id == Run.id, other.sweep_id != sweep_id))
    return list(session.scalars(query.order_by(Run.id)))


def owned(session: Session, run_ids: Iterable[int]) -> set[int]:
    """Which of the runs a sweep queued."""
    ids, found = list(run_ids), set[int]()
    for first in range(0, len(ids), _AT_ONCE):
        part = ids[first : first + _AT_ONCE]
        found |= set(session.scalars(select(SweepRun.run_id).where(SweepRun.own, SweepRun.run_id.in_(part))))
    return found


def disown(session: Session, run_id: int) -> None:
    """Let the run be one that a person asked for, which sweeps only show."""
    session.execute(update(SweepRun).where(SweepRun.run_id == run_id).values(own=False))


def waiting(session: Session) -> list[Waiting]:
    """The queued runs in the order in which they shall start; none that is held back."""
    query = select(Run.id, Run.attempt, OF_A_SWEEP.label("behind")).where(Run.state == "queued", ~_HELD)
    return [Waiting(*row) for row in session.execute(query.order_by("behind", Run.id))]


def next_waiting(session: Session) -> int | None:
    """The run that shall start next; None where none waits."""
    query = select(Run.id).where(Run.state == "queued", ~_HELD).order_by(OF_A_SWEEP, Run.id)
    return session.scalar(query.limit(1))


def held(session: Session, run_id: int) -> bool:
    """Whether a queued run must not start now: all sweeps that want it are paused."""
    return bool(session.scalar(select(exists().where(Run.id == run_id, Run.state == "queued", _HELD))))
