"""CSV: a record a row under a header; `text` is the one column that must be there.

    id,text,entities
    n1,L5 metastasis,"[[0, 13, ""Problem""]]"

`entities` is a list of [start, end, label] as JSON, counted in code points; an empty cell says unlabelled, `[]` says
labelled and nothing found. Also read: `department`, `split`, `patient`. Other columns are named in a remark. Without a
column `id` a record is called after the file and its line. Commas, semicolons or tabs part the columns, as the header
does; a cell with any of them, with quotes or line breaks stands in quotes. The column of an error is that of the table.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import PurePath
from typing import Any

from ladtl_core.errors import DataError
from ladtl_core.formats import json_values as of
from ladtl_core.formats.scan import Content, Found, Located, Remark, check_strings, check_utf8, raw_lines
from ladtl_core.records import PLACE, Entity, Record

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = ("id", *PLACE, "text", "entities")

csv.field_size_limit(sys.maxsize)  # the module's own limit of 131,072 characters is below a long record


def scan(content: Content, name: str) -> Iterator[Found]:
    """The records with the lines where they begin, and an error for each row that is none."""
    rows = _rows(content)
    header: list[str] | None = None
    for line, row in rows:
        try:
            if isinstance(row, DataError):
                raise row
            if header is None:
                header = _header(row)
                if others := [column for column in header if column not in COLUMNS]:
                    yield Remark(f"columns that are not read: {', '.join(others)}", name)
                continue
            record = _record(row, header, f"{PurePath(name).stem.strip()}-{line}")
            check_strings(record)
        except DataError as error:
            column = header.index(error.field) + 1 if header and error.field in header else 1
            yield error.at(name, line, column)
            if header is None:
                return
        else:
            yield Located(record, name, line, {entity.label: line for entity in record.entities or ()})


def write(records: Iterable[Record]) -> Iterator[str]:
    """The header and one row a record. Raises DataError for a record that could not be read again."""
    yield _row(COLUMNS)
    for record in records:
        check_strings(record)
        values = {name: getattr(record, name) for name in COLUMNS}
        if record.entities is not None:
            values["entities"] = json.dumps([[e.start, e.end, e.label] for e in record.entities], ensure_ascii=False)
        yield _row([values[name] for name in COLUMNS])


def write_offsets(records: Iterable[Record]) -> Iterator[str]:
    """Labels without any text: a row `id,start,end,label` for each span, for what must not leave with the text."""
    yield _row(("id", "start", "end", "label"))
    for record in records:
        for entity in record.entities or ():
            yield _row(map(no_formula, (record.id, entity.start, entity.end, entity.label)))


def no_formula(cell: Any) -> Any:
    """A text that spreadsheets would run as a formula with a quote before it, anything else as it is.

    For tables that people open; `write` leaves texts alone, since they are read again.
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULAS) else cell


def _row(values: Iterable[Any]) -> str:
    out = StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()


def _rows(content: Content) -> Iterator[tuple[int, list[str] | DataError]]:
    """Rows that are not blank, each with the line where it begins."""
    lines = _Lines(content)
    rows = csv.reader(lines, delimiter=_delimiter(content), strict=True)
    while True:
        begins = lines.number + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield begins, DataError(f"this is not CSV: {error}", line=lines.number)
            return
        except DataError as error:
            yield begins, error
        else:
            if any(map(str.strip, row)):
                yield begins, row


class _Lines:
    """The lines of a file for the csv module; `number` is that of the last line that was taken."""

    def __init__(self, content: Content) -> None:
        self._lines, self.number = raw_lines(content), 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        try:
            check_utf8(line)
        except DataError as error:
            raise error.at(line=self.number) from None
        return line


def _delimiter(content: Content) -> str:
    """The one under which the first line that is not blank has a column `text`."""
    first = next((line for _, line in raw_lines(content) if line.strip()), "")
    for delimiter in (",", ";", "\t"):
        if "text" in (cell.strip(' "\r\n') for cell in first.split(delimiter)):
            return delimiter
    return ","


def _header(row: list[str]) -> list[str]:
    header = [cell.strip() for cell in row]
    if "text" not in header:
        raise DataError(f"the columns are {', '.join(header)}; expected one with the name text")
    if twice := [name for name in COLUMNS if header.count(name) > 1]:
        raise DataError(f"there are {header.count(twice[0])} columns with the name {twice[0]}")
    return header


def _record(row: list[str], header: list[str], default_id: str) -> Record:
    if len(row) != len(header):
        raise DataError(f"the row has {len(row)} cells; expected {len(header)} as the header has")
    cells = dict(zip(header, row, strict=True))
    known: dict[str, Any] = {name: cells.get(name) or None for name in PLACE}
    return Record(
        id=cells.get("id") or default_id,
        text=cells["text"],
        entities=_entities(cells.get("entities", "")),
        **known,
    )


def _entities(cell: str) -> tuple[Entity, ...] | None:
    if not cell.strip():
        return None
    try:
        values = json.loads(cell)
    except (ValueError, RecursionError) as error:
        raise DataError(f"entities is not JSON: {error}", field="entities") from None
    items = of.optional_list({"entities": values}, "entities", _entity)
    return None if items is None else tuple(sorted(set(items)))


def _entity(value: Any) -> Entity:
    if not isinstance(value, list) or len(value) != 3:
        raise DataError(f'an entity is a {of.kind(value)}; expected [start, end, "label"]')
    start, end, label = value
    return Entity(
        of.whole("an entity's start", start), of.whole("an entity's end", end), of.string("an entity's label", label)
    )
