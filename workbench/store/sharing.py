"""Who labels what: how many people a record needs, to whom it is assigned, who has it open.

A record has a place for each person that it needs. Whoever has begun it, is assigned to it or has it open takes one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Subquery, case, delete, func, select, true
from sqlalchemy.orm import Mapped, Session, mapped_column

from ladtl_core.errors import DataError
from workbench.store.annotations import ADJUDICATED
from workbench.store.base import Base, now
from workbench.store.database import insert_for
from workbench.store.errors import NotFound
from workbench.store.models import ERASED, Annotation, RecordRow

LEASE = timedelta(minutes=10)
DONE = ("submitted", "skipped")  # by the person whose annotation it is
_BY_A_PERSON = Annotation.author != ADJUDICATED


class Sharing(Base):
    """How many people label a record of a department: `people` in `share` percent of them, one in the others."""

    __tablename__ = "sharing"
    __table_args__ = (
        CheckConstraint("people >= 1", name="people"),
        CheckConstraint("share BETWEEN 0 AND 100", name="share"),
    )

    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), primary_key=True)
    people: Mapped[int] = mapped_column(default=1)
    share: Mapped[int] = mapped_column(default=100)

    def needed(self, external_id: str) -> int:
        """How many people label the record. A larger share keeps the records of a smaller one."""
        number = int.from_bytes(sha256(external_id.encode()).digest()[:8]) % 100
        return self.people if number < self.share else 1


class Assignment(Base):
    __tablename__ = "assignment"

    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)


class Lease(Base):
    """The record that a person has open: one a person, the last one opened; after `until` it counts no more."""

    __tablename__ = "lease"

    person: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), index=True)
    since: Mapped[datetime]
    until: Mapped[datetime]


@dataclass(slots=True)
class Places:
    """A record, how many people it needs, who takes a place, and who was through with it: submitted or skipped."""

    record_id: int
    needed: int
    people: set[str] = field(default_factory=set)
    through: set[str] = field(default_factory=set)


def of_department(session: Session, department_id: int) -> Sharing:
    """The department's setting; one person a record where nothing was set."""
    return session.get(Sharing, department_id) or Sharing(department_id=department_id, people=1, share=100)


def write(session: Session, department_id: int, people: int, share: int) -> None:
    """Raises DataError for less than one person, and for a share that is no percentage."""
    if people < 1 or not 0 <= share <= 100:
        raise DataError(f"{people} people for {share} % of the records; expected 1 or more, and 0 to 100")
    values = {"people": people, "share": share}
    statement = insert_for(session, Sharing).values(department_id=department_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["department_id"], set_=values))


def claim(session: Session, record_id: int, person: str) -> bool:
    """Give the record to the person for a while, if they have a place or one is free. Raises NotFound.

    Of several who ask at once each waits for the one before, so that a place is given once.
    """
    query = select(RecordRow.external_id, RecordRow.department_id)
    query = query.where(RecordRow.id == record_id, RecordRow.split != ERASED)
    row = session.execute(query.with_for_update(of=RecordRow, key_share=True)).one_or_none()
    if row is None:
        raise NotFound("record", record_id)
    people = set(session.scalars(select(_takers(RecordRow.id == record_id).c.person)))
    if person not in people and len(people) >= of_department(session, row.department_id).needed(row.external_id):
        return False
    _hold(session, record_id, person, moves=True)
    return True


def renew(session: Session, record_id: int, person: str) -> None:
    """Prolong what the person has open. An edit that arrives late does not take back the record that they left."""
    _hold(session, record_id, person, moves=False)


def lease(session: Session, person: str) -> Lease | None:
    """What the person has open."""
    return session.scalar(select(Lease).where(Lease.person == person, _lasts(now())))


def leases(session: Session, record_id: int) -> dict[str, datetime]:
    """Since when each person has the record open."""
    query = select(Lease.person, Lease.since).where(Lease.record_id == record_id, _lasts(now()))
    return {person: since for person, since in session.execute(query)}


def assigned(session: Session, record_id: int) -> list[str]:
    """To whom the record is assigned, by name."""
    query = select(Assignment.person).where(Assignment.record_id == record_id)
    return list(session.scalars(query.order_by(Assignment.person)))


def taken(session: Session, department_id: int, person: str) -> set[int]:
    """The department's records in which others take every place, and the person none."""
    inside = RecordRow.department_id == department_id
    takers = _takers(inside, without=person)
    query = select(RecordRow.id, RecordRow.external_id, func.count(takers.c.person)).join(
        takers, takers.c.record_id == RecordRow.id
    )
    own = set(session.scalars(select(Assignment.record_id).where(Assignment.person == person)))
    held = lease(session, person)
    own |= {held.record_id} if held else set()
    sharing = of_department(session, department_id)
    return {
        record_id
        for record_id, external_id, people in session.execute(query.group_by(RecordRow.id, RecordRow.external_id))
        if people >= sharing.needed(external_id) and record_id not in own
    }


