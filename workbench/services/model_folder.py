"""A model as a folder or a zip of it: five files, nothing that is code, the same bytes for the same model."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import zipfile
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath

from ladtl_core.errors import DataError
from workbench.services.zips import USUAL, unpacking

FORMAT, VERSION = "ladtl-model", 1
SPEC = "spec.json"
CHECKED = ("card.md", "metrics.json", "model.json", "model.safetensors")  # spec.json has the SHA-256 of each
NAMES = (*CHECKED, SPEC)
MOST_BYTES = 2**29  # of all files together
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of the zip format: no time, so that the bytes repeat

Files = dict[str, bytes]


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def zipped(folder: str, files: Mapping[str, bytes]) -> bytes:
    """The files in a folder of that name."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{folder}/{name}", _FIRST_DAY)
            entry.create_system, entry.external_attr = 3, 0o600 << 16  # the same wherever it is made
            archive.writestr(entry, files[name])
    return made.getvalue()


def unzipped(name: str, data: bytes) -> Files:
    """The files of a zip that was called `name`. Raises DataError for anything but a model's files."""
    with unpacking(name, data) as archive:
        entries = [e for e in archive.infolist() if not (e.filename.endswith("/") or _of_a_system(e.filename))]
        inner = _without_top([entry.filename for entry in entries], name)
        if len(inner) < len(entries):
            raise DataError("holds two files of one name; nothing was read", file=name)
        _check_size(sum(entry.file_size for entry in entries), name)
        return {inner[entry.filename]: _read(archive, entry) for entry in entries}


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The entry's bytes, never more than its size says: the size may be a lie."""
    if entry.compress_type not in USUAL:
        raise zipfile.BadZipFile("only stored and deflated files are read")
    with archive.open(entry) as opened:
        return opened.read(entry.file_size + 1)


def _without_top(names: Iterable[str], source: str) -> dict[str, str]:
    """Each name and what it is in the folder: all lie in the same one, or in none. Raises DataError."""
    found = {name: PurePosixPath(name.replace("\\", "/")).parts for name in names}
    tops = {parts[:-1] for parts in found.values()}
    for name, parts in found.items():
        outside = name.startswith("/") or ".." in parts or len(parts) > 2 or len(tops) > 1
        if outside or not parts or parts[-1] not in NAMES:
            raise DataError(
                f"{name!r} is no file of a model; expected {', '.join(NAMES)}; nothing was read", file=source
            )
    return {name: parts[-1] for name, parts in found.items()}


def _of_a_system(name: str) -> bool:
    return name.startswith("__MACOSX/") or PurePosixPath(name).name == ".DS_Store"


def _check_size(size: int, name: str) -> None:
    if size > MOST_BYTES:
        raise DataError(f"the files have {size:,} bytes; expected at most {MOST_BYTES:,}; nothing was read", file=name)


def read(path: Path) -> Files:
    """The files of a folder or of a zip. Raises DataError for anything but a model's files."""
    try:
        if not path.is_dir():
            _check_size(path.stat().st_size, str(path))
            return unzipped(path.name, path.read_bytes())
        entries = {entry.name: entry for entry in path.iterdir() if not _of_a_system(entry.name)}
        _without_top(entries, str(path))
        status = {name: entry.lstat() for name, entry in entries.items()}
        for name, found in status.items():
            if not stat.S_ISREG(found.st_mode):  # a link could lead to any file of this machine
                raise DataError("is no plain file; nothing was read", file=str(path / name))
        _check_size(sum(found.st_size for found in status.values()), str(path))
        return {name: entry.read_bytes() for name, entry in entries.items()}
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=str(path)) from None


def write(path: Path, files: Mapping[str, bytes]) -> None:
    """Make the folder, whole or not at all. Raises DataError if there is something at its place, or no room."""
    making = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        making.mkdir(mode=0o700, parents=True)
        for name, data in files.items():
            (making / name).write_bytes(data)
        os.replace(making, path)
    except OSError as error:
        shutil.rmtree(making, ignore_errors=True)
        raise DataError(f"cannot be written: {error.strerror}", file=str(path)) from None
