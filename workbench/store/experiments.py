"""Tables of finished experiment runs that somebody brought in, each row as it stands in its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, func, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workbench.store.base import Base, now
from workbench.store.errors import NotFound

_AT_ONCE = 500


class ExperimentTable(Base):
    """A table of runs under the name that it was given."""

    __tablename__ = "experiment_table"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    author: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ExperimentRun(Base):
    """One row; `key` is the hash of the run's data and settings, `row` all columns as text."""

    __tablename__ = "experiment_run"
    __table_args__ = (UniqueConstraint("table_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    table_id: Mapped[int] = mapped_column(ForeignKey("experiment_table.id"))
    key: Mapped[str]
    row: Mapped[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Listed:
    """A table with the number of its runs."""

    table_id: int
    name: str
    author: str
    created_at: datetime
    runs: int


def add(session: Session, name: str, author: str, rows: Sequence[Mapping[str, str]]) -> tuple[int, int]:
    """Put rows into the table of that name, made if need be; a run that it has already stays as it is.

    Returns the table's id and how many runs were new.
    """
    table = session.scalar(select(ExperimentTable).where(ExperimentTable.name == name))
    if table is None:
        table = ExperimentTable(name=name, author=author)
        session.add(table)
        session.flush()
    known = set(session.scalars(select(ExperimentRun.key).where(ExperimentRun.table_id == table.id)))
    new = {row["key"]: dict(row) for row in rows if row["key"] not in known}
    values = [{"table_id": table.id, "key": key, "row": row} for key, row in new.items()]
    for first in range(0, len(values), _AT_ONCE):
        session.execute(insert(ExperimentRun), values[first : first + _AT_ONCE])
    return table.id, len(new)


def tables(session: Session) -> list[Listed]:
    """All tables, the newest first."""
    query = (
        select(ExperimentTable, func.count(ExperimentRun.id))
        .outerjoin(ExperimentRun, ExperimentRun.table_id == ExperimentTable.id)
        .group_by(ExperimentTable.id)
        .order_by(ExperimentTable.id.desc())
    )
    return [
        Listed(table.id, table.name, table.author, table.created_at, count) for table, count in session.execute(query)
    ]


def rows(session: Session, table_id: int) -> list[dict[str, str]]:
    """The table's rows in the order in which they came. Raises NotFound."""
    if session.get(ExperimentTable, table_id) is None:
        raise NotFound("experiment table", table_id)
    query = select(ExperimentRun.row).where(ExperimentRun.table_id == table_id).order_by(ExperimentRun.id)
    return list(session.scalars(query))
