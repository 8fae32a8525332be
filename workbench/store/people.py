"""The people who label at this installation, by their names."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workbench.store.base import Base, now
from workbench.store.database import insert_for


class Account(Base):
    """One person; everything that is theirs names them by `name`."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


def add(session: Session, name: str) -> bool:
    """Whether the name was new; one that is there stays as it is."""
    statement = insert_for(session, Account).values(name=name, created_at=now())
    return session.scalar(statement.on_conflict_do_nothing().returning(Account.id)) is not None


def names(session: Session) -> list[str]:
    """Everybody's name, in the order in which they were added."""
    return list(session.scalars(select(Account.name).order_by(Account.id)))
