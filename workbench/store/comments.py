"""What people say about a record, or about a stretch of it. Comments are no labels and change none."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ladtl_core.errors import DataError
from ladtl_core.records import check_stretch
from workbench.store import records
from workbench.store.base import Base, now
from workbench.store.errors import NotFound

LONGEST = 4000  # characters


class Comment(Base):
    """`start` and `end` are None where the whole record is meant; a resolved one says by whom and when."""

    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), index=True)
    author: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)
    text: Mapped[str]
    start: Mapped[int | None]
    end: Mapped[int | None]
    resolved_by: Mapped[str | None]
    resolved_at: Mapped[datetime | None]


def add(session: Session, record_id: int, author: str, text: str, stretch: tuple[int, int] | None) -> None:
    """Raises NotFound, and DataError for no text, a long one, and a stretch outside the record."""
    text = text.strip()
    if not 0 < len(text) <= LONGEST:
        raise DataError(f"the comment has {len(text):,} characters; expected 1 to {LONGEST:,}")
    if any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text):
        raise DataError("the comment has a null or half a surrogate pair, which no database can store")
    row = records.get(session, record_id)
    if stretch:
        check_stretch("comment", *stretch, row.text)
    start, end = stretch or (None, None)
    session.add(Comment(record_id=record_id, author=author, text=text, start=start, end=end))


def of_record(session: Session, record_id: int) -> list[Comment]:
    """All comments on a record, oldest first."""
    return list(session.scalars(select(Comment).where(Comment.record_id == record_id).order_by(Comment.id)))


def resolve(session: Session, record_id: int, comment_id: int, who: str, resolved: bool) -> None:
    """Mark a comment as dealt with, or take that back. Raises NotFound."""
    comment = session.get(Comment, comment_id)
    if comment is None or comment.record_id != record_id:
        raise NotFound("comment", comment_id)
    comment.resolved_by, comment.resolved_at = (who, now()) if resolved else (None, None)
