"""Who did what, when. Entries are only ever added: triggers of the database refuse to change or delete one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.store.models import Audit


def note(session: Session, who: str, what: str, subject: str, detail: dict[str, Any] | None = None) -> None:
    """Add an entry to the same transaction as the act itself."""
    session.add(Audit(who=who, what=what, subject=subject, detail=detail or {}))


def count(session: Session, what: str, subjects: Sequence[str]) -> int:
    """How many entries say `what` of one of `subjects`."""
    query = select(func.count()).select_from(Audit).where(Audit.what == what, Audit.subject.in_(subjects))
    return session.scalars(query).one()


def latest(session: Session) -> int:
    """The id of the newest entry; 0 without one."""
    return session.scalar(select(func.max(Audit.id))) or 0


def happened(session: Session, what: str, after: int) -> bool:
    """Whether an entry with an id above `after` says `what`."""
    return session.scalar(select(Audit.id).where(Audit.id > after, Audit.what == what).limit(1)) is not None


def entries(session: Session, limit: int = 100) -> list[Audit]:
    """The latest entries, the newest first."""
    return list(session.scalars(select(Audit).order_by(Audit.id.desc()).limit(limit)))


def all_entries(session: Session) -> list[Audit]:
    """The oldest first."""
    return list(session.scalars(select(Audit).order_by(Audit.id)))
