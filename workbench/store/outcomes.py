"""What finished trainings reached, read without their specs and results: quick over many thousands of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from workbench.store.models import Run
from workbench.store.runs import TRAINED_HERE


@dataclass(frozen=True, slots=True)
class Outcome:
    """A succeeded training on all labels of the target's snapshot; F1 on its dev records, None if none was labelled."""

    run_id: int
    target: int
    sources: tuple[int, ...]
    snapshot: str
    method: str
    f1: float | None


@dataclass(frozen=True, slots=True)
class Scored:
    """A training and its scores on dev as a dict; None where it was not measured, or has not ended."""

    spec: dict[str, Any]
    dev: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Took:
    """How long a succeeded training took: `steps` of at most `max_steps`."""

    department_id: int
    method: str
    max_steps: int
    steps: int
    seconds: float


def count(session: Session) -> int:
    """How many trainings succeeded here; what they reached never changes."""
    query = select(func.count()).select_from(Run).where(*TRAINED_HERE)
    return session.scalars(query).one()


def of_trainings(session: Session) -> list[Outcome]:
    """All of them, the oldest first; those on a part of the labels are left out."""
    query = select(
        Run.id,
        Run.department_id,
        Run.spec["sources"],
        Run.spec[("target", "snapshot_hash")].as_string(),
        Run.spec[("config", "transfer", "method")].as_string(),
        Run.result[("scores", "dev", "overall", "f1")].as_float(),
    ).where(*TRAINED_HERE, Run.spec[("target", "keep")].as_string().is_(None))
    rows: list[Any] = list(session.execute(query.order_by(Run.id)))
    return [
        Outcome(number, target, tuple(part["department"] for part in sources), snapshot, method, f1)
        for number, target, sources, snapshot, method, f1 in rows
    ]


def took(session: Session, limit: int) -> list[Took]:
    """Of the latest of them, the newest first."""
    query = select(
        Run.department_id,
        Run.spec[("config", "transfer", "method")].as_string(),
        Run.spec[("config", "training", "max_steps")].as_integer(),
        Run.result["steps"].as_integer(),
        Run.result["seconds"].as_float(),
    ).where(*TRAINED_HERE)
    return [Took(*row) for row in session.execute(query.order_by(Run.id.desc()).limit(limit))]


def with_settings(
    session: Session, department_id: int, config: Mapping[str, Mapping[str, Any]], states: Sequence[str]
) -> list[Scored]:
    """The department's trainings in these states whose numbers and names in the settings are these, whatever their
    seeds; the newest first."""
    query = select(Run.spec, Run.result[("scores", "dev")])
    query = query.where(Run.kind == "train", Run.department_id == department_id, Run.state.in_(states))
    alike = [_has(group, name, value) for group, of in config.items() for name, value in of.items() if name != "seed"]
    return [Scored(spec, dev) for spec, dev in session.execute(query.where(*alike).order_by(Run.id.desc()))]


def _has(group: str, name: str, value: Any) -> ColumnElement[bool]:
    """Whether a setting has this value; always true for a list or a dict, which a database cannot compare."""
    setting = Run.spec[("config", group, name)]
    if isinstance(value, str):
        return setting.as_string() == value
    return setting.as_float() == value if isinstance(value, int | float) else true()
