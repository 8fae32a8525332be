"""Merging a label into another of its set: every span, decision and rule becomes one of the other label."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from workbench.store import labels
from workbench.store.annotations import SpanData, revise, span_data
from workbench.store.models import Annotation, Decision, Rule, Span


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge changed; `duplicates` of the `spans` had a span of the other label in their very place."""

    annotations: int
    spans: int
    duplicates: int


def merge(session: Session, label_id: int, target_id: int, who: str) -> Merged:
    """Merge a label into another; each annotation gets a revision by `who`, so that its history tells it.

    A span that would then stand twice in its place becomes one. The label itself stays, retired, and stands for the
    other. Raises DataError unless they are two labels of one set and the other takes new spans, NotFound.
    """
    labels.to_merge(session, label_id, target_id)
    with_label = select(Span.annotation_id).where(Span.label_id == label_id)
    query = select(Annotation).where(Annotation.id.in_(with_label)).options(selectinload(Annotation.spans))
    found = list(session.scalars(query.execution_options(populate_existing=True)))
    spans = duplicates = 0
    for annotation in found:
        own = span_data(annotation)
        removed = [span for span in own if span.label_id == label_id]
        added = _moved(removed, target_id, {(span.start, span.end) for span in own if span.label_id == target_id})
        revise(session, annotation, who, added, removed)
        spans += len(removed)
        duplicates += len(removed) - len(added)
    _move_decisions(session, label_id, target_id)
    session.execute(update(Rule).where(Rule.label_id == label_id).values(label_id=target_id))
    session.flush()
    return Merged(len(found), spans, duplicates)


def _moved(spans: Iterable[SpanData], target_id: int, taken: set[tuple[int, int]]) -> list[SpanData]:
    """The spans with the other label, but for places that are taken."""
    moved: dict[tuple[int, int], SpanData] = {}
    for span in spans:
        if (span.start, span.end) not in taken:
            moved.setdefault((span.start, span.end), replace(span, label_id=target_id))
    return list(moved.values())


def _move_decisions(session: Session, label_id: int, target_id: int) -> None:
    """Of two decisions of one person on one place the later counts."""
    query = select(Decision).where(Decision.label_id.in_((label_id, target_id))).order_by(Decision.at, Decision.id)
    last: dict[tuple[int, int, int, str], Decision] = {}
    for decision in session.scalars(query):
        place = decision.record_id, decision.start, decision.end, decision.author
        if place in last:
            session.delete(last[place])
        last[place] = decision
    session.flush()  # the places must be free
    for decision in last.values():
        decision.label_id = target_id
