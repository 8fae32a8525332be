"""Files on their way in: every record with its department, and what stands in the way with its file and line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ladtl_core.errors import DataError
from ladtl_core.formats import FORMATS, Located, Remark, in_memory
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


def read_files(
    files: Sequence[File], format: str, department: str | None, places: Mapping[str, Place]
) -> tuple[list[Placed], list[DataError], list[str]]:
    """All records that have a department and an id of their own, an error for each of the others, and the remarks.

    The department comes from the record, else from `places`, else it is `department`. Records without any share one
    error. Raises MissingExtraError if the format needs a package that is not installed.
    """
    placed: dict[tuple[str, str], Placed] = {}
    errors: list[DataError] = []
    remarks: list[str] = []
    nameless: list[Located] = []
    for found in apart.scan(files, format) if format in apart.FORMATS else FORMATS[format].scan(in_memory(files)):
        if isinstance(found, DataError):
            errors.append(found)
            continue
        if isinstance(found, Remark):
            remarks.append(str(found))
            continue
        try:
            item = _place(found, department, places.get(found.record.id))
            if item is None:
                nameless.append(found)
                continue
            same = placed.setdefault((item.department, item.record.id), item)
            if same is not item:
                raise DataError(
                    f"the id {item.record.id!r} was used in {same.file}, line {same.line}, already; "
                    "every record needs its own"
                )
        except DataError as error:
            errors.append(DataError(error.message, file=found.file, line=found.line))
    if nameless:
        message = f"records that name no department: {len(nameless):,}, from this line on; choose one for them"
        errors.append(DataError(message, file=nameless[0].file, line=nameless[0].line))
    return list(placed.values()), errors, remarks


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
