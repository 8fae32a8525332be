"""What a person hands over: files and zips of files, which of them are splits, and what format they seem to have."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from ladtl_core.errors import DataError
from workbench.services.incoming import File
from workbench.services.zips import USUAL, unpacking

MOST_BYTES = 2**30  # of all files of a zip together, unpacked
MOST_FILES = 250_000
_BY_EXTENSION = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".conll": "conll",
    ".bio": "conll",
    ".json": "labelstudio",
    ".csv": "csv",
    ".tsv": "csv",
    ".spacy": "docbin",
    ".xmi": "xmi",
    ".txt": "lines",
}
# Formats of several kinds of files: the kind that tells, and those that go with it.
_TOGETHER = {".ann": ("brat", {".txt", ".ann", ".conf"}), ".xmi": ("xmi", {".xmi", ".xml"})}


@dataclass(frozen=True, slots=True)
class Upload:
    """The files with records, the splits file if there is one, and the key in FORMATS that they seem to have."""

    files: tuple[File, ...]
    splits: File | None
    format: str


def sorted_out(given: Sequence[File]) -> Upload:
    """Unpack zips and tell splits from records. Raises DataError for what cannot be one import."""
    files = [file for name, data in given for file in (_unzipped(name, data) if _is_zip(name) else [(name, data)])]
    splits = [file for file in files if _suffix(file[0]) == ".json" and _begins_with(file[1], b"{")]
    rest = tuple(file for file in files if file not in splits)
    formats = _formats(rest)
    if len(formats) != 1 or len(splits) > 1:
        raise DataError("choose records in one format, and at most one splits file (.json) with them")
    return Upload(rest, splits[0] if splits else None, formats.pop())


def _formats(files: Sequence[File]) -> set[str]:
    suffixes = {_suffix(name) for name, _ in files}
    for suffix, (key, companions) in _TOGETHER.items():
        if suffix in suffixes and suffixes <= companions:
            return {key}
    if suffixes == {".txt"} and len(files) > 1:
        return {"text"}
    found = {_BY_EXTENSION.get(suffix, "conll") for suffix in suffixes}
    return {"doccano"} if found == {"jsonl"} and _is_doccano(files[0][1]) else found


def _begins_with(data: bytes, character: bytes) -> bool:
    return data[:1000].lstrip(b"\xef\xbb\xbf \r\n\t").startswith(character)


def _is_doccano(data: bytes) -> bool:
    try:
        values = json.loads(data.lstrip(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0])
    except (ValueError, RecursionError):
        return False
    if not isinstance(values, dict):
        return False
    entities = values.get("entities")
    first = entities[0] if isinstance(entities, list) and entities else None
    return bool({"label", "labels", "relations", "Comments"} & values.keys()) or (
        isinstance(first, dict) and "start_offset" in first
    )


def _is_zip(name: str) -> bool:
    return _suffix(name) == ".zip"


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _unzipped(name: str, data: bytes) -> list[File]:
    """The files of a zip, without those that systems add, and without a folder that holds all. Raises DataError."""
    with unpacking(name, data) as archive:
        entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
        _check(entries, name)
        files = [(e.filename, archive.read(e)) for e in entries if not _of_a_system(e.filename)]
    if not files:
        raise DataError("this zip holds no file", file=name)
    top = {file[0].split("/", 1)[0] for file in files}
    if len(top) == 1 and all("/" in file[0] for file in files):
        return [(inner.split("/", 1)[1], content) for inner, content in files]
    return files


def _check(entries: Sequence[zipfile.ZipInfo], name: str) -> None:
    """Raise DataError for names that leave their folder, and for more than memory should hold."""
    for entry in entries:
        if entry.compress_type not in USUAL:
            raise DataError(f"{entry.filename!r} is packed in an unusual way; pack it again as a plain zip", file=name)
        parts = PurePosixPath(entry.filename.replace("\\", "/"))
        if not parts.parts:
            raise DataError("a file in this zip has no name; pack it again", file=name)
        if parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]:
            raise DataError(f"the name {entry.filename!r} leads out of the zip; it was not read", file=name)
    size = sum(entry.file_size for entry in entries)
    if size > MOST_BYTES or len(entries) > MOST_FILES:
        raise DataError(
            f"this zip would unpack to {len(entries):,} files of {size:,} bytes; expected at most {MOST_FILES:,} of "
            f"{MOST_BYTES:,}",
            file=name,
        )


def _of_a_system(name: str) -> bool:
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith(".")
