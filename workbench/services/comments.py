"""Comments on records, as the annotator shows them."""

from __future__ import annotations

from typing import Any

from ladtl_core.errors import DataError
from workbench.services.labelling import whole
from workbench.services.roles import Act, needs
from workbench.store import comments, records
from workbench.store.database import Database


@needs(Act.ANNOTATE)
def of_record(database: Database, record_id: int) -> list[dict[str, Any]]:
    """Everybody's comments on a record, oldest first, for JSON. Raises NotFound.

    {id, author, at (ISO, UTC), text, start and end (code points, or None), resolved_by (or None)}.
    """
    with database.reading() as session:
        records.get(session, record_id)
        names = ("id", "author", "text", "start", "end", "resolved_by")
        return [
            {**{name: getattr(comment, name) for name in names}, "at": comment.at.isoformat()}
            for comment in comments.of_record(session, record_id)
        ]


@needs(Act.ANNOTATE)
def add(database: Database, record_id: int, author: str, body: Any) -> None:
    """A comment from its JSON form {text, start, end}. Raises DataError and NotFound."""
    try:
        text, start, end = str(body["text"]), body["start"], body["end"]
        stretch = None if start is None else (whole(start), whole(end))
    except (KeyError, TypeError) as error:
        raise DataError(f"the comment cannot be read ({error!r}); reload the page") from error
    with database.session() as session:
        comments.add(session, record_id, author, text, stretch)


@needs(Act.ANNOTATE)
def resolve(database: Database, record_id: int, comment_id: int, who: str, resolved: bool) -> None:
    """Mark a comment as dealt with, or take that back. Raises NotFound."""
    with database.session() as session:
        comments.resolve(session, record_id, comment_id, who, resolved)
