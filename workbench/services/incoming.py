"""Files on their way in: every record with its department, and what stands in the way with its file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ladtl_core.errors import DataError
from ladtl_core.formats import FORMATS, Found, Located, Remark, in_memory
from ladtl_core.formats.scan import check_name
from ladtl_core.records import Record
from workbench.services import apart
from workbench.services.splits import Place

File = tuple[str, bytes]
"""A file's name and its content."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A record of `department`, and where it came from."""

    record: Record
    department: str
    file: str
    line: int
    label_lines: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Source:
    """Files in one format, the department of records that name none, and what a splits file says."""

    files: Sequence[File] = field(repr=False)
    format: str
    department: str | None
    places: Mapping[str, Place] = field(repr=False)


def read(source: Source) -> Iterator[Placed | DataError | Remark]:
    """One by one every record that has a department and an id of its own, an error for each other, and the remarks.

    The department comes from the record, else from `places`, else it is `department`. Records without any share one
    error. Raises MissingExtraError if the format needs a package that is not installed.
    """
    used: dict[tuple[str, str], str] = {}
    nameless, first = 0, None
    for found in _scan(source):
        if not isinstance(found, Located):
            yield found
            continue
        try:
            item = _place(found, source.department, source.places.get(found.record.id))
            if item is None:
                nameless, first = nameless + 1, first or found
                continue
            key, place = (item.department, item.record.id), f"{found.file}, line {found.line}"
            if key in used:
                message = f"the id {item.record.id!r} was used in {used[key]}, already; every record needs its own"
                raise DataError(message)
            used[key] = place
        except DataError as error:
            yield DataError(error.message, file=found.file, line=found.line)
        else:
            yield item
    if first is not None:
        message = f"records that name no department: {nameless:,}, from this line on; choose one for them"
        yield DataError(message, file=first.file, line=first.line)


def _scan(source: Source) -> Iterator[Found]:
    if source.format in apart.FORMATS:
        return apart.scan(source.files, source.format)
    return FORMATS[source.format].scan(in_memory(source.files))


def _place(found: Located, department: str | None, place: Place | None) -> Placed | None:
    """None if nobody names the department. Raises DataError if record and splits file disagree."""
    record, place = found.record, place or Place(None, None)
    for what, own, given in (
        ("department", record.department, place.department),
        ("split", record.split, place.split),
    ):
        if own and given and own != given:
            raise DataError(f"the {what} of {record.id!r} is {own!r} here and {given!r} in the splits file")
    chosen = record.department or place.department or department
    if not chosen:
        return None
    check_name("department", chosen)
    record = replace(record, department=chosen, split=record.split or place.split)
    return Placed(record, chosen, found.file, found.line, found.label_lines)
