"""What several tests of the formats do: out and in again, and what a reader says of a file."""

from __future__ import annotations

from ladtl_core.errors import DataError
from ladtl_core.formats import FORMATS, Found, Located, Remark, in_memory
from ladtl_core.formats.scan import records_of
from ladtl_core.records import Record


def unique(items: list[Record]) -> list[Record]:
    return list({(record.department, record.id): record for record in items}.values())


def written(key: str, items: list[Record]) -> list[tuple[str, bytes]]:
    """The files that a format writes."""
    form = FORMATS[key]
    assert form.write is not None
    pieces = list(form.write(items))
    return pieces if form.folder else [("again", b"".join(data for _, data in pieces))]


def again(key: str, items: list[Record]) -> list[Record]:
    """The records out and in again."""
    return records_in(key, *written(key, items))


def records_in(key: str, *files: tuple[str, bytes]) -> list[Record]:
    """The records of files; an error in one of them fails the test."""
    found = list(FORMATS[key].scan(in_memory(files)))
    assert [str(item) for item in found if isinstance(item, DataError)] == []
    return [item.record for item in found if isinstance(item, Located)]


def found_in(key: str, data: bytes, name: str = "notes") -> list[Found]:
    return list(FORMATS[key].scan(in_memory([(name, data)])))


def read(key: str, data: bytes, name: str = "notes") -> list[Record]:
    """The records of a file. Raises its first error."""
    return list(records_of(found_in(key, data, name)))


def errors(key: str, data: bytes, name: str = "notes") -> list[str]:
    return [str(item) for item in found_in(key, data, name) if isinstance(item, DataError)]


def remarks(key: str, *files: tuple[str, bytes]) -> list[str]:
    return [item.text for item in FORMATS[key].scan(in_memory(files)) if isinstance(item, Remark)]
