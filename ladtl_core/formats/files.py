"""Where formats read from: files with their names, opened one at a time. And the names of files for ids of records."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote

from ladtl_core.errors import ConfigError, DataError
from ladtl_core.formats.scan import Content, Found, Located, of_one_file

Files = Sequence[tuple[str, Callable[[], BinaryIO]]]
"""Names (with the folders below the one that was given, separated by /), and how to open each file."""

_NOT_IN_FILE_NAMES = re.compile(r'[%/\\:*?"<>|]|^\.|\.$')
_LONGEST_NAME = 200  # bytes; file systems take 255, and the extension comes behind


def in_memory(files: Iterable[tuple[str, bytes]]) -> Files:
    """Files that were read already."""
    return [(name, partial(BytesIO, data)) for name, data in files]


def by_name(files: Files) -> dict[str, Callable[[], BinaryIO]]:
    """The files by their names, where several belong together. Raises DataError for a name that is used twice."""
    found: dict[str, Callable[[], BinaryIO]] = {}
    for name, open_file in files:
        if name in found:
            raise DataError("two files have this name; expected files of one folder", file=name)
        found[name] = open_file
    return found


def of_folder(folder: Path, extensions: Sequence[str]) -> Files:
    """The files of a folder and those below it that have one of the extensions. Raises DataError if there is none."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in extensions and path.is_file())
    paths = sorted(path for path in found if not path.name.startswith("."))
    if not paths:
        raise DataError(f"the folder holds no file with the extension {' or '.join(extensions)}", file=str(folder))
    return [(path.relative_to(folder).as_posix(), opener(path)) for path in paths]


def opener(path: Path) -> Callable[[], BinaryIO]:
    """What opens the file later."""
    return lambda: path.open("rb")


def each(scan: Callable[[Content, str], Iterator[Found]]) -> Callable[[Files], Iterator[Found]]:
    """A reader of one file made a reader of several, one after the other, which checks what is common to all."""

    def scan_all(files: Files) -> Iterator[Found]:
        for name, open_file in files:
            with opening(open_file, name) as file:
                yield from of_one_file(scan(file, name), name)

    return scan_all


def opening(open_file: Callable[[], BinaryIO], name: str) -> BinaryIO:
    """The opened file. Raises DataError."""
    try:
        return open_file()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=name) from None


def of_several_files(found: Iterable[Found]) -> Iterator[Found]:
    """The same, with an error for an id that the record of a file before it has already."""
    first: dict[str, str] = {}
    for item in found:
        if isinstance(item, Located) and (file := first.setdefault(item.record.id, item.file)) != item.file:
            message = f"the id {item.record.id!r} is that of {file} already; every record needs its own"
            item = DataError(message, file=item.file, line=1, column=1)
        yield item


def recoded(files: Files, encoding: str) -> Files:
    """The files in UTF-8 instead of another encoding. Raises ConfigError for one that Python does not know.

    Opening one reads it whole, and raises DataError with line and column where it is not in that encoding.
    """
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise ConfigError(f"the encoding is {encoding!r}; expected one that Python knows, such as gb18030") from None
    return [(name, partial(_in_utf8, name, open_file, encoding)) for name, open_file in files]


def _in_utf8(name: str, open_file: Callable[[], BinaryIO], encoding: str) -> BinaryIO:
    with opening(open_file, name) as file:
        data = file.read()
    try:
        return BytesIO(data.decode(encoding).encode())
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise DataError(f"these bytes are not {encoding}", file=name, line=line, column=column) from None


def file_stem(identifier: str) -> str:
    """The name, without extension, of a record's file: the id, with %2F for / and so on. Raises DataError."""
    stem = _NOT_IN_FILE_NAMES.sub(lambda found: f"%{ord(found[0]):02X}", identifier)
    if len(stem.encode()) > _LONGEST_NAME:
        raise DataError(f"the id {identifier!r} is too long for the name of a file")
    return stem


def id_of_file(name: str) -> str:
    """The id of the record in a file: its name without extension, folders included, with / for %2F and so on."""
    path = PurePosixPath(name)
    stem = (path.with_suffix("") if path.name else path).as_posix().strip()
    try:
        return unquote(stem, errors="strict")
    except UnicodeDecodeError:
        return stem


def one_file_each(files: Iterable[tuple[str, str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """(id, file name, content) as (file name, content). Raises DataError for a second file of one name.

    Names that differ in upper and lower case alone are one name to some file systems.
    """
    used: dict[str, str] = {}
    for identifier, name, data in files:
        key = name.casefold()
        if key in used:
            message = f"the records {used[key]!r} and {identifier!r} would have the same file {name}"
            raise DataError(f"{message}; this format needs ids that differ, also across departments")
        used[key] = identifier
        yield name, data
