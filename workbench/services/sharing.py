"""Sharing out the work: records that are handed to one person at a time, assigned, and labelled by several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from ladtl_core.errors import DataError
from workbench.services.roles import Act, needs
from workbench.store import annotations as labels_of
from workbench.store import audit, records, sharing
from workbench.store.base import now
from workbench.store.database import Database
from workbench.store.errors import Unavailable
from workbench.store.records import EVALUATION_SPLITS, LABELLING_SPLITS
from workbench.store.sharing import LEASE, Places

MOST_PEOPLE = 10


@dataclass(frozen=True, slots=True)
class Progress:
    """Of some records: how many need several people, and how many were submitted by as many as they need."""

    records: int
    shared: int
    done: int


@needs(Act.REVIEW)
def setting(database: Database, department_id: int) -> tuple[int, int]:
    """How many people label a record of the department, and in how many percent of the records."""
    with database.reading() as session:
        found = sharing.of_department(session, department_id)
        return found.people, found.share


@needs(Act.REVIEW)
def set_people(database: Database, department_id: int, people: int, share: int, who: str) -> None:
    """Let `people` label each of `share` percent of the records. Raises DataError."""
    with database.session() as session:
        sharing.write(session, department_id, people, share)
        audit.note(session, who, "people a record", f"department {department_id}", {"people": people, "share": share})


@needs(Act.ANNOTATE)
def next_record(database: Database, person: str, candidates: Iterable[int]) -> int | None:
    """The first of the records that has a place for the person, who has it then; two who ask at once get two.

    Where nothing can be written it is the first one, to be read.
    """
    for record_id in candidates:
        try:
            with database.session() as session:
                if sharing.claim(session, record_id, person):
                    return record_id
        except Unavailable:
            return record_id
    return None


@needs(Act.ANNOTATE)
def enter(database: Database, record_id: int, person: str) -> str:
    """Open a record for the person. If others take its places, says who they are; else it is the person's for a while.

    Where nothing can be written it is opened all the same, so that it can be read. Raises NotFound.
    """
    with database.reading() as session:
        held = sharing.lease(session, person)
        if held and held.record_id == record_id and held.until > now() + LEASE / 2:
            return ""
    with suppress(Unavailable), database.session() as session:
        if sharing.claim(session, record_id, person):
            return ""
    return _others(database, record_id, person)


@needs(Act.ANNOTATE)
def renew(database: Database, record_id: int, person: str) -> None:
    """The person is at work on the record. Raises NotFound."""
    with database.session() as session:
        records.get(session, record_id)
        sharing.renew(session, record_id, person)


@needs(Act.REVIEW)
def progress(database: Database, department_id: int, evaluation: bool) -> Progress:
    """How far the department's records to label are, or those of its evaluation set."""
    with database.reading() as session:
        found = sharing.submitted(session, department_id, _splits(evaluation))
    return Progress(len(found), sum(needed > 1 for needed, _ in found), sum(done >= needed for needed, done in found))


@needs(Act.REVIEW)
def assigned(database: Database, department_id: int) -> dict[str, int]:
    """How many records each person is assigned and has neither submitted nor skipped."""
    with database.reading() as session:
        return sharing.open_assignments(session, department_id)


@needs(Act.REVIEW)
def share_out(database: Database, department_id: int, people: Sequence[str], evaluation: bool, who: str) -> int:
    """Assign the free places evenly; returns how many. Raises DataError without people."""
    if not people:
        raise DataError("choose the people who share the records")
    with database.session() as session:
        found = sharing.places(session, department_id, _splits(evaluation))
        pairs = spread(found, people, sharing.open_assignments(session, department_id))
        sharing.assign(session, pairs)
        audit.note(session, who, "shared out", f"department {department_id}", {"people": list(people)})
    return len(pairs)


def spread(found: Iterable[Places], people: Sequence[str], loads: dict[str, int]) -> list[tuple[int, str]]:
    """Record and person for each free place: always to who has least to do, never twice to one person."""
    loads = {person: loads.get(person, 0) for person in people}
    pairs = []
    for one in found:
        able = sorted((p for p in people if p not in one.people | one.through), key=lambda person: loads[person])
        for person in able[: max(0, one.needed - len(one.people))]:
            pairs.append((one.record_id, person))
            loads[person] += 1
    return pairs


@needs(Act.REVIEW)
def reassign(database: Database, department_id: int, person: str, to: str | None, who: str) -> int:
    """Give what a person is assigned or has begun, and has not finished, to another or to nobody; returns how many.

    Nobody's labels change: what was begun stays the first person's draft.
    """
    if person == to:
        raise DataError(f"{person} has these records already; choose somebody else")
    with database.session() as session:
        all_places = sharing.places(session, department_id, LABELLING_SPLITS + EVALUATION_SPLITS)
        through = {one.record_id: one.through for one in all_places}
        own = {record_id for record_id, name in sharing.assignments(session, department_id) if name == person}
        moved = {record_id for record_id in own if person not in through[record_id]}
        if to is not None:
            moved |= sharing.begun(session, department_id, person)
            sharing.assign(session, [(record_id, to) for record_id in moved if to not in through[record_id]])
        sharing.unassign(session, moved, person)
        audit.note(session, who, "reassigned", f"department {department_id}", {"from": person, "to": to})
    return len(moved)


def _splits(evaluation: bool) -> Sequence[str]:
    return EVALUATION_SPLITS if evaluation else LABELLING_SPLITS


def _others(database: Database, record_id: int, person: str) -> str:
    """What others do with a record, each in a sentence."""
    with database.reading() as session:
        open_since = sharing.leases(session, record_id)
        status = {one.author: one.status for one in labels_of.of_record(session, record_id)}
        people = dict.fromkeys([*open_since, *status, *sharing.assigned(session, record_id)])
    return " ".join(_sentence(one, open_since, status) for one in people if one != person)


def _sentence(person: str, open_since: Mapping[str, datetime], status: Mapping[str, str]) -> str:
    if person in open_since:
        return f"{person} has this record open since {open_since[person].astimezone():%H:%M}."
    if person in status:
        return f"{person} has {'begun' if status[person] == 'draft' else status[person]} this record."
    return f"This record is assigned to {person}."