def places(session: Session, department_id: int, splits: Sequence[str]) -> list[Places]:
    """The department's records of those splits, in their order."""
    sharing = of_department(session, department_id)
    inside = (RecordRow.department_id == department_id) & RecordRow.split.in_(splits)
    rows = session.execute(select(RecordRow.id, RecordRow.external_id).where(inside).order_by(RecordRow.position))
    found = {record_id: Places(record_id, sharing.needed(external_id)) for record_id, external_id in rows}
    takers = _takers(inside)
    for record_id, person in session.execute(select(takers.c.record_id, takers.c.person)):
        found[record_id].people.add(person)
    done = select(Annotation.record_id, Annotation.author).where(Annotation.status.in_(DONE))
    for record_id, author in session.execute(done.join(RecordRow).where(inside, _BY_A_PERSON)):
        found[record_id].through.add(author)
    return list(found.values())


def submitted(session: Session, department_id: int, splits: Sequence[str]) -> list[tuple[int, int]]:
    """Of each record of those splits: how many people it needs, and how many submitted it."""
    sharing = of_department(session, department_id)
    there = (Annotation.record_id == RecordRow.id) & (Annotation.status == "submitted") & _BY_A_PERSON
    query = select(RecordRow.external_id, func.count(Annotation.id)).outerjoin(Annotation, there)
    query = query.where(RecordRow.department_id == department_id, RecordRow.split.in_(splits)).group_by(RecordRow.id)
    return [(sharing.needed(external_id), people) for external_id, people in session.execute(query)]


def assignments(session: Session, department_id: int) -> list[tuple[int, str]]:
    """Record and person of every assignment in the department."""
    query = select(Assignment.record_id, Assignment.person).join(RecordRow, RecordRow.id == Assignment.record_id)
    query = query.where(RecordRow.department_id == department_id).order_by(RecordRow.position, Assignment.person)
    return [(record_id, person) for record_id, person in session.execute(query)]


def open_assignments(session: Session, department_id: int) -> dict[str, int]:
    """How many records each person is assigned and has neither submitted nor skipped."""
    own = (Annotation.record_id == Assignment.record_id) & (Annotation.author == Assignment.person)
    through = own & Annotation.status.in_(DONE)
    query = (
        select(Assignment.person, func.count().filter(Annotation.id.is_(None)))
        .join(RecordRow, RecordRow.id == Assignment.record_id)
        .outerjoin(Annotation, through)
        .where(RecordRow.department_id == department_id)
        .group_by(Assignment.person)
    )
    return {person: count for person, count in session.execute(query)}


def assign(session: Session, pairs: Iterable[tuple[int, str]]) -> None:
    """Assign records to people; what is assigned already stays so."""
    rows = [{"record_id": record_id, "person": person, "at": now()} for record_id, person in pairs]
    if rows:
        session.execute(insert_for(session, Assignment).on_conflict_do_nothing(), rows)


def unassign(session: Session, record_ids: Collection[int], person: str) -> None:
    """Take records from a person; what they labelled stays."""
    session.execute(delete(Assignment).where(Assignment.person == person, Assignment.record_id.in_(record_ids)))


def begun(session: Session, department_id: int, person: str) -> set[int]:
    """Records that the person has begun and neither submitted nor skipped."""
    query = select(Annotation.record_id).join(RecordRow).where(RecordRow.department_id == department_id)
    return set(session.scalars(query.where(Annotation.author == person, Annotation.status.not_in(DONE))))


def _takers(inside: ColumnElement[bool], without: str | None = None) -> Subquery:
    """`record_id` and `person` of the places taken in some records, each once. What was skipped is free again."""
    columns = (
        (Annotation.record_id, Annotation.author, (Annotation.status != "skipped") & _BY_A_PERSON),
        (Assignment.record_id, Assignment.person, true()),
        (Lease.record_id, Lease.person, _lasts(now())),
    )
    first, *others = (
        select(record_id.label("record_id"), person.label("person"))
        .join(RecordRow, RecordRow.id == record_id)
        .where(inside, counts, true() if without is None else person != without)
        for record_id, person, counts in columns
    )
    return first.union(*others).subquery()


def _lasts(at: datetime) -> ColumnElement[bool]:
    """Whether a lease counts: its time is not over, and not so far ahead that the clock was put back since."""
    return (Lease.until > at) & (Lease.until <= at + 2 * LEASE)


def _hold(session: Session, record_id: int, person: str, moves: bool) -> None:
    at = now()
    statement = insert_for(session, Lease).values(person=person, record_id=record_id, since=at, until=at + LEASE)
    new, expired = statement.excluded, ~_lasts(at)
    since = case(((Lease.record_id == new.record_id) & ~expired, Lease.since), else_=new.since)
    values = {"record_id": new.record_id, "since": since, "until": new.until}
    here = None if moves else (Lease.record_id == record_id) | expired
    session.execute(statement.on_conflict_do_update(index_elements=["person"], set_=values, where=here))
