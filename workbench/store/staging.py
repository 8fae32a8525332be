"""Imports in short parts that appear all at once: writers wait for one part alone, and readers see all or nothing.

The records go to a department under a name that no person can give and no list shows. The last, short transaction
gives it its name (`publish`), or hands its records to the department that they are for (`hand_over`). An import that
ends otherwise is removed in parts (`discard`); what a killed process left, by the next import a day later.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from ladtl_core.errors import DataError
from workbench.store import departments
from workbench.store.base import now
from workbench.store.departments import HIDDEN
from workbench.store.imported import ImportedSuggestion
from workbench.store.models import Annotation, AnnotationChange, Department, RecordRow, Span

ABANDONED_AFTER = timedelta(days=1)
PART = 25  # records written, or removed, in one transaction


def begin(
    session: Session, label_set: str | None, labels: Sequence[str], scheme: str, *, generated: bool = False
) -> Department:
    """A hidden department; without the name of a label set it has a hidden one of `labels`."""
    hidden = f"{HIDDEN}{uuid4()}"
    return departments.create(session, hidden, label_set or hidden, labels, scheme=scheme, generated=generated)


def publish(session: Session, hidden_id: int, name: str, label_set: str) -> None:
    """Name a hidden department, and its label set if that is hidden. Raises DataError if the department exists."""
    if departments.by_name(session, name) is not None:
        raise DataError(f"there is a department {name!r} already; choose another name")
    department = departments.get(session, hidden_id)
    department.name, department.created_at = name, now()
    if department.label_set.name.startswith(HIDDEN):
        department.label_set.name = label_set
    session.flush()


def hand_over(session: Session, hidden_id: int, department_id: int) -> None:
    """Put a hidden department's records behind those of another. Raises DataError if its labels are others now."""
    query = select(Department).where(Department.id == department_id).with_for_update()
    department, hidden = session.scalar(query), departments.get(session, hidden_id)
    if department is None or department.label_set_id != hidden.label_set_id:
        raise DataError("the department was removed or has another label set now; nothing was imported")
    last = session.scalar(select(func.max(RecordRow.position)).where(RecordRow.department_id == department_id))
    first = 0 if last is None else last + 1
    moved = update(RecordRow).where(RecordRow.department_id == hidden_id)
    session.execute(moved.values(department_id=department_id, position=RecordRow.position + first))
    session.delete(hidden)
    session.flush()


def discard(session: Session, hidden_id: int) -> bool:
    """Remove a part of a hidden department; returns whether there is more. The last call removes the department."""
    department = session.get(Department, hidden_id)
    if department is None or not department.name.startswith(HIDDEN):
        return False
    rows = session.scalars(select(RecordRow.id).where(RecordRow.department_id == hidden_id).limit(PART)).all()
    if rows:
        annotations = session.scalars(select(Annotation.id).where(Annotation.record_id.in_(rows))).all()
        session.execute(delete(Span).where(Span.annotation_id.in_(annotations)))
        session.execute(delete(AnnotationChange).where(AnnotationChange.annotation_id.in_(annotations)))
        session.execute(delete(Annotation).where(Annotation.id.in_(annotations)))
        session.execute(delete(ImportedSuggestion).where(ImportedSuggestion.record_id.in_(rows)))
        session.execute(delete(RecordRow).where(RecordRow.id.in_(rows)))
        return True
    label_set = department.label_set
    session.delete(department)
    session.flush()
    in_use = session.scalar(select(Department.id).where(Department.label_set_id == label_set.id).limit(1))
    if label_set.name.startswith(HIDDEN) and in_use is None:
        for label in label_set.labels:
            session.delete(label)
        session.flush()
        session.delete(label_set)
    return False


def abandoned(session: Session) -> list[int]:
    """The hidden departments of imports that ended long ago without a word."""
    old = Department.name.startswith(HIDDEN) & (Department.created_at < now() - ABANDONED_AFTER)
    return list(session.scalars(select(Department.id).where(old)))
