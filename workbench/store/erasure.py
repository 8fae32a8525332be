"""Erasure: what the tables hold of some records, and a tombstone in the place of all of it.

A tombstone keeps the row of a record and the rows that count something about it, so that histories have no gaps; it
keeps no text, no name, no offset. Records with it belong to no split and are found by nobody.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, func, select, text, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from workbench.store.adjudications import Adjudication
from workbench.store.comments import Comment
from workbench.store.database import Database
from workbench.store.imported import ImportedSuggestion
from workbench.store.models import (
    ERASED,
    Annotation,
    AnnotationChange,
    Decision,
    Model,
    RecordRow,
    Rule,
    Run,
    Snapshot,
    SnapshotItem,
    Span,
    Suggestion,
)
from workbench.store.scores import RecordScore
from workbench.store.sharing import Assignment, Lease

TOMBSTONE = "[erased]"
ERASURE = "erased"  # what the audit trail says of one
WAIT_MILLISECONDS = 30_000  # for those who read, before the file is written anew
_REMOVED_ERROR = "the message was removed when records that the run had read were erased"
# What a database keeps of earlier rows goes when these are written anew.
_TABLES = (
    *("record", "span", "annotation_change", "suggestion", "imported_suggestion", "decision", "comment", "rule"),
    *("snapshot_item", "record_score", "adjudication", "run"),
)


@dataclass(frozen=True, slots=True)
class Reach:
    """What an erasure of `records`, by their ids, takes (`counts`, in words) and what has seen them before.

    `models` are id, department's id, version and folder; `runs` are trainings that read them, `running` those of them,
    and predictions, that are under way.
    """

    records: tuple[int, ...]
    counts: dict[str, int]
    snapshots: tuple[int, ...]
    models: tuple[tuple[int, int, int, str], ...]
    runs: tuple[int, ...]
    running: tuple[int, ...]


def find(session: Session, patient: str | None, names: Collection[str], department_id: int | None) -> list[int]:
    """Ids of a patient's records, or of those imported under `names`; of one department, or of all."""
    asked = RecordRow.patient == patient if patient is not None else RecordRow.external_id.in_(names)
    query = select(RecordRow.id).where(asked, RecordRow.split != ERASED).order_by(RecordRow.id)
    return list(session.scalars(query if department_id is None else query.where(_in(department_id))))


def reach(session: Session, ids: Sequence[int]) -> Reach:
    """What stands in the tables of these records; nothing is changed."""
    runs = _readers(session, ids)
    query = select(Model.id, Model.department_id, Model.version, Model.folder).where(Model.run_id.in_(runs))
    snapshots = select(SnapshotItem.snapshot_id).where(SnapshotItem.record_id.in_(ids)).distinct()
    there = select(RecordRow.department_id).where(RecordRow.id.in_(ids))
    reads = Run.id.in_(runs) | ((Run.kind == "predict") & Run.department_id.in_(there))
    running = select(Run.id).where(Run.state == "running", reads)
    counts = {
        "annotations": _count(session, Annotation.record_id, ids),
        "revisions of annotations": _count(session, AnnotationChange.annotation_id, _annotations(session, ids)),
        "adjudications": _count(session, Adjudication.record_id, ids),
        "comments": _count(session, Comment.record_id, ids),
        "lists of suggestions": _count(session, Suggestion.record_id, ids)
        + _count(session, ImportedSuggestion.record_id, ids),
        "decisions on suggestions": _count(session, Decision.record_id, ids),
        "rules with words that stand in no other record": len(_rules(session, ids)),
    }
    return Reach(
        tuple(ids),
        counts,
        tuple(sorted(session.scalars(snapshots))),
        tuple((a, b, c, d) for a, b, c, d in session.execute(query.order_by(Model.id))),
        tuple(runs),
        tuple(session.scalars(running.order_by(Run.id))),
    )


