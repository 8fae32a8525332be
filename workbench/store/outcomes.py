"""What finished trainings reached, read without their specs and results: quick over many thousands of runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
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
