"""Plain text, a record a file or a record a line.

The id of a file's record is the file's name, that of a line has its number (`notes-12` is line 12). Blank lines are
skipped. Labels have no place in it, so that only the form with a file for each record is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ladtl_core.errors import DataError
from ladtl_core.formats.files import file_stem, id_of_file, one_file_each
from ladtl_core.formats.scan import (
    Content,
    Found,
    Located,
    check_strings,
    check_utf8,
    numbered_lines,
    text_of,
)
from ladtl_core.records import Record


def scan_lines(content: Content, name: str) -> Iterator[Found]:
    """A record a line, with an error for each that cannot be used."""
    stem = id_of_file(name)
    lines = ((number, line.strip()) for number, line in numbered_lines(content))
    return (_found(f"{stem}-{number}", line, name, number) for number, line in lines if line)


def scan_file(content: Content, name: str) -> Iterator[Found]:
    """One record: the whole text with its line breaks as they are, without white space at the end."""
    try:
        text = text_of(content, name).rstrip()
    except DataError as error:
        return iter([error])
    return iter([_found(id_of_file(name), text, name, 1)] if text else [])


def write(records: Iterable[Record]) -> Iterator[tuple[str, bytes]]:
    """A file `id.txt` for each record, without its labels."""
    return one_file_each((record.id, f"{file_stem(record.id)}.txt", _bytes(record.text)) for record in records)


def _bytes(text: str) -> bytes:
    """Of two byte order marks a reader drops the first alone."""
    return text.encode("utf-8-sig" if text.startswith("\ufeff") else "utf-8")


def changes_text(record: Record) -> bool:
    """Whether the text loses white space at its end."""
    return record.text != record.text.rstrip()


def _found(identifier: str, text: str, name: str, line: int) -> Found:
    try:
        check_utf8(text)
        record = Record(identifier, text)
        check_strings(record)
    except DataError as error:
        return error.at(name, line, 1)
    return Located(record, name, line, {})
