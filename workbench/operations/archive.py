"""A zip with a manifest of checksums: written whole or not at all, used only after every byte of it was checked.

manifest.json                    what made it, rows of each table, SHA-256 and size of each file
tables/record.jsonl              a row a line
models/<folder>/...              the files of a model as they are
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from ladtl_core.errors import LadtlError
from workbench.operations.installation import settle, told

FORMAT = 1
MANIFEST = "manifest.json"
_MOST_MANIFEST = 64 * 1024 * 1024
_PIECE = 1024 * 1024
# What may lie in an archive: no name can leave the folder that it is restored into.
_NAME = re.compile(r"tables/\w+\.jsonl|models(/(?!\.)[^/\\:\x00-\x1f]+){2,}", re.ASCII)
# What the module raises when bytes of a zip were changed.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError)


@dataclass(slots=True)
class Manifest:
    """`made_at` is an ISO time in UTC, `revision` that of the tables; `files` are [SHA-256, bytes] by name."""

    made_at: str
    version: str
    revision: str
    tables: dict[str, int] = field(default_factory=dict)
    files: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all files together, unpacked."""
        return sum(size for _, size in self.files.values())


class Writer:
    """An archive while it is made."""

    def __init__(self, target: zipfile.ZipFile, manifest: Manifest) -> None:
        self._zip, self.manifest = target, manifest

    def table(self, name: str, rows: Iterable[Any]) -> None:
        """Add the rows of a table."""
        self.manifest.tables[name] = 0

        def lines() -> Iterator[bytes]:
            for row in rows:
                self.manifest.tables[name] += 1
                yield json.dumps(row).encode() + b"\n"

        self._add(f"tables/{name}.jsonl", lines(), zipfile.ZIP_DEFLATED)

    def file(self, name: str, path: Path) -> None:
        """Add a file as it is: weights do not get smaller."""
        with path.open("rb") as opened:
            self._add(name, _pieces(opened), zipfile.ZIP_STORED)

    def _add(self, name: str, pieces: Iterable[bytes], method: int) -> None:
        if not _NAME.fullmatch(name):
            raise LadtlError(f"a file with the name {name!r} cannot be kept in a backup; rename it")
        about = zipfile.ZipInfo(name)
        about.compress_type, about.external_attr = method, 0o600 << 16
        digest, size = hashlib.sha256(), 0
        with self._zip.open(about, "w", force_zip64=True) as out:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                out.write(piece)
        self.manifest.files[name] = [digest.hexdigest(), size]


@contextmanager
def writing(path: Path, manifest: Manifest) -> Iterator[Writer]:
    """A new archive, readable by its owner alone, that has its name only once it is whole and on the disk.

    Raises LadtlError if there is a file of that name, or if the disk is full or closed.
    """
    with told(path):
        if path.exists():
            raise LadtlError(f"{path} exists already; name a file that does not")
        handle, draft = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
                    yield Writer(target, manifest)
                    target.writestr(MANIFEST, json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1))
                out.flush()
                os.fsync(out.fileno())
            os.replace(draft, path)
            settle(path.parent)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise


class Archive:
    """An archive to read from. Every method raises LadtlError where it is not as its manifest says."""

    def __init__(self, path: Path, source: zipfile.ZipFile) -> None:
        self._path, self._zip = path, source
        self.manifest = self._manifest()

    def check(self) -> None:
        """Read every byte."""
        for name in self.manifest.files:
            for _ in self._read(name):
                pass

    def rows(self, table: str) -> Iterator[Any]:
        """The rows of a table."""
        rest = b""
        for piece in self._read(f"tables/{table}.jsonl"):
            *lines, rest = (rest + piece).split(b"\n")
            with self._broken():
                yield from map(json.loads, lines)

    def extract(self, name: str, folder: Path) -> None:
        """Write a file below the folder, for its owner alone."""
        target = folder / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            for piece in self._read(name):
                out.write(piece)
            os.fsync(out.fileno())

    def _read(self, name: str) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        with self._broken(), self._zip.open(name) as opened:
            for piece in _pieces(opened):
                digest.update(piece)
                size += len(piece)
                yield piece
        if [digest.hexdigest(), size] != self.manifest.files[name]:
            raise self._refused(f"{name} does not have the checksum that the manifest gives")

    def _manifest(self) -> Manifest:
        with self._broken():
            infos = self._zip.infolist()
            if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
                raise self._refused("it is compressed in a way that no backup is")
            about = next((info for info in infos if info.filename == MANIFEST), None)
            if about is None or about.file_size > _MOST_MANIFEST:
                raise self._refused(f"it has no {MANIFEST}")
            found = json.loads(self._zip.read(about))
        try:
            if found.pop("format") != FORMAT:
                raise self._refused("its format is not known; use the version of the workbench that made it")
            manifest = Manifest(**found)
            described = all(len(digest) == 64 and size >= 0 for digest, size in manifest.files.values())
            described &= all(rows >= 0 for rows in manifest.tables.values()) and isinstance(manifest.revision, str)
            named = {f"tables/{table}.jsonl" for table in manifest.tables} <= set(manifest.files)
        except (AttributeError, TypeError, ValueError, KeyError):
            described = named = False
        if not described or not named:
            raise self._refused(f"its {MANIFEST} is not one of a backup")
        self._check_names(Counter(info.filename for info in infos), set(manifest.files))
        return manifest

    def _check_names(self, found: Counter[str], named: set[str]) -> None:
        if outside := [name for name in {*found, *named} - {MANIFEST} if not _NAME.fullmatch(name)]:
            raise self._refused(f"it has a file {outside[0]!r}, which no backup has")
        if missing := named - set(found):
            raise self._refused(f"it lacks {min(missing)}, which its manifest names")
        if set(found) - named != {MANIFEST} or max(found.values()) > 1:
            raise self._refused("it has files that its manifest does not name")

    @contextmanager
    def _broken(self) -> Iterator[None]:
        try:
            yield
        except _BROKEN as error:
            raise self._refused(f"it was changed or cut ({error or type(error).__name__})") from error

    def _refused(self, why: str) -> LadtlError:
        return LadtlError(f"{self._path} is not a backup that can be used: {why}. Take another backup.")


@contextmanager
def reading(path: Path) -> Iterator[Archive]:
    """Open an archive; its names are checked, its content is not yet. Raises LadtlError."""
    with told(path), path.open("rb") as opened:
        try:
            source = zipfile.ZipFile(opened)
        except _BROKEN as error:
            raise LadtlError(
                f"{path} is not a backup that can be used: it is no zip, or was cut. Take another backup."
            ) from error
        with source:
            yield Archive(path, source)


def _pieces(opened: IO[bytes]) -> Iterator[bytes]:
    while piece := opened.read(_PIECE):
        yield piece
