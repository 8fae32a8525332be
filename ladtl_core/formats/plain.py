"""Plain text, a record a file or a record a line. It is read only: it can carry neither ids nor labels.

The id of a file's record is the file's name, that of a line has its number (`notes-12` is line 12). Blank lines are
skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from ladtl_core.errors import DataError
from ladtl_core.formats.scan import Found, Located, check_strings, check_utf8, numbered_lines, of_one_file, records_of
from ladtl_core.records import Record


def read(data: bytes, name: str) -> Iterator[Record]:
    """A record a line. Raises DataError with file and line."""
    return records_of(scan_lines(data, name))


def scan_lines(data: bytes, name: str) -> Iterator[Found]:
    """A record a line, with an error for each that cannot be used."""
    stem = PurePath(name).stem.strip()
    lines = ((number, line.strip()) for number, line in numbered_lines(data))
    return of_one_file((_found(f"{stem}-{number}", line, name, number) for number, line in lines if line), name)


def scan_file(data: bytes, name: str) -> Iterator[Found]:
    """One record: the whole text with its line breaks as they are, without blank lines at the end."""
    for number, line in numbered_lines(data):
        try:
            check_utf8(line)
        except DataError as error:
            return iter([DataError(error.message, file=name, line=number)])
    text = data.decode("utf-8-sig").rstrip()
    return of_one_file([_found(PurePath(name).stem.strip(), text, name, 1)] if text else [], name)


def _found(identifier: str, text: str, name: str, line: int) -> Found:
    try:
        check_utf8(text)
        record = Record(identifier, text)
        check_strings(record)
    except DataError as error:
        return DataError(error.message, file=name, line=line)
    return Located(record, line, {})
