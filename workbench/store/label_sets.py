"""Label sets: what departments that share one may label, and how."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.store.errors import NotFound
from workbench.store.models import Department, LabelSet


def get(session: Session, label_set_id: int) -> LabelSet:
    """Raises NotFound."""
    found = session.get(LabelSet, label_set_id)
    if found is None:
        raise NotFound("label set", label_set_id)
    return found


def of_department(session: Session, department_id: int) -> LabelSet:
    """Raises NotFound."""
    query = select(LabelSet).join(Department, Department.label_set_id == LabelSet.id)
    found = session.scalar(query.where(Department.id == department_id))
    if found is None:
        raise NotFound("department", department_id)
    return found


def allow_overlaps(session: Session, label_set_id: int, allowed: bool) -> None:
    """Spans that overlap already stay, whatever is chosen. Raises NotFound."""
    get(session, label_set_id).overlaps = allowed


def write_guidelines(session: Session, label_set_id: int, guideline: str, of_labels: Mapping[int, str]) -> None:
    """The set's guideline and those of its labels, by their ids, in Markdown. Raises NotFound."""
    found = get(session, label_set_id)
    found.guideline = guideline
    for label in found.labels:
        label.guideline = of_labels.get(label.id, label.guideline)
