"""The file formats: one module each. `FORMATS` names them, `read_file` chooses by the file's extension."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from ladtl_core.errors import DataError
from ladtl_core.formats import conll, jsonl, plain
from ladtl_core.formats.scan import Found, Located, records_of
from ladtl_core.records import Record

__all__ = ["FORMATS", "Format", "Found", "Located", "format_of", "read_file"]


@dataclass(frozen=True, slots=True)
class Format:
    """`scan(content, file name)` finds records and errors; `write` is None where labels would be lost."""

    title: str
    extensions: tuple[str, ...]
    scan: Callable[[bytes, str], Iterator[Found]]
    write: Callable[[Iterable[Record]], Iterator[str]] | None


FORMATS: dict[str, Format] = {
    "jsonl": Format("JSON lines, character spans", (".jsonl", ".ndjson"), jsonl.scan, jsonl.write),
    "conll": Format("CoNLL, a token a line", (".conll", ".bio"), conll.scan, conll.write),
    "lines": Format("Plain text, a record a line", (".txt",), plain.scan_lines, None),
    "text": Format("Plain text, a record a file", (".txt",), plain.scan_file, None),
}


def format_of(name: str) -> str:
    """The key in FORMATS of a file, by its extension; `.txt` is read as a record a line. Raises DataError."""
    extension = PurePath(name).suffix.lower()
    for key, form in FORMATS.items():
        if extension in form.extensions:
            return key
    known = dict.fromkeys(extension for form in FORMATS.values() for extension in form.extensions)
    raise DataError(f"the extension is {extension!r}; expected one of {', '.join(known)}", file=name)


def read_file(path: Path) -> Iterator[Record]:
    """The records of a file, in the format of its extension. Raises DataError with file and line."""
    form = FORMATS[format_of(path.name)]
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=str(path)) from None
    return records_of(form.scan(data, path.name))
