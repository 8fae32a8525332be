"""Words that a department looks for in what it imports, such as names of its staff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, Session, mapped_column

from workbench.store.base import Base
from workbench.store.database import insert_for


class NameList(Base):
    __tablename__ = "name_list"

    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), primary_key=True)
    words: Mapped[list[Any]]


def of_department(session: Session, department_id: int) -> list[str]:
    """The department's words, none where nobody gave any."""
    found = session.get(NameList, department_id)
    return [] if found is None else list(found.words)


def write(session: Session, department_id: int, words: Sequence[str]) -> None:
    """Replace the department's words."""
    statement = insert_for(session, NameList).values(department_id=department_id, words=list(words))
    renewed = {"words": statement.excluded.words}
    session.execute(statement.on_conflict_do_update(index_elements=["department_id"], set_=renewed))
