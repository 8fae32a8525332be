"""Adjudication: what somebody chose, place by place, between the versions of a record, and the gold made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workbench.store import annotations as labels_of
from workbench.store.annotations import ADJUDICATED, SpanData
from workbench.store.base import Base, now
from workbench.store.errors import NotFound
from workbench.store.models import ERASED, Annotation, RecordRow
from workbench.store.versions import Version

Choices = Mapping[tuple[int, int], int | None]
"""For a place (start, end) the annotation whose spans there are taken, or None for no span."""


class Adjudication(Base):
    """One save; the latest counts, and none is ever removed. A finished one became the record's gold.

    `versions` are [annotation's id, revision, author] of those that were compared, `choices` [start, end, annotation's
    id or None].
    """

    __tablename__ = "adjudication"

    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    author: Mapped[str]
    finished: Mapped[bool]
    versions: Mapped[list[Any]]
    choices: Mapped[list[Any]]


@dataclass(frozen=True, slots=True)
class State:
    """The latest save of a record, and the one that its gold came from."""

    latest: Adjudication
    finished: Adjudication | None

    @property
    def choices(self) -> dict[tuple[int, int], int | None]:
        """Those of the latest save."""
        return {(start, end): take for start, end, take in self.latest.choices}


def locked(session: Session, record_id: int) -> RecordRow:
    """The record; until the transaction ends nobody saves labels of it. Raises NotFound."""
    query = select(RecordRow).where(RecordRow.id == record_id, RecordRow.split != ERASED)
    row = session.scalar(query.with_for_update(of=RecordRow, key_share=True))
    if row is None:
        raise NotFound("record", record_id)
    return row


def of_record(session: Session, record_id: int) -> State | None:
    """None where nobody has begun."""
    return _states(session, Adjudication.record_id == record_id).get(record_id)


def of_department(session: Session, department_id: int) -> dict[int, State]:
    """By the record's id, of those that somebody has begun."""
    inside = select(RecordRow.id).where(RecordRow.department_id == department_id, RecordRow.split != ERASED)
    return _states(session, Adjudication.record_id.in_(inside))


def add(
    session: Session, record_id: int, who: str, versions: Sequence[Version], choices: Choices, finished: bool
) -> int:
    """The next save of a record that is `locked`; returns its number."""
    last = session.scalar(select(func.max(Adjudication.revision)).where(Adjudication.record_id == record_id)) or 0
    session.add(
        Adjudication(
            record_id=record_id,
            revision=last + 1,
            author=who,
            finished=finished,
            versions=[[version.annotation_id, version.revision, version.author] for version in versions],
            choices=[[*place, take] for place, take in sorted(choices.items())],
        )
    )
    session.flush()
    return last + 1


def make_gold(session: Session, record_id: int, who: str, spans: Sequence[SpanData]) -> None:
    """The record's gold, as one more revision of it if there was another; its history says who made it.

    The spans have been stored before, so that they are right; they may have labels that were retired since.
    """
    found = labels_of.load(session, record_id, ADJUDICATED)
    annotation = found or Annotation(record_id=record_id, author=ADJUDICATED, revision=0, status="submitted")
    old = {span.span_id: span for span in labels_of.span_data(annotation)}
    new = {span.span_id: span for span in spans}
    added = [span for span in spans if old.get(span.span_id) != span]
    removed = [span for span in old.values() if new.get(span.span_id) != span]
    if found and not added and not removed:
        return
    session.add(annotation)
    labels_of.revise(session, annotation, who, added, removed)
    session.flush()


def _states(session: Session, of: ColumnElement[bool]) -> dict[int, State]:
    finished = _newest(session, of & Adjudication.finished)
    return {record_id: State(row, finished.get(record_id)) for record_id, row in _newest(session, of).items()}


def _newest(session: Session, of: ColumnElement[bool]) -> dict[int, Adjudication]:
    """The last of those that fulfil a condition, by record."""
    last = select(Adjudication.record_id, func.max(Adjudication.revision).label("revision")).where(of)
    newest = last.group_by(Adjudication.record_id).subquery()
    same = (newest.c.record_id == Adjudication.record_id) & (newest.c.revision == Adjudication.revision)
    return {row.record_id: row for row in session.scalars(select(Adjudication).join(newest, same))}
