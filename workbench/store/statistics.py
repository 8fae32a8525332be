"""What each person did in a department, from annotations, their history and decisions; imports are nobody's work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from workbench.store.annotations import ADJUDICATED
from workbench.store.models import Annotation, AnnotationChange, Decision, RecordRow, Span


def submitted(session: Session, department_id: int) -> dict[str, tuple[int, int]]:
    """Records that each person submitted, and the spans in them."""
    spans = select(func.count()).where(Span.annotation_id == Annotation.id).scalar_subquery()
    own = (
        select(Annotation.author, func.count(), func.sum(spans))
        .join(RecordRow)
        .where(
            RecordRow.department_id == department_id,
            Annotation.status == "submitted",
            Annotation.author != ADJUDICATED,
            ~_imported(department_id, Annotation.revision),
        )
    )
    return {author: (records, count) for author, records, count in session.execute(own.group_by(Annotation.author))}


def saves(session: Session, department_id: int) -> list[tuple[str, int, datetime]]:
    """Author, record and time of each change that people made to their own labels, by author and time."""
    query = (
        select(Annotation.author, Annotation.record_id, AnnotationChange.at)
        .join(AnnotationChange, AnnotationChange.annotation_id == Annotation.id)
        .join(RecordRow, RecordRow.id == Annotation.record_id)
        .where(RecordRow.department_id == department_id, AnnotationChange.author == Annotation.author)
        .where(~_imported(department_id, AnnotationChange.revision))
        .order_by(Annotation.author, AnnotationChange.at, AnnotationChange.revision)
    )
    return [(author, record_id, at) for author, record_id, at in session.execute(query)]


def decided(session: Session, department_id: int) -> dict[tuple[str, str], tuple[int, int]]:
    """How many suggestions each person accepted, and decided, by person and origin."""
    accepted = func.count().filter(Decision.kind == "accepted")
    query = select(Decision.author, Decision.origin, accepted, func.count()).join(RecordRow)
    query = query.where(RecordRow.department_id == department_id).group_by(Decision.author, Decision.origin)
    return {(author, origin): (good, all_) for author, origin, good, all_ in session.execute(query)}


def _imported(department_id: int, revision: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether a revision is an import: the first one, which has imported spans or came at once with others."""
    other = select(AnnotationChange.at, AnnotationChange.author).join(Annotation).join(RecordRow)
    together = (
        other.where(RecordRow.department_id == department_id, AnnotationChange.revision == 1)
        .group_by(AnnotationChange.at, AnnotationChange.author)
        .having(func.count() > 1)
        .subquery()
    )
    first = select(AnnotationChange.annotation_id).join(
        together, (together.c.at == AnnotationChange.at) & (together.c.author == AnnotationChange.author)
    )
    spans = select(Span.annotation_id).where(Span.origin == "import")
    return (revision == 1) & (Annotation.id.in_(first) | Annotation.id.in_(spans))
