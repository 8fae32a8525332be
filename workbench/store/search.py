"""Which records of a department fulfil one condition, as ids."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from workbench.store.models import Annotation, RecordRow, Span


def containing(session: Session, department_id: int, words: str) -> set[int]:
    """Records whose text or id contains the words, whatever their case."""
    # SQLite folds ASCII only; the usual spellings are asked for besides.
    spellings = {words, words.lower(), words.upper(), words.capitalize()}
    columns = (RecordRow.text, RecordRow.external_id)
    found = or_(*(column.icontains(spelling, autoescape=True) for column in columns for spelling in spellings))
    return set(session.scalars(select(RecordRow.id).where(RecordRow.department_id == department_id, found)))


def labelled_with(session: Session, department_id: int, label_ids: Sequence[int]) -> set[int]:
    """Records in which anybody has a span of one of the labels."""
    query = select(RecordRow.id).join(Annotation, Annotation.record_id == RecordRow.id)
    query = query.join(Span, Span.annotation_id == Annotation.id).where(Span.label_id.in_(label_ids))
    return set(session.scalars(query.where(RecordRow.department_id == department_id).distinct()))


def labelled_by(session: Session, department_id: int, authors: Sequence[str]) -> set[int]:
    """Records that one of the authors has begun."""
    query = select(RecordRow.id).join(Annotation, Annotation.record_id == RecordRow.id)
    return set(session.scalars(query.where(RecordRow.department_id == department_id, Annotation.author.in_(authors))))


def authors(session: Session, department_id: int) -> list[str]:
    """Everybody who has begun a record of the department, by name."""
    query = select(Annotation.author).join(RecordRow, RecordRow.id == Annotation.record_id)
    return sorted(session.scalars(query.where(RecordRow.department_id == department_id).distinct()))
