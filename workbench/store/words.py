"""The words of departments' training records and of the spans in them, for comparing departments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.store import departments, mappings
from workbench.store.gold import gold_ids
from workbench.store.models import Annotation, RecordRow, Span
from workbench.store.records import LABELLING_SPLITS


@dataclass(frozen=True, slots=True)
class Told:
    """A record's text, its tokens as [start, end], and the spans of its gold as (start, end, label's id)."""

    text: str
    tokens: list[Any]
    spans: list[tuple[int, int, int]]


def state(session: Session) -> dict[int, tuple[int, ...]]:
    """For each department numbers of which one changes whenever `told` does; two queries, however many records."""
    inside = RecordRow.split.in_(LABELLING_SPLITS)
    texts = select(RecordRow.department_id, func.count(), func.max(RecordRow.id)).where(inside)
    found = {number: tuple(rest) for number, *rest in session.execute(texts.group_by(RecordRow.department_id))}
    submitted = func.count().filter(Annotation.status == "submitted")
    labels = select(RecordRow.department_id, func.count(), func.sum(Annotation.revision), submitted)
    labels = labels.join(RecordRow, RecordRow.id == Annotation.record_id).where(inside)
    labelled = {number: tuple(rest) for number, *rest in session.execute(labels.group_by(RecordRow.department_id))}
    ids = [department.id for department in departments.all_departments(session)]
    return {number: (*found.get(number, (0, 0)), *labelled.get(number, (0, 0, 0))) for number in ids}


def told(session: Session, department_id: int) -> list[Told]:
    """The department's records outside the evaluation sets, in their order."""
    inside = (RecordRow.department_id == department_id) & RecordRow.split.in_(LABELLING_SPLITS)
    spans = (
        select(Annotation.record_id, Span.start, Span.end, Span.label_id)
        .join(Span, Span.annotation_id == Annotation.id)
        .join(RecordRow, RecordRow.id == Annotation.record_id)
        .where(inside, Annotation.id.in_(gold_ids()))
    )
    labelled: dict[int, list[tuple[int, int, int]]] = {}
    for record_id, start, end, label_id in session.execute(spans):
        labelled.setdefault(record_id, []).append((start, end, label_id))
    texts = select(RecordRow.id, RecordRow.text, RecordRow.tokens).where(inside).order_by(RecordRow.position)
    return [Told(text, tokens, labelled.get(number, [])) for number, text, tokens in session.execute(texts)]


def same_labels(session: Session) -> dict[tuple[int, int], dict[int, int | None]]:
    """By the ids of two departments: the second's label for each of the first's, by ids, or None."""
    found = departments.all_departments(session)
    sets = {(a.label_set_id, b.label_set_id): (a, b) for a in found for b in found}
    of_sets = {one: mappings.pairs(session, *one) for one in sets}
    return {(a.id, b.id): of_sets[a.label_set_id, b.label_set_id] for a in found for b in found if a is not b}


def label_names(session: Session) -> dict[int, str]:
    """The name of every label that a department has, by its id."""
    ids = [department.id for department in departments.all_departments(session)]
    return {label.id: label.name for one in ids for label in departments.labels(session, one)}
