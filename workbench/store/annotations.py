"""Labels of records: the current state, and beside it every change that led to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, selectinload

from ladtl_core.errors import DataError
from ladtl_core.records import check_stretch
from workbench.store.base import now
from workbench.store.errors import Conflict, NotFound
from workbench.store.labels import in_use
from workbench.store.models import (
    ANNOTATION_STATUSES,
    ERASED,
    SPAN_ORIGINS,
    Annotation,
    AnnotationChange,
    Department,
    Label,
    RecordRow,
    Span,
)

ADJUDICATED = "(adjudicated)"  # stands for the author of labels that were chosen from those of several people


@dataclass(frozen=True, slots=True)
class SpanData:
    """A labelled stretch `text[start:end]`, in code points; `confidence` (0 to 1) and `model_id` are a model's."""

    span_id: str
    start: int
    end: int
    label_id: int
    origin: str = "manual"
    confidence: float | None = None
    model_id: int | None = None


def save(
    session: Session,
    record_id: int,
    author: str,
    base_revision: int,
    status: str,
    spans: Sequence[SpanData],
    restores: int | None = None,
) -> int:
    """Replace the author's labels of a record; returns the new revision.

    `base_revision` is the one that the change was made on, 0 where nothing was saved yet; `restores` is an earlier one
    that has these spans. The same content and status again keeps the revision. Raises Conflict if another save came
    first, DataError for a span outside the text, of another label set or new with a retired label, NotFound. A label
    that was merged is saved as what it became.
    """
    text, label_set_id = _lock_record(session, record_id)
    labels = in_use(session, label_set_id)
    query = select(Annotation).where(Annotation.record_id == record_id, Annotation.author == author)
    found = session.scalar(query.options(selectinload(Annotation.spans)).execution_options(populate_existing=True))
    current = found.revision if found else 0
    if current != base_revision:
        raise Conflict(current, base_revision)
    if restores is not None and not 0 <= restores <= current:
        raise DataError(f"the labels restore revision {restores}; there are revisions 0 to {current}")
    new = _checked(status, spans, text, labels)
    old = {span.span_id: _data(span) for span in found.spans} if found else {}
    _check_retired(session, found, new.values(), labels)
    added = [span for span in new.values() if old.get(span.span_id) != span]
    removed = [span for span in old.values() if new.get(span.span_id) != span]
    if found and found.status == status and not added and not removed:
        return current
    annotation = found or Annotation(record_id=record_id, author=author, revision=0)
    annotation.status = status
    session.add(annotation)
    revise(session, annotation, author, added, removed, restores)
    session.flush()
    session.refresh(annotation, ["spans"])  # in their order
    return current + 1


def revise(
    session: Session,
    annotation: Annotation,
    who: str,
    added: Sequence[SpanData],
    removed: Sequence[SpanData],
    restores: int | None = None,
) -> None:
    """The next revision of an annotation, and its entry in the history; a changed span is in both sequences."""
    annotation.revision, annotation.updated_at = annotation.revision + 1, now()
    _replace_spans(annotation, added, removed)
    if annotation.id is None:
        session.flush()
    session.add(_change(annotation.id, annotation.revision, who, annotation.status, added, removed, restores))


def load(session: Session, record_id: int, author: str) -> Annotation | None:
    """The author's labels of a record with their spans, or None."""
    query = select(Annotation).where(Annotation.record_id == record_id, Annotation.author == author)
    return session.scalar(query.options(selectinload(Annotation.spans)))


def of_record(session: Session, record_id: int) -> list[Annotation]:
    """Everybody's labels of a record with their spans, in the order in which the authors began."""
    query = select(Annotation).where(Annotation.record_id == record_id).order_by(Annotation.id)
    return list(session.scalars(query.options(selectinload(Annotation.spans))))


def history(session: Session, record_id: int, author: str) -> list[AnnotationChange]:
    """Every change of the author's labels of a record, oldest first."""
    query = select(AnnotationChange).join(Annotation, Annotation.id == AnnotationChange.annotation_id)
    query = query.where(Annotation.record_id == record_id, Annotation.author == author)
    return list(session.scalars(query.order_by(AnnotationChange.revision)))


def at_revision(session: Session, annotation_id: int, revision: int) -> tuple[str, list[SpanData]]:
    """Status and spans as they were after that revision. Raises NotFound."""
    query = select(AnnotationChange).where(AnnotationChange.annotation_id == annotation_id)
    changes = list(
        session.scalars(query.where(AnnotationChange.revision <= revision).order_by(AnnotationChange.revision))
    )
    if not changes or changes[-1].revision != revision:
        raise NotFound(f"revision of annotation {annotation_id}", revision)
    spans: dict[str, SpanData] = {}
    for change in changes:
        for item in change.removed:
            del spans[item["span_id"]]
        for item in change.added:
            spans[item["span_id"]] = SpanData(**item)
    return changes[-1].status, in_order(spans.values())


def in_order(spans: Iterable[SpanData]) -> list[SpanData]:
    """Spans by their place in the text."""
    return sorted(spans, key=lambda span: (span.start, span.end, span.span_id))


