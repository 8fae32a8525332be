"""Label sets: what departments that share one may label, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ladtl_core.errors import DataError
from ladtl_core.formats.scan import check_name, check_text
from workbench.store import labels as of_sets
from workbench.store.errors import NotFound
from workbench.store.models import Department, Label, LabelSet


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


def create(session: Session, name: str, labels: Sequence[str] = ()) -> LabelSet:
    """A new label set. Raises DataError for the name, and for what cannot be the name of a label."""
    _check_free(session, name)
    made = LabelSet(name=name)
    session.add(made)
    session.flush()
    of_sets.ensure(session, made.id, labels)
    return made


def copy(session: Session, label_set_id: int, name: str) -> LabelSet:
    """A new label set with the labels of another that are in use, and its guidelines. Raises DataError, NotFound."""
    model = get(session, label_set_id)
    made = create(session, name)
    made.overlaps, made.guideline = model.overlaps, model.guideline
    for position, label in enumerate(label for label in model.labels if not label.retired):
        made.labels.append(
            Label(
                name=label.name,
                colour=label.colour,
                key=label.key,
                position=position,
                former_names=[],
                guideline=label.guideline,
            )
        )
    session.flush()
    return made


def rename(session: Session, label_set_id: int, name: str) -> None:
    """Raises DataError for the name, NotFound."""
    found = get(session, label_set_id)
    if name != found.name:
        _check_free(session, name)
        found.name = name
        session.flush()


def _check_free(session: Session, name: str) -> None:
    check_name("label set", name)
    if session.scalar(select(LabelSet.id).where(LabelSet.name == name)) is not None:
        raise DataError(f"there is a label set {name!r} already; choose another name")


def allow_overlaps(session: Session, label_set_id: int, allowed: bool) -> None:
    """Spans that overlap already stay, whatever is chosen. Raises NotFound."""
    get(session, label_set_id).overlaps = allowed


def write_guidelines(session: Session, label_set_id: int, guideline: str, of_labels: Mapping[int, str]) -> None:
    """The set's guideline and those of its labels, by their ids, in Markdown. Raises NotFound, DataError."""
    found = get(session, label_set_id)
    for text in (guideline, *of_labels.values()):
        check_text("guideline", text)
    found.guideline = guideline
    for label in found.labels:
        label.guideline = of_labels.get(label.id, label.guideline)
