"""What every reader needs: lines of a file, records with their place in it, and the checks that are common to all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ladtl_core.errors import DataError
from ladtl_core.records import Record, check_record

_UNDECODED = re.compile("[\udc80-\udcff]")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_NOT_IN_NAMES = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Located:
    """A record, the line (1-based) where it begins, and the line where each of its labels is seen first."""

    record: Record
    line: int
    label_lines: Mapping[str, int]


Found = Located | DataError
"""A reader goes on after an error where it can, so that a person sees more than the first."""


def numbered_lines(data: bytes) -> Iterator[tuple[int, str]]:
    r"""Lines with their numbers from 1. Only \n ends a line, a \r before it is dropped, and so is a byte order mark.

    Bytes that are not UTF-8 stay in the line as surrogates, for `check_utf8` to find.
    """
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    for number, line in enumerate(text.split("\n"), 1):
        yield number, line.removesuffix("\r")


def check_utf8(line: str) -> None:
    """Raise DataError if the line held bytes that are not UTF-8."""
    if broken := _UNDECODED.search(line):
        byte = ord(broken[0]) - 0xDC00
        column = broken.start() + 1
        raise DataError(f"the byte 0x{byte:02x} at character {column} is not UTF-8; save the file as UTF-8")


def check_name(what: str, value: str) -> None:
    """Raise DataError unless an id, a label or the like stays one on every line and under every trimming."""
    if not value or value != value.strip() or _NOT_IN_NAMES.search(value):
        raise DataError(f"the {what} is {value!r}; expected text without line breaks or spaces around it")


def check_strings(record: Record) -> None:
    """Raise DataError unless every format and every database can hold the record as it is."""
    check_record(record)
    names = [("id", record.id), ("department", record.department), ("patient", record.patient)]
    for what, value in [*names, *(("label", label) for label in {entity.label for entity in record.entities or ()})]:
        if value is not None:
            check_name(what, value)
    if not record.text.strip():
        raise DataError(f"the record {record.id!r} has no text")
    if broken := _UNSTORABLE.search(record.text):
        raise DataError(f"the text has {broken[0]!r} at {broken.start()}: a null or half of a surrogate pair")
    for start, end in record.tokens or ():
        word = record.text[start:end]
        if "\t" in word or "\n" in word or not word.strip(" \r"):
            raise DataError(f"the token {start}-{end} is {word!r}; a token holds no tab or line break and is not blank")


def of_one_file(found: Iterable[Found], name: str) -> Iterator[Found]:
    """The same, with an error for an id that was used before in its department, and for a file without a record."""
    first: dict[tuple[str | None, str], int] = {}
    item: Found | None = None
    for item in found:
        if isinstance(item, Located):
            key = (item.record.department, item.record.id)
            if key in first:
                message = f"the id {item.record.id!r} was used on line {first[key]} already; every record needs its own"
                item = DataError(message, file=name, line=item.line)
            else:
                first[key] = item.line
        yield item
    if item is None:
        yield DataError("the file is empty; expected at least one record", file=name)


def records_of(found: Iterable[Found]) -> Iterator[Record]:
    """The records; raises the first error."""
    for item in found:
        if isinstance(item, DataError):
            raise item
        yield item.record
