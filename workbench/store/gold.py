"""The labels of a department that count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session, load_only

from ladtl_core.records import SPLITS, Entity
from workbench.store.annotations import ADJUDICATED
from workbench.store.models import Annotation, Label, RecordRow, Span


@dataclass(frozen=True, slots=True)
class Gold:
    """A record with the labels that count: the adjudicated ones, else those of its one submitted annotation."""

    record: RecordRow
    revision: int
    entities: list[Entity]
    adjudicated: bool


def gold_ids() -> Select[int]:
    """One annotation a record: the adjudicated one, else the submitted one of a record that one person submitted."""
    adjudicated = case((Annotation.author == ADJUDICATED, Annotation.id))
    return (
        select(func.coalesce(func.max(adjudicated), func.max(Annotation.id)))
        .where(Annotation.status == "submitted")
        .group_by(Annotation.record_id)
        .having((func.count() == 1) | (func.count(adjudicated) > 0))
    )


def gold(session: Session, department_id: int, splits: Sequence[str], with_texts: bool = True) -> list[Gold]:
    """The department's labelled records of those splits, in their order, in two queries.

    A record that several people submitted is left out until it is adjudicated: there is no single gold of it. Without
    texts it takes a fraction of the time; a text that is asked for then is a query of its own.
    """
    inside = (RecordRow.department_id == department_id) & RecordRow.split.in_(splits) & Annotation.id.in_(gold_ids())
    query = (
        select(RecordRow, Annotation.id, Annotation.revision, Annotation.author)
        .join(Annotation, Annotation.record_id == RecordRow.id)
        .where(inside)
        .order_by(RecordRow.position)
    )
    if not with_texts:
        query = query.options(load_only(RecordRow.external_id, RecordRow.split))
    rows = session.execute(query).all()
    entities: dict[int, list[Entity]] = {annotation_id: [] for _, annotation_id, _, _ in rows}
    spans = (
        select(Span.annotation_id, Span.start, Span.end, Label.name)
        .join(Label, Label.id == Span.label_id)
        .join(Annotation, Annotation.id == Span.annotation_id)
        .join(RecordRow, RecordRow.id == Annotation.record_id)
        .where(inside)
    )
    for annotation_id, start, end, label in session.execute(spans):
        entities[annotation_id].append(Entity(start, end, label))
    return [
        Gold(record, revision, sorted(entities[annotation_id]), author == ADJUDICATED)
        for record, annotation_id, revision, author in rows
    ]


def labelled_records(session: Session, department_id: int) -> list[RecordRow]:
    """The records of all splits that have such labels."""
    labelled = select(Annotation.record_id).where(Annotation.id.in_(gold_ids()))
    inside = (RecordRow.department_id == department_id) & RecordRow.split.in_(SPLITS)
    return list(session.scalars(select(RecordRow).where(inside, RecordRow.id.in_(labelled))))
