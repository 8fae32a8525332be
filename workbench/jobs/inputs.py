"""The records that a run reads, as they were when it was submitted."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from ladtl_core.data import TRAINING_SPLITS
from ladtl_core.records import Record
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


def with_labels_of(records: Sequence[Record], keep: int, seed: int) -> list[Record]:
    """The records, with the labels of only so many random training records; a larger choice holds the smaller ones."""
    labelled = [r.id for r in records if r.entities is not None and (r.split or "train") in TRAINING_SPLITS]
    random.Random(seed).shuffle(labelled)
    dropped = set(labelled[keep:])
    return [replace(record, entities=None) if record.id in dropped else record for record in records]


def all_records(session: Session, department_id: int) -> list[tuple[int, Record]]:
    """Ids and texts of all the department's records, without labels."""
    name = departments.get(session, department_id).name
    return [(row.id, records.to_record(row, name)) for row in records.of_department(session, department_id)]
