"""What several people submitted of the same record, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from workbench.store.annotations import ADJUDICATED, SpanData, span_data
from workbench.store.models import Annotation, RecordRow

_SUBMITTED = (Annotation.status == "submitted") & (Annotation.author != ADJUDICATED)


@dataclass(frozen=True, slots=True)
class Version:
    """One person's submitted labels of a record, the spans in their order."""

    annotation_id: int
    author: str
    revision: int
    spans: tuple[SpanData, ...]


@dataclass(frozen=True, slots=True)
class Versions:
    """A record with the submitted labels of everybody who labelled it, by name."""

    record: RecordRow
    people: tuple[Version, ...]


def of_department(session: Session, department_id: int) -> list[Versions]:
    """The department's records that two or more people submitted, in their order."""
    several = select(Annotation.record_id).where(_SUBMITTED).group_by(Annotation.record_id).having(func.count() > 1)
    query = select(RecordRow, Annotation).join(Annotation, Annotation.record_id == RecordRow.id)
    query = query.where(RecordRow.department_id == department_id, RecordRow.id.in_(several), _SUBMITTED)
    query = query.order_by(RecordRow.position, Annotation.author).options(selectinload(Annotation.spans))
    rows = groupby(session.execute(query), key=lambda row: row[0].id)
    return [_side_by_side((record, annotation) for record, annotation in group) for _, group in rows]


def of_record(session: Session, record: RecordRow) -> Versions:
    """Whoever submitted the record, be it nobody."""
    query = select(Annotation).where(Annotation.record_id == record.id, _SUBMITTED).order_by(Annotation.author)
    found = session.scalars(query.options(selectinload(Annotation.spans)).execution_options(populate_existing=True))
    return Versions(record, tuple(map(_version, found)))


def _side_by_side(rows: Iterable[tuple[RecordRow, Annotation]]) -> Versions:
    found = list(rows)
    return Versions(found[0][0], tuple(_version(annotation) for _, annotation in found))


def _version(annotation: Annotation) -> Version:
    return Version(annotation.id, annotation.author, annotation.revision, tuple(span_data(annotation)))
