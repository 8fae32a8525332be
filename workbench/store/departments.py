"""Departments, their label sets, and the figures of the front page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ladtl_core.errors import ConfigError, DataError
from ladtl_core.text import SCHEMES
from workbench.store import labels as of_sets
from workbench.store.errors import NotFound
from workbench.store.gold import gold_ids
from workbench.store.models import ERASED, Annotation, Department, Label, LabelSet, Model, RecordRow

HIDDEN = "\x1f"  # begins the names of departments and label sets that are still being imported; no name may hold it


@dataclass(frozen=True, slots=True)
class SplitCount:
    """Records of one split, how many of them have gold, and how many wait for it: several people submitted them."""

    records: int
    labelled: int
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Overview:
    """One department at a glance; `scores` are those of the current model, None without one."""

    department_id: int
    name: str
    scheme: str
    generated: bool
    label_set: str
    created_at: datetime
    model_id: int | None
    model_version: int | None
    scores: dict[str, Any] | None
    splits: dict[str, SplitCount] = field(default_factory=dict)

    @property
    def records(self) -> int:
        return sum(split.records for split in self.splits.values())

    @property
    def labelled(self) -> int:
        return sum(split.labelled for split in self.splits.values())


def create(
    session: Session,
    name: str,
    label_set: str,
    labels: Sequence[str] = (),
    *,
    scheme: str = "word",
    generated: bool = False,
) -> Department:
    """A new department that uses the label set of that name, made or completed with `labels` as needed.

    Raises DataError if the department exists, ConfigError for an unknown token scheme.
    """
    if not name.strip():
        raise DataError("a department needs a name")
    if scheme not in SCHEMES:
        raise ConfigError(f"token scheme is {scheme!r}; expected one of {', '.join(SCHEMES)}")
    if by_name(session, name) is not None:
        raise DataError(f"there is a department {name!r} already; choose another name")
    found = session.scalar(select(LabelSet).where(LabelSet.name == label_set))
    if found is None:
        found = LabelSet(name=label_set)
        session.add(found)
        session.flush()
    of_sets.ensure(session, found.id, labels)
    department = Department(name=name, label_set_id=found.id, scheme=scheme, generated=generated)
    session.add(department)
    session.flush()
    return department


def get(session: Session, department_id: int) -> Department:
    """Raises NotFound."""
    department = session.get(Department, department_id)
    if department is None:
        raise NotFound("department", department_id)
    return department


def by_name(session: Session, name: str) -> Department | None:
    return session.scalar(select(Department).where(Department.name == name))


def all_departments(session: Session) -> list[Department]:
    """All that were imported whole, in the order in which they were made."""
    return list(session.scalars(select(Department).where(_shown(Department)).order_by(Department.id)))


def label_sets(session: Session) -> list[LabelSet]:
    return list(session.scalars(select(LabelSet).where(_shown(LabelSet)).order_by(LabelSet.id)))


def _shown(table: type[Department] | type[LabelSet]) -> ColumnElement[bool]:
    return ~table.name.startswith(HIDDEN)


def labels(session: Session, department_id: int) -> list[Label]:
    """The labels of the department's set, retired ones too, in their order."""
    query = select(Label).join(Department, Department.label_set_id == Label.label_set_id)
    return list(session.scalars(query.where(Department.id == department_id).order_by(Label.position)))


def overview(session: Session) -> list[Overview]:
    """All departments with their records by split, in two queries."""
    query = (
        select(Department, LabelSet.name, Model)
        .join(LabelSet, LabelSet.id == Department.label_set_id)
        .outerjoin(Model, Model.id == Department.current_model_id)
        .where(_shown(Department))
        .order_by(Department.id)
    )
    rows = {
        department.id: Overview(
            department_id=department.id,
            name=department.name,
            scheme=department.scheme,
            generated=department.generated,
            label_set=label_set,
            created_at=department.created_at,
            model_id=model.id if model else None,
            model_version=model.version if model else None,
            scores=model.scores if model else None,
        )
        for department, label_set, model in session.execute(query)
    }
    gold = select(Annotation.record_id).where(Annotation.id.in_(gold_ids())).subquery()
    submitted = select(Annotation.record_id).where(Annotation.status == "submitted").distinct().subquery()
    records, labelled, begun = (func.count(), func.count(gold.c.record_id), func.count(submitted.c.record_id))
    counts = (
        select(RecordRow.department_id, RecordRow.split, records, labelled, begun - labelled)
        .outerjoin(gold, gold.c.record_id == RecordRow.id)
        .outerjoin(submitted, submitted.c.record_id == RecordRow.id)
        .where(RecordRow.split != ERASED)
        .group_by(RecordRow.department_id, RecordRow.split)
    )
    for department_id, split, *numbers in session.execute(counts):
        if department_id in rows:
            rows[department_id].splits[split] = SplitCount(*numbers)
    return list(rows.values())
