"""What of overlapping spans a tagger cannot learn: it knows one label a token."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from ladtl_core.records import Entity
from ladtl_core.text import spans_to_bio
from workbench.store.gold import gold_ids
from workbench.store.models import Annotation, Label, RecordRow, Span


def left_out(session: Session, department_ids: Sequence[int], splits: Sequence[str]) -> int:
    """How many gold spans of these departments `spans_to_bio` leaves out because they overlap longer ones."""
    one, other = aliased(Span), aliased(Span)
    torn = (
        select(one.annotation_id)
        .join(other, (other.annotation_id == one.annotation_id) & (other.id > one.id))
        .where(one.start < other.end, other.start < one.end)
    )
    query = (
        select(Annotation.id, RecordRow.tokens, Span.start, Span.end, Label.name)
        .join(RecordRow, RecordRow.id == Annotation.record_id)
        .join(Span, Span.annotation_id == Annotation.id)
        .join(Label, Label.id == Span.label_id)
        .where(RecordRow.department_id.in_(department_ids), RecordRow.split.in_(splits))
        .where(Annotation.id.in_(gold_ids()), Annotation.id.in_(torn))
    )
    tokens: dict[int, tuple[tuple[int, int], ...]] = {}
    spans: dict[int, list[Entity]] = {}
    for annotation_id, offsets, start, end, label in session.execute(query):
        tokens.setdefault(annotation_id, tuple((a, b) for a, b in offsets))
        spans.setdefault(annotation_id, []).append(Entity(start, end, label))
    return sum(len(spans_to_bio(found, tokens[key])[1]) for key, found in spans.items())
