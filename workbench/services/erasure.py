"""Erasure of a patient's records: what it would take and who saw them, then the tombstone in place of everything."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from ladtl_core.errors import DataError
from workbench.services.roles import Act, needs
from workbench.store import audit, departments, erasure
from workbench.store.base import now
from workbench.store.database import Database
from workbench.store.erasure import Reach
from workbench.store.paths import home

NOTHING = "no record of this patient or of this name is stored here"


@dataclass(frozen=True, slots=True)
class Asked:
    """All records of `patient`, or those imported under `records`; of one department (its id), or of all."""

    patient: str | None = None
    records: tuple[str, ...] = ()
    department_id: int | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased; `clean` says whether the database file was written anew, without it."""

    found: Reach
    clean: bool


@needs(Act.DELETE)
def look(database: Database, asked: Asked) -> Reach:
    """What an erasure would reach; changes nothing. Raises DataError if nothing is asked, or nothing is found."""
    if not asked.patient and not asked.records:
        raise DataError("name the patient, or the records, that are to be erased")
    with database.reading() as session:
        if not (ids := erasure.find(session, asked.patient or None, asked.records, asked.department_id)):
            raise DataError(f"{NOTHING}, or it was erased before; nothing was changed")
        return erasure.reach(session, ids)


@needs(Act.DELETE)
def erase(database: Database, asked: Asked, who: str) -> Erased:
    """Erase for good. Raises DataError as `look` does, and while a run is at work that has read the records.

    The audit trail says which rows were erased, by their numbers, and who did it; no text, no name of the record.
    """
    look(database, asked)
    with database.session() as session:
        ids = erasure.find(session, asked.patient or None, asked.records, asked.department_id)
        found = erasure.reach(session, ids)
        if found.running:
            raise DataError(
                f"run {', '.join(map(str, found.running))} is at work on these records; cancel it or wait for its "
                "end, then erase. Nothing was changed"
            )
        erasure.erase(session, found)
        detail = {"snapshots": list(found.snapshots), "models": [model for model, *_ in found.models]}
        audit.note(session, who, erasure.ERASURE, f"records {', '.join(map(str, ids))}", detail)
    for run_id in found.runs:  # what a failed run left knows their words
        shutil.rmtree(home() / "checkpoints" / f"run-{run_id}", ignore_errors=True)
    return Erased(found, erasure.clean(database))


@needs(Act.DELETE)
def clean(database: Database) -> bool:
    """Write the database file anew, without what was erased; False if others were reading it."""
    return erasure.clean(database)


@needs(Act.DELETE)
def told(database: Database, reach: Reach, *, done: bool) -> Iterator[str]:
    """What goes, or is gone, and what keeps traces that no erasure here reaches: a line each."""
    parts = ", ".join(f"{count:,} {what}" for what, count in reach.counts.items() if count)
    count, with_parts = len(reach.records), f", with {parts}" if parts else ""
    yield f"{'Erased' if done else 'Would go'} for good: {count:,} record{'' if count == 1 else 's'}{with_parts}."
    if reach.snapshots:
        numbers = ", ".join(map(str, reach.snapshots))
        yield f"Snapshots that hold their labels, and lose them: {numbers}. A training again leaves these records out."
    with database.reading() as session:
        for model_id, department_id, version, folder in reach.models:
            name = departments.get(session, department_id).name
            yield (
                f"Model {model_id} ({name}, version {version}) learned from them, and models/{folder} may hold their "
                "words: train again without them, make that model current, and do not hand this one out."
            )
    yield (
        f"Backups made before {now():%Y-%m-%d %H:%M} UTC, exported files and exported models may hold them: remove "
        "these by hand. Audit trail and guidelines are not searched."
    )
