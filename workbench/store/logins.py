"""Who somebody is to the provider that they sign in with, and the sessions that ended before their time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, UniqueConstraint, delete, exists, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from workbench.store.base import Base, now
from workbench.store.database import insert_for

REMEMBERED = timedelta(days=30)  # a clock that was ahead for a while must not bring a session back


class Login(Base):
    """A provider's `issuer` and `subject`, which never change, and the account's name here."""

    __tablename__ = "login"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    account: Mapped[str] = mapped_column(ForeignKey("account.name"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class EndedSession(Base):
    """A session that its person signed out of; `until` is when it would have ended anyway."""

    __tablename__ = "ended_session"

    key: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]


def find(session: Session, issuer: str, subject: str) -> Login | None:
    return session.scalars(select(Login).where(Login.issuer == issuer, Login.subject == subject)).one_or_none()


def add(session: Session, issuer: str, subject: str, account: str) -> bool:
    """Whether it was new; the account must be there."""
    values = {"issuer": issuer, "subject": subject, "account": account, "created_at": now()}
    statement = insert_for(session, Login).values(values)
    return session.scalar(statement.on_conflict_do_nothing().returning(Login.id)) is not None


def all_logins(session: Session) -> list[Login]:
    return list(session.scalars(select(Login).order_by(Login.id)))


def has_login(session: Session, account: str) -> bool:
    return bool(session.scalar(select(exists().where(Login.account == account))))


def move(session: Session, account: str, to: str) -> bool:
    """Give the logins of an account to another account; whether there were any."""
    statement = update(Login).where(Login.account == account).values(account=to).returning(Login.id)
    return bool(session.scalars(statement).all())


def end_session(session: Session, key: str, until: datetime) -> None:
    """Remember that a session ended, and forget those that would have ended long ago anyway."""
    session.execute(delete(EndedSession).where(EndedSession.until < now() - REMEMBERED))
    session.execute(insert_for(session, EndedSession).values(key=key, until=until).on_conflict_do_nothing())


def has_ended(session: Session, key: str) -> bool:
    return session.get(EndedSession, key) is not None
