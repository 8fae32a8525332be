"""Writing of an import: in short parts, so that people who label meanwhile do not wait, and yet whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ladtl_core.errors import DataError
from ladtl_core.identifiers import Finding
from ladtl_core.records import Record
from ladtl_core.replacing import replaced
from workbench.services.exchange import DepartmentPreview, Preview
from workbench.services.incoming import Placed, read
from workbench.services.roles import Act, needs
from workbench.store import audit, departments, records, staging
from workbench.store.database import Database
from workbench.store.errors import Unavailable

Replacements = Mapping[tuple[str, str], Sequence[Finding]]
"""For a record, by its department and its id, what is replaced in its text, in order."""


@dataclass(frozen=True, slots=True)
class _Staged:
    """What goes to one department, and the hidden department that holds it until the end."""

    part: DepartmentPreview
    hidden_id: int


@needs(Act.IMPORT)
def commit(
    database: Database,
    found: Preview,
    author: str,
    *,
    generated: bool = False,
    progress: Callable[[int], None] = lambda written: None,
    replacements: Replacements | None = None,
) -> int:
    """Write all of a preview; returns the number of records. `progress` hears how many are written.

    Labelled records become submitted annotations of `author`. `generated` marks new departments as a demonstration.
    `replacements` are put into the texts, and the labels moved, before anything is written.
    Others can save meanwhile, and see nothing of the import before its end. Raises DataError, with nothing left, if the
    preview has errors or the store has changed since so that it no longer fits.
    """
    if found.errors:
        raise DataError(f"the files have {found.error_count} errors; nothing was imported")
    if not found.records:
        raise DataError("there is no record to import")
    with database.reading() as session:
        left = staging.abandoned(session)
    _discard(database, left)
    with database.session() as session:
        staged = _begin(session, found, generated)
    try:
        written = 0
        for item, first, some in _parts(found, {item.part.name: item for item in staged}, replacements or {}):
            rows = records.rows_of(some, item.part.scheme, first)
            database.give_way()
            with database.session() as session:
                records.add_rows(session, item.hidden_id, some, rows, author)
            written += len(some)
            progress(written)
        with database.session() as session:
            _show(session, staged, found, author)
    except IntegrityError:
        _discard(database, [item.hidden_id for item in staged])
        raise DataError("somebody else imported the same at this moment; nothing was written, try again") from None
    except BaseException:
        with suppress(Unavailable):  # on a full disk nothing can be removed either; nobody sees it, and it goes later
            _discard(database, [item.hidden_id for item in staged])
        raise
    return found.records


def _parts(
    found: Preview, staged: Mapping[str, _Staged], replacements: Replacements
) -> Iterator[tuple[_Staged, int, list[Record]]]:
    """The records of the files, read once more, in parts of one department with the position of the first."""
    waiting: dict[str, list[Record]] = {name: [] for name in staged}
    written = dict.fromkeys(staged, 0)

    def part(name: str) -> tuple[_Staged, int, list[Record]]:
        some, waiting[name] = waiting[name], []
        written[name] += len(some)
        return staged[name], written[name] - len(some), some

    for item in read(found.source):
        if isinstance(item, DataError):
            raise item
        if isinstance(item, Placed):
            name = item.department
            split = staged[name].part.split_of[item.record.id]
            record = replaced(item.record, replacements.get((name, item.record.id), ()))
            waiting[name].append(replace(record, split=split))
            if len(waiting[name]) == staging.PART:
                yield part(name)
    yield from (part(name) for name, some in waiting.items() if some)


def _begin(session: Session, found: Preview, generated: bool) -> list[_Staged]:
    """A hidden department for each; the new ones share a label set."""
    staged, shared = [], found.label_set
    for part in found.departments:
        existing = departments.by_name(session, part.name)
        if part.is_new and existing is not None:
            raise DataError(f"there is a department {part.name!r} already; choose another name")
        if part.is_new:
            hidden = staging.begin(session, shared, found.new_labels, part.scheme, generated=generated)
            shared = hidden.label_set.name
        elif existing is not None:
            hidden = staging.begin(session, existing.label_set.name, (), existing.scheme)
        else:
            raise DataError(f"there is no department {part.name!r} any more; nothing was imported")
        staged.append(_Staged(part, hidden.id))
    return staged


def _show(session: Session, staged: Sequence[_Staged], found: Preview, author: str) -> None:
    """Let everybody see what was written: the end of an import, in one short transaction."""
    name = found.label_set or _free_name(session, [part.name for part in found.departments if part.is_new])
    for item in staged:
        part = item.part
        if part.is_new:
            staging.publish(session, item.hidden_id, part.name, name)
        else:
            target = departments.by_name(session, part.name)
            staging.hand_over(session, item.hidden_id, -1 if target is None else target.id)
        detail = {"records": part.records, "labelled": part.labelled, "new department": part.is_new}
        audit.note(session, author, "import", part.name, detail)


def _free_name(session: Session, new: Sequence[str]) -> str:
    """A name for the label set of new departments that no set has."""
    names = {found.name for found in departments.label_sets(session)}
    wanted = ", ".join(new)
    numbered = (wanted if number == 1 else f"{wanted} ({number})" for number in range(1, len(names) + 2))
    return next(name for name in numbered if name not in names)


def _discard(database: Database, hidden: Sequence[int]) -> None:
    for hidden_id in hidden:
        more = True
        while more:
            with database.session() as session:
                more = staging.discard(session, hidden_id)
