"""Records as they were imported, and the queue of a person who labels them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from ladtl_core.errors import DataError
from ladtl_core.records import SPLITS, Entity, Record, check_record
from ladtl_core.text import TOKENIZER_VERSION, tokenize
from workbench.store import departments, imported, labels
from workbench.store.annotations import SpanData, add_submitted
from workbench.store.errors import NotFound
from workbench.store.models import ERASED, Annotation, Department, Label, RecordRow, Span

PREVIEW = 80
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
LABELLING_SPLITS, EVALUATION_SPLITS = SPLITS[:2], SPLITS[2:]


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A record in a person's list; `status` (pending or as in the store) is theirs, `spans` counts theirs."""

    record_id: int
    external_id: str
    split: str
    status: str
    spans: int
    preview: str
    position: int


def add(session: Session, department_id: int, items: Sequence[Record], author: str) -> int:
    """Store new records of a department behind its others; returns how many.

    A record whose `entities` are not None is stored as submitted by `author`. Every record needs its split.
    Raises DataError if a record is unusable or stored already, or if a label is missing from the label set
    (`labels.ensure` adds it): then nothing of `items` is stored.
    """
    department = session.scalar(select(Department).where(Department.id == department_id).with_for_update())
    if department is None:
        raise NotFound("department", department_id)
    taken = set(session.scalars(select(RecordRow.external_id).where(RecordRow.department_id == department_id)))
    for record in items:
        if record.id in taken:
            raise DataError(f"the department has a record {record.id!r} already; records are never replaced")
        taken.add(record.id)
    last = session.scalar(select(func.max(RecordRow.position)).where(RecordRow.department_id == department_id))
    add_rows(session, department_id, items, rows_of(items, department.scheme, 0 if last is None else last + 1), author)
    return len(items)


def rows_of(items: Sequence[Record], scheme: str, first: int) -> list[dict[str, Any]]:
    """What `add_rows` stores of records, from the position `first` on; it takes most of the time, and no database.

    Raises DataError for an unusable record.
    """
    return [_row(record, scheme, first + offset) for offset, record in enumerate(items)]


def add_rows(
    session: Session, department_id: int, items: Sequence[Record], rows: Sequence[dict[str, Any]], author: str
) -> None:
    """Store records whose ids are new to the department; their predictions become suggestions.

    Raises DataError if a label of a span is missing from the label set; predictions with such a label are left out.
    """
    if not rows:
        return
    placed = [{"department_id": department_id, **row} for row in rows]
    ids = list(session.scalars(insert(RecordRow).returning(RecordRow.id, sort_by_parameter_order=True), placed))
    labels.in_use(session, departments.get(session, department_id).label_set_id)
    meant = labels.by_name(departments.labels(session, department_id))
    by_id = dict(zip(ids, items, strict=True))
    _add_gold(session, by_id, meant, author)
    imported.add(session, {record_id: record.predictions for record_id, record in by_id.items()}, meant)


def get(session: Session, record_id: int) -> RecordRow:
    """Raises NotFound, also for a record that was erased."""
    row = session.get(RecordRow, record_id)
    if row is None or row.split == ERASED:
        raise NotFound("record", record_id)
    return row


def of_department(session: Session, department_id: int, splits: Sequence[str] = SPLITS) -> list[RecordRow]:
    """The department's records of those splits, in their order."""
    query = select(RecordRow).where(RecordRow.department_id == department_id, RecordRow.split.in_(splits))
    return list(session.scalars(query.order_by(RecordRow.position)))


def count(session: Session, department_id: int, last: int) -> int:
    """How many records with ids up to `last` the department has; those that were erased do not count."""
    query = select(func.count()).where(RecordRow.department_id == department_id, RecordRow.split.in_(SPLITS))
    return session.scalar(query.where(RecordRow.id <= last)) or 0


def ids(session: Session, department_id: int) -> dict[str, int]:
    """The ids of the department's records by the ids that they were imported with."""
    query = select(RecordRow.external_id, RecordRow.id).where(RecordRow.department_id == department_id)
    return {external_id: record_id for external_id, record_id in session.execute(query)}


def queue(session: Session, department_id: int, author: str, evaluation: bool) -> list[QueueItem]:
    """The author's list in one query: pool and train, or dev and test if `evaluation`; in the order of import."""
    spans = select(func.count()).where(Span.annotation_id == Annotation.id).scalar_subquery()
    query = (
        select(
            RecordRow.id,
            RecordRow.external_id,
            RecordRow.split,
            func.coalesce(Annotation.status, "pending"),
            spans,
            func.substr(RecordRow.text, 1, PREVIEW),
            RecordRow.position,
        )
        .outerjoin(Annotation, (Annotation.record_id == RecordRow.id) & (Annotation.author == author))
        .where(RecordRow.department_id == department_id)
        .where(RecordRow.split.in_(EVALUATION_SPLITS if evaluation else LABELLING_SPLITS))
        .order_by(RecordRow.position)
    )
    return [QueueItem(*row) for row in session.execute(query)]


def to_record(row: RecordRow, department: str, entities: tuple[Entity, ...] | None = None) -> Record:
    """The record as `ladtl_core` takes it, with its stored tokens."""
    return Record(
        id=row.external_id,
        text=row.text,
        entities=entities,
        department=department,
        split=row.split,
        patient=row.patient,
        tokens=tuple((start, end) for start, end in row.tokens),
        sentence_starts=tuple(row.sentence_starts),
    )


def _row(record: Record, scheme: str, position: int) -> dict[str, Any]:
    check_record(record)
    if record.split is None:
        raise DataError(f"the record {record.id!r} has no split; expected one of {', '.join(SPLITS)}")
    if _UNSTORABLE.search(record.text):
        raise DataError(f"the text of {record.id!r} has a null or half a surrogate pair, which no database can store")
    if record.tokens is None:
        tokens, starts = tokenize(record.text, scheme)
        tokenizer = f"{scheme}-{TOKENIZER_VERSION}"
    else:
        tokens, starts, tokenizer = record.tokens, record.sentence_starts or (0,), "given"
    return {
        "external_id": record.id,
        "patient": record.patient,
        "text": record.text,
        "split": record.split,
        "position": position,
        "tokens": [list(token) for token in tokens],
        "sentence_starts": list(starts),
        "tokenizer": tokenizer,
    }


def _add_gold(session: Session, records: Mapping[int, Record], meant: Mapping[str, Label], author: str) -> None:
    gold: dict[int, list[SpanData]] = {}
    for record_id, record in records.items():
        if record.entities is None:
            continue
        for entity in record.entities:
            if entity.label not in meant:
                raise DataError(
                    f"the record {record.id!r} has a span of {entity.label!r}, which is not in the label set; "
                    f"it has {', '.join(meant) or 'no labels'}"
                )
        gold[record_id] = [
            SpanData(str(uuid4()), entity.start, entity.end, meant[entity.label].id, "import")
            for entity in record.entities
        ]
    add_submitted(session, gold, author)
