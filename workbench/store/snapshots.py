"""Frozen sets of labels, so that a run can say for ever what it was trained on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from ladtl_core.errors import DataError
from ladtl_core.records import SPLITS, Entity, Record
from workbench.store import departments
from workbench.store.errors import NotFound
from workbench.store.gold import Gold, gold, labelled_records
from workbench.store.labels import by_name
from workbench.store.models import ERASED, Department, RecordRow, Snapshot, SnapshotItem
from workbench.store.records import to_record


def contents(session: Session, department_id: int) -> dict[int, str]:
    """What training sees of each labelled record but for its labels, by record id, as `freeze` takes it.

    It stays as it is for as long as the record stands, so it can be read before the transaction that freezes, which
    others wait for.
    """
    return {row.id: _content(row) for row in labelled_records(session, department_id)}


def freeze(session: Session, department_id: int, known: Mapping[int, str] | None = None) -> Snapshot:
    """The department's gold of all splits as a snapshot; the same content gives the same row.

    `known` are its `contents` of a moment ago. Raises DataError where nothing was submitted yet, NotFound.
    """
    lock = select(Department).where(Department.id == department_id).with_for_update()  # one freezes at a time
    department = session.scalar(lock)
    if department is None:
        raise NotFound("department", department_id)
    labelled = gold(session, department_id, SPLITS, with_texts=known is None)
    if not labelled:
        raise DataError(f"no record of {department.name!r} is submitted yet; submit at least one, then train")
    digest = _content_hash(department.name, labelled, known or {})
    found = session.scalar(select(Snapshot).where(Snapshot.hash == digest))
    if found is not None:
        return found
    snapshot = Snapshot(department_id=department_id, hash=digest, records=len(labelled))
    session.add(snapshot)
    session.flush()
    rows = [
        {
            "snapshot_id": snapshot.id,
            "record_id": item.record.id,
            "annotation_revision": item.revision,
            "split": item.record.split,
            "entities": _entities(item),
            "adjudicated": item.adjudicated,
        }
        for item in labelled
    ]
    session.execute(insert(SnapshotItem), rows)
    return snapshot


def get(session: Session, snapshot_id: int) -> Snapshot:
    """Raises NotFound."""
    snapshot = session.get(Snapshot, snapshot_id)
    if snapshot is None:
        raise NotFound("snapshot", snapshot_id)
    return snapshot


def records(session: Session, snapshot_id: int) -> list[Record]:
    """The frozen records with split, entities, tokens and sentence starts, in the order of import.

    Those erased since are left out. Raises NotFound.
    """
    department = session.get_one(Department, get(session, snapshot_id).department_id).name
    query = select(RecordRow, SnapshotItem.entities).join(SnapshotItem, SnapshotItem.record_id == RecordRow.id)
    query = query.where(SnapshotItem.snapshot_id == snapshot_id, RecordRow.split != ERASED)
    query = query.order_by(RecordRow.position)
    return [
        to_record(row, department, tuple(Entity(start, end, label) for start, end, label in entities))
        for row, entities in session.execute(query)
    ]


def records_today(session: Session, snapshot_id: int) -> list[Record]:
    """The same with the names that their labels have today, as `trained.suggestions` has them. Raises NotFound."""
    found = departments.labels(session, get(session, snapshot_id).department_id)
    names = {name: label.name for name, label in by_name(found).items()}
    return [
        replace(record, entities=tuple(replace(e, label=names.get(e.label, e.label)) for e in record.entities or ()))
        for record in records(session, snapshot_id)
    ]


def split_counts(session: Session, snapshot_id: int) -> dict[str, int]:
    """How many frozen records each split has."""
    query = select(SnapshotItem.split, func.count()).where(SnapshotItem.snapshot_id == snapshot_id)
    return {split: count for split, count in session.execute(query.group_by(SnapshotItem.split))}


def split_hash(session: Session, snapshot_id: int, split: str) -> str:
    """SHA-256 of the split's frozen records and labels: runs with the same were scored on the same."""
    query = select(SnapshotItem.record_id, SnapshotItem.entities).order_by(SnapshotItem.record_id)
    rows = session.execute(query.where(SnapshotItem.snapshot_id == snapshot_id, SnapshotItem.split == split))
    return hashlib.sha256(json.dumps([list(row) for row in rows]).encode()).hexdigest()


def _entities(item: Gold) -> list[list[int | str]]:
    return [[entity.start, entity.end, entity.label] for entity in item.entities]


def _content_hash(department: str, labelled: Sequence[Gold], known: Mapping[int, str]) -> str:
    """SHA-256 over what training can see, and not over database ids: the same in a restored database."""
    digest = hashlib.sha256(json.dumps(department).encode())
    for item in sorted(labelled, key=lambda one: one.record.external_id):
        content = known.get(item.record.id) or _content(item.record)
        # The content is a JSON list; the labels are its last element.
        digest.update(f"{content[:-1]},{_compact(_entities(item))}]\n".encode())
    return digest.hexdigest()


def _content(row: RecordRow) -> str:
    return _compact([row.external_id, row.split, row.text, row.tokens, row.sentence_starts])


def _compact(value: list[Any]) -> str:
    return json.dumps(value, separators=(",", ":"))
