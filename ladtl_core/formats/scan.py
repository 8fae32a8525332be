"""What every reader needs: lines of a file, records with their place in it, and the checks that are common to all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from ladtl_core.errors import DataError
from ladtl_core.records import Record, check_record

_UNDECODED = re.compile("[\udc80-\udcff]")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_NOT_IN_NAMES = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

Content = bytes | BinaryIO
"""A file's bytes, or the file opened for reading them; a reader may go through it twice."""


@dataclass(frozen=True, slots=True)
class Located:
    """A record, the file and line (1-based) where it begins, and the line where each of its labels is seen first."""

    record: Record
    file: str
    line: int
    label_lines: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Remark:
    """What a reader found out about a file, or did not take from it; for the person who reads it in."""

    text: str
    file: str

    def __str__(self) -> str:
        return f"{self.file}: {self.text}"


Found = Located | DataError | Remark
"""A reader goes on after an error where it can, so that a person sees more than the first."""


def opened(content: Content) -> BinaryIO:
    """The content from its beginning."""
    if isinstance(content, bytes):
        return BytesIO(content)
    content.seek(0)
    return content


def numbered_lines(content: Content) -> Iterator[tuple[int, str]]:
    r"""Lines with their numbers from 1. Only \n ends a line, a \r before it is dropped, and so is a byte order mark.

    Bytes that are not UTF-8 stay in the line as surrogates, for `check_utf8` to find.
    """
    for number, line in raw_lines(content):
        yield number, line.removesuffix("\n").removesuffix("\r")


def raw_lines(content: Content) -> Iterator[tuple[int, str]]:
    """The same with the line breaks as they are."""
    for number, line in enumerate(opened(content), 1):
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        yield number, line.decode("utf-8", "surrogateescape")


def check_utf8(line: str) -> None:
    """Raise DataError if the line held bytes that are not UTF-8."""
    if broken := _UNDECODED.search(line):
        byte = ord(broken[0]) - 0xDC00
        raise DataError(f"the byte 0x{byte:02x} is not UTF-8; save the file as UTF-8", column=broken.start() + 1)


def text_of(content: Content, name: str) -> str:
    """The whole file as text, without a byte order mark. Raises DataError where bytes are not UTF-8."""
    lines = []
    for number, line in raw_lines(content):
        try:
            check_utf8(line)
        except DataError as error:
            raise error.at(name, number) from None
        lines.append(line)
    return "".join(lines)


def check_name(what: str, value: str, field: str | None = None) -> None:
    """Raise DataError unless an id, a label or the like stays one on every line and under every trimming."""
    if not value or value != value.strip() or _NOT_IN_NAMES.search(value):
        message = f"the {what} is {value!r}; expected text without line breaks or spaces around it"
        raise DataError(message, field=field or what)


def check_text(what: str, value: str) -> None:
    """Raise DataError for a character that no database can store."""
    if broken := _UNSTORABLE.search(value):
        message = f"the {what} has {broken[0]!r} at {broken.start()}: a null or half of a surrogate pair"
        raise DataError(message, field=what)


def check_strings(record: Record) -> None:
    """Raise DataError unless every format and every database can hold the record as it is."""
    check_record(record)
    for what, value in (("id", record.id), ("department", record.department), ("patient", record.patient)):
        if value is not None:
            check_name(what, value)
    for field, spans in (("entities", record.entities or ()), ("predictions", record.predictions)):
        for label in {span.label for span in spans}:
            check_name("label", label, field)
    if not record.text.strip():
        raise DataError(f"the record {record.id!r} has no text", field="text")
    check_text("text", record.text)
    for start, end in record.tokens or ():
        word = record.text[start:end]
        if "\t" in word or "\n" in word or not word.strip(" \r"):
            message = f"the token {start}-{end} is {word!r}; a token holds no tab or line break and is not blank"
            raise DataError(message, field="tokens")


def of_one_file(found: Iterable[Found], name: str) -> Iterator[Found]:
    """The same, with an error for an id that was used before in its department, and for a file without a record."""
    first: dict[tuple[str | None, str], int] = {}
    empty = True
    for item in found:
        empty = empty and isinstance(item, Remark)
        if isinstance(item, Located):
            key = (item.record.department, item.record.id)
            if key in first:
                message = f"the id {item.record.id!r} was used on line {first[key]} already; every record needs its own"
                item = DataError(message, file=name, line=item.line, column=1)
            else:
                first[key] = item.line
        yield item
    if empty:
        yield DataError("the file is empty; expected at least one record", file=name)


def records_of(found: Iterable[Found]) -> Iterator[Record]:
    """The records; raises the first error."""
    for item in found:
        if isinstance(item, DataError):
            raise item
        if isinstance(item, Located):
            yield item.record