def erase(session: Session, found: Reach) -> None:
    """Put the tombstone in the place of everything that `found` names, in this transaction."""
    ids = found.records
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete = ON"))  # what is deleted is overwritten with zeros
    for rule_id in _rules(session, ids):
        session.execute(delete(Rule).where(Rule.id == rule_id))
    annotations = _annotations(session, ids)
    session.execute(delete(Span).where(Span.annotation_id.in_(annotations)))
    changes = update(AnnotationChange).where(AnnotationChange.annotation_id.in_(annotations))
    session.execute(changes.values(added=[], removed=[], status="skipped", restores=None))
    for table in (Decision, RecordScore, Assignment, Lease):
        session.execute(delete(table).where(table.record_id.in_(ids)))
    _blank(session, Annotation, Annotation.record_id.in_(ids), status="skipped")
    _blank(session, Adjudication, Adjudication.record_id.in_(ids), choices=[])
    _blank(session, Comment, Comment.record_id.in_(ids), text=TOMBSTONE, start=None, end=None)
    for kept in (Suggestion, ImportedSuggestion):
        _blank(session, kept, kept.record_id.in_(ids), spans=[])
    _blank(session, SnapshotItem, SnapshotItem.record_id.in_(ids), entities=[])
    for snapshot_id in found.snapshots:  # the same records, imported once more, must not be taken for these
        row = session.get_one(Snapshot, snapshot_id)
        row.hash = sha256(f"{ERASED} {row.hash}".encode()).hexdigest()
    _blank(session, Run, Run.id.in_(found.runs) & Run.error.is_not(None), error=_REMOVED_ERROR)
    for record_id in ids:
        empty: dict[str, Any] = {"patient": None, "text": TOMBSTONE, "tokens": [], "sentence_starts": []}
        named = {"external_id": f"{ERASED}-{uuid4()}", "split": ERASED}
        _blank(session, RecordRow, RecordRow.id == record_id, **empty, **named)


def clean(database: Database) -> bool:
    """Write the tables anew, so that no page keeps what was erased; whether nobody's reading stood in the way."""
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"VACUUM (FULL) {', '.join(_TABLES)}"))
        return True
    raw = database.engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA query_only = OFF")
        cursor.execute(f"PRAGMA busy_timeout = {WAIT_MILLISECONDS}")
        cursor.execute("VACUUM")
        (busy, *_), *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return not busy
    except sqlite3.OperationalError:  # somebody reads or writes for longer than the connection waits
        return False
    finally:
        raw.invalidate()  # with its settings


def _in(department_id: int) -> ColumnElement[bool]:
    return RecordRow.department_id == department_id


def _count(session: Session, column: InstrumentedAttribute[int], ids: Collection[int]) -> int:
    return session.scalar(select(func.count()).where(column.in_(ids))) or 0


def _blank(session: Session, table: Any, where: ColumnElement[bool], **values: Any) -> None:
    session.execute(update(table).where(where).values(**values))


def _annotations(session: Session, ids: Collection[int]) -> list[int]:
    return list(session.scalars(select(Annotation.id).where(Annotation.record_id.in_(ids))))


def _readers(session: Session, ids: Collection[int]) -> list[int]:
    """Trainings that read a department when it had one of the records, labelled or not."""
    oldest = select(RecordRow.department_id, func.min(RecordRow.id)).where(RecordRow.id.in_(ids))
    first = {department: record for department, record in session.execute(oldest.group_by(RecordRow.department_id))}

    def read(spec: dict[str, Any]) -> bool:
        parts = [*spec.get("sources", ()), spec.get("target", {})]
        known = [part for part in parts if part.get("department") in first]
        return any(part["last_record"] >= first[part["department"]] for part in known)

    rows = session.execute(select(Run.id, Run.spec).where(Run.kind == "train").order_by(Run.id))
    return [run_id for run_id, spec in rows if read(spec)]


def _rules(session: Session, ids: Collection[int]) -> list[int]:
    """Mentions and terms whose words stand in these records and in no other one of their department."""
    own = [(d, _plain(t)) for d, t in session.execute(_texts(RecordRow.id.in_(ids)))]
    query = select(Rule).where(Rule.department_id.in_({d for d, _ in own}), Rule.kind != "pattern")
    left = {rule.id: (rule.department_id, _plain(rule.text)) for rule in session.scalars(query)}
    left = {key: (d, words) for key, (d, words) in left.items() if any(d == e and words in t for e, t in own)}
    if left:
        others = RecordRow.department_id.in_({d for d, _ in left.values()}) & RecordRow.id.not_in(ids)
        for d, other in session.execute(_texts(others).execution_options(yield_per=500)):
            plain = _plain(other)
            left = {key: (e, words) for key, (e, words) in left.items() if e != d or words not in plain}
    return sorted(left)


def _texts(where: ColumnElement[bool]) -> Any:
    return select(RecordRow.department_id, RecordRow.text).where(where)


def _plain(words: str) -> str:
    return " ".join(words.casefold().split())
