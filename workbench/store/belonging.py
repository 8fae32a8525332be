"""Which departments a thing belongs to, by its id; one that is not there belongs to none."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from workbench.store.models import Department, Label, Model, RecordRow, Run
from workbench.store.sweeps import SweepRun

_AT_ONCE = 500


def records(session: Session, record_ids: Iterable[int]) -> set[int]:
    ids = list(record_ids)
    parts = (ids[first : first + _AT_ONCE] for first in range(0, len(ids), _AT_ONCE))
    query = select(RecordRow.department_id).distinct()
    return {found for part in parts for found in session.scalars(query.where(RecordRow.id.in_(part)))}


def models(session: Session, model_ids: Iterable[int]) -> set[int]:
    return _all(session, select(Model.department_id).where(Model.id.in_(list(model_ids))))


def run(session: Session, run_id: int) -> set[int]:
    """The department that it trains for; its sources belong to others."""
    return _all(session, select(Run.department_id).where(Run.id == run_id))


def sweep(session: Session, sweep_id: int) -> set[int]:
    """The departments that it trains for."""
    query = select(Run.department_id).join(SweepRun, SweepRun.run_id == Run.id)
    return _all(session, query.where(SweepRun.sweep_id == sweep_id))


def label_set(session: Session, label_set_id: int) -> set[int]:
    """Those that label with it."""
    return _all(session, select(Department.id).where(Department.label_set_id == label_set_id))


def labels(session: Session, label_ids: Iterable[int]) -> set[int]:
    """Those that label with the sets of the labels."""
    query = select(Department.id).join(Label, Label.label_set_id == Department.label_set_id)
    return _all(session, query.where(Label.id.in_(list(label_ids))))


def named(session: Session, names: Iterable[str]) -> set[int]:
    return _all(session, select(Department.id).where(Department.name.in_(list(names))))


def _all(session: Session, query: Select[int]) -> set[int]:
    return set(session.scalars(query))
