"""The records that a run reads, as they were when it was submitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from ladtl_core.records import SPLITS, Record
from workbench.store import departments, records, snapshots


def frozen(session: Session, department_id: int) -> dict[str, Any]:
    """The part of a spec that says what to read of a department: its labels by snapshot, its text up to a record."""
    snapshot = snapshots.freeze(session, department_id)
    return {
        "department": department_id,
        "name": departments.get(session, department_id).name,
        "snapshot": snapshot.id,
        "snapshot_hash": snapshot.hash,
        "last_record": last_record(session, department_id),
    }


def last_record(session: Session, department_id: int) -> int:
    """The id of the record that was imported last, 0 if there is none."""
    return max(records.ids(session, department_id).values(), default=0)


def training_records(session: Session, part: dict[str, Any]) -> list[Record]:
    """The department's records with the labels of the snapshot; `entities` is None where nobody had labelled them."""
    labelled = {record.id: record for record in snapshots.records(session, part["snapshot"])}
    rows = records.of_department(session, part["department"])
    return [
        labelled.get(row.external_id) or records.to_record(row, part["name"])
        for row in rows
        if row.id <= part["last_record"]
    ]


def learned_from(session: Session, spec: dict[str, Any]) -> tuple[list[Record], list[Record]]:
    """The records of the sources and of the target that a training with this spec learns from."""
    sources = [record for part in spec["sources"] for record in training_records(session, part)]
    return sources, training_records(session, spec["target"])


def all_records(session: Session, department_id: int, splits: Sequence[str] = SPLITS) -> list[tuple[int, Record]]:
    """Ids and texts of the department's records of those splits, without labels."""
    name = departments.get(session, department_id).name
    return [(row.id, records.to_record(row, name)) for row in records.of_department(session, department_id, splits)]
