"""The records that a run reads, as they were when it was submitted."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from ladtl_core.data import TRAINING_SPLITS
from ladtl_core.mapping import LabelMapping
from ladtl_core.records import SPLITS, Record
from workbench.store import departments, label_sets, labels, mappings, records, snapshots
from workbench.store.runs import IMPORTED


def frozen(session: Session, department_id: int, known: Mapping[int, str]) -> dict[str, Any]:
    """The part of a spec that says what to read of a department: its labels by snapshot, its text up to a record.

    `known` are the department's `snapshots.contents`.
    """
    snapshot = snapshots.freeze(session, department_id, known)
    return {
        "department": department_id,
        "name": departments.get(session, department_id).name,
        "snapshot": snapshot.id,
        "snapshot_hash": snapshot.hash,
        "last_record": last_record(session, department_id),
    }


def frozen_source(session: Session, department_id: int, target_id: int, known: Mapping[int, str]) -> dict[str, Any]:
    """The same of a source, with the names of labels that training changes so that they mean the target's.

    Where none changes there is no `labels`. They are pairs: in a dict the hash of a spec would skip some names.
    """
    sets = [label_sets.of_department(session, one).id for one in (department_id, target_id)]
    for label_set_id in sets:
        labels.in_use(session, label_set_id)  # nobody renames a label between the snapshot and the mapping
    changed = mappings.renamed(session, *sets)
    return frozen(session, department_id, known) | ({"labels": changed} if changed else {})


def last_record(session: Session, department_id: int) -> int:
    """The id of the record that was imported last, 0 if there is none."""
    return max(records.ids(session, department_id).values(), default=0)


def training_records(session: Session, part: dict[str, Any]) -> list[Record]:
    """The department's records with the labels of the snapshot, under the names that `labels` of the part gives them.

    `entities` is None where nobody had labelled the record.
    """
    mapping = LabelMapping("the label sets", dict(part.get("labels", ())), {})
    labelled = {record.id: record for record in mapping.rename(snapshots.records(session, part["snapshot"]))}
    rows = records.of_department(session, part["department"])
    return [
        labelled.get(row.external_id) or records.to_record(row, part["name"])
        for row in rows
        if row.id <= part["last_record"]
    ]


def learned_from(session: Session, spec: dict[str, Any]) -> tuple[list[Record], list[Record]]:
    """The records of the sources and of the target that a training with this spec learns from, with all their labels.

    Those of a model that was brought in are elsewhere: none.
    """
    if IMPORTED in spec:
        return [], []
    sources = [record for part in spec["sources"] for record in training_records(session, part)]
    return sources, training_records(session, spec["target"])


def standing(session: Session, spec: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    """What becomes another when a record that a training with this spec reads is erased, labelled or not."""
    return tuple(
        (snapshots.get(session, part["snapshot"]).hash, records.count(session, part["department"], part["last_record"]))
        for part in (*spec["sources"], spec["target"])
    )


def kept_labels(records: Sequence[Record], keep: int, seed: int) -> set[str]:
    """Ids of so many random labelled training records; a larger choice holds the smaller ones."""
    labelled = [r.id for r in records if r.entities is not None and (r.split or "train") in TRAINING_SPLITS]
    random.Random(seed).shuffle(labelled)
    return set(labelled[:keep])


def all_records(session: Session, department_id: int, splits: Sequence[str] = SPLITS) -> list[tuple[int, Record]]:
    """Ids and texts of the department's records of those splits, without labels."""
    name = departments.get(session, department_id).name
    return [(row.id, records.to_record(row, name)) for row in records.of_department(session, department_id, splits)]