def span_data(annotation: Annotation) -> list[SpanData]:
    """The spans of a loaded annotation, in their order."""
    return in_order(_data(span) for span in annotation.spans)


def add_submitted(session: Session, spans: Mapping[int, Sequence[SpanData]], author: str) -> None:
    """The first, submitted annotation of many new records at once, by record id. The caller has checked the spans."""
    if not spans:
        return
    at = now()
    rows = [
        {"record_id": record_id, "author": author, "status": "submitted", "revision": 1, "updated_at": at}
        for record_id in spans
    ]
    ids = session.scalars(insert(Annotation).returning(Annotation.id, sort_by_parameter_order=True), rows)
    changes: list[dict[str, Any]] = []
    span_rows: list[dict[str, Any]] = []
    for annotation_id, own in zip(ids, spans.values(), strict=True):
        added = [_row(span) for span in own]
        changes.append(
            {
                "annotation_id": annotation_id,
                "revision": 1,
                "at": at,
                "author": author,
                "status": "submitted",
                "added": added,
                "removed": [],
            }
        )
        span_rows.extend({"annotation_id": annotation_id, **span} for span in added)
    session.execute(insert(AnnotationChange), changes)
    if span_rows:
        session.execute(insert(Span), span_rows)


def _row(span: SpanData) -> dict[str, Any]:
    """What `asdict` gives, in a tenth of its time: an import has hundreds of thousands of spans."""
    return {name: getattr(span, name) for name in SpanData.__slots__}


def _lock_record(session: Session, record_id: int) -> tuple[str, int]:
    """The text and the label set of a record; on PostgreSQL a second writer waits here, on SQLite it does at BEGIN."""
    query = (
        select(RecordRow.text, Department.label_set_id)
        .join(Department, Department.id == RecordRow.department_id)
        .where(RecordRow.id == record_id, RecordRow.split != ERASED)
    )
    row = session.execute(query.with_for_update(of=RecordRow, key_share=True)).one_or_none()
    if row is None:
        raise NotFound("record", record_id)
    return row[0], row[1]


def _checked(status: str, spans: Sequence[SpanData], text: str, labels: Mapping[int, Label]) -> dict[str, SpanData]:
    """The spans by their ids, each with the label that its own means now."""
    if status not in ANNOTATION_STATUSES:
        raise DataError(f"the status is {status!r}; expected one of {', '.join(ANNOTATION_STATUSES)}")
    checked: dict[str, SpanData] = {}
    for span in spans:
        check_stretch("span", span.start, span.end, text)
        if span.label_id not in labels:
            raise DataError(
                f"the span {span.start}-{span.end} has the label {span.label_id}; the department's label set lacks it"
            )
        if span.origin not in SPAN_ORIGINS:
            raise DataError(f"the origin of a span is {span.origin!r}; expected one of {', '.join(SPAN_ORIGINS)}")
        if not span.span_id or span.span_id in checked:
            raise DataError(f"the span {span.start}-{span.end} needs an id of its own, {span.span_id!r} is used twice")
        checked[span.span_id] = replace(span, label_id=labels[span.label_id].id)
    return checked


def _check_retired(
    session: Session, annotation: Annotation | None, spans: Iterable[SpanData], labels: Mapping[int, Label]
) -> None:
    """Raise DataError for a span with a retired label that it has not now and had in no earlier revision."""
    retired = [span for span in spans if labels[span.label_id].retired]
    had = {(span.span_id, span.label_id) for span in annotation.spans} if annotation else set()
    if annotation and any((span.span_id, span.label_id) not in had for span in retired):
        query = select(AnnotationChange.added).where(AnnotationChange.annotation_id == annotation.id)
        had |= {(item["span_id"], item["label_id"]) for added in session.scalars(query) for item in added}
    for span in retired:
        if (span.span_id, span.label_id) not in had:
            name = labels[span.label_id].name
            raise DataError(
                f"the label {name!r} was retired and takes no new spans; give {span.start}-{span.end} another label"
            )


def _data(span: Span) -> SpanData:
    return SpanData(span.span_id, span.start, span.end, span.label_id, span.origin, span.confidence, span.model_id)


def _replace_spans(annotation: Annotation, added: Sequence[SpanData], removed: Sequence[SpanData]) -> None:
    rows = {span.span_id: span for span in annotation.spans}
    staying = {span.span_id for span in added}
    for span in removed:
        if span.span_id not in staying:
            annotation.spans.remove(rows[span.span_id])
    for span in added:
        row = rows.get(span.span_id)
        if row is None:
            annotation.spans.append(Span(**asdict(span)))
        else:
            for name, value in asdict(span).items():
                setattr(row, name, value)


def _change(
    annotation_id: int,
    revision: int,
    author: str,
    status: str,
    added: Sequence[SpanData],
    removed: Sequence[SpanData],
    restores: int | None,
) -> AnnotationChange:
    return AnnotationChange(
        annotation_id=annotation_id,
        revision=revision,
        author=author,
        status=status,
        added=[asdict(span) for span in added],
        removed=[asdict(span) for span in removed],
        restores=restores,
    )
