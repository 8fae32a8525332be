"""Which records of a department fulfil one condition, as ids; where the spans of a label are, and in what words."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from workbench.store.annotations import ADJUDICATED
from workbench.store.models import Annotation, Department, Label, RecordRow, Span
from workbench.store.records import LABELLING_SPLITS


def containing(session: Session, department_id: int, words: str) -> set[int]:
    """Records whose text or id contains the words, whatever their case."""
    if "\0" in words:  # in no text, and PostgreSQL takes none in a question
        return set()
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
    authors = [name for name in authors if "\0" not in name]  # nobody's, and PostgreSQL takes none in a question
    query = select(RecordRow.id).join(Annotation, Annotation.record_id == RecordRow.id)
    return set(session.scalars(query.where(RecordRow.department_id == department_id, Annotation.author.in_(authors))))


def authors(session: Session, department_id: int) -> list[str]:
    """Everybody who has begun a record of the department, by name."""
    query = select(Annotation.author).join(RecordRow, RecordRow.id == Annotation.record_id)
    query = query.where(Annotation.author != ADJUDICATED)
    return sorted(session.scalars(query.where(RecordRow.department_id == department_id).distinct()))


def span_counts(session: Session, label_set_id: int) -> dict[int, int]:
    """How many spans, of everybody, each label of the set has; those without any are left out."""
    query = select(Span.label_id, func.count()).join(Label, Label.id == Span.label_id)
    query = query.where(Label.label_set_id == label_set_id).group_by(Span.label_id)
    return {label_id: count for label_id, count in session.execute(query)}


def spans_with(
    session: Session, label_id: int, department_ids: Collection[int], limit: int
) -> list[tuple[str, str, str, str]]:
    """Department, record, author and words of the first spans with the label in these departments."""
    query = (
        select(Department.name, RecordRow.external_id, Annotation.author, RecordRow.text, Span.start, Span.end)
        .join(Annotation, Annotation.id == Span.annotation_id)
        .join(RecordRow, RecordRow.id == Annotation.record_id)
        .join(Department, Department.id == RecordRow.department_id)
        .where(Span.label_id == label_id, Department.id.in_(department_ids))
        .order_by(Department.id, RecordRow.position, Annotation.id, Span.start, Span.end)
        .limit(limit)
    )
    return [
        (name, record, author, text[start:end]) for name, record, author, text, start, end in session.execute(query)
    ]


def mentions(
    session: Session, label_id: int, department_ids: Collection[int], limit: int, around: int
) -> list[tuple[str, str, str]]:
    """The departments' first submitted spans with the label outside evaluation sets: text before, words, text after.

    `around` is how many code points of the text are given on each side; a place that two people labelled counts once.
    """
    begin = case((Span.start > around, Span.start - around), else_=0)
    query = (
        select(
            func.substr(RecordRow.text, begin + 1, Span.start - begin),
            func.substr(RecordRow.text, Span.start + 1, Span.end - Span.start),
            func.substr(RecordRow.text, Span.end + 1, around),
        )
        .select_from(Span)
        .join(Annotation, Annotation.id == Span.annotation_id)
        .join(RecordRow, RecordRow.id == Annotation.record_id)
        .where(Span.label_id == label_id, Annotation.status == "submitted", RecordRow.split.in_(LABELLING_SPLITS))
        .where(RecordRow.department_id.in_(department_ids))
        .group_by(RecordRow.id, Span.start, Span.end)
        .order_by(RecordRow.department_id, RecordRow.position, Span.start, Span.end)
        .limit(limit)
    )
    return [(before, words, after) for before, words, after in session.execute(query)]
