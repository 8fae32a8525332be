"""What goes wrong outside of the program, with disks and database servers, in words for whoever can mend it."""

from __future__ import annotations

import errno
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from workbench.store.errors import Unavailable
from workbench.store.paths import home

FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the quota is used up", errno.EFBIG: "the file is too large"}
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_BROKEN = (errno.EIO, errno.ESTALE)

_OF_SQLITE = {
    sqlite3.SQLITE_FULL: "the disk of the workbench is full; free some space in {folder}",
    sqlite3.SQLITE_READONLY: "the workbench may not write its database; let its user write {file} and the folder of it",
    sqlite3.SQLITE_IOERR: "the disk of the workbench fails: {folder} is full, over its quota, or broken; look at it",
    sqlite3.SQLITE_CANTOPEN: "the database {file} cannot be opened; is its folder there, and open to the workbench?",
    sqlite3.SQLITE_BUSY: "the database of the workbench is busy: somebody keeps {file} locked",
}
_DISK_FULL, _READ_ONLY, _WAITS = "53100", "25006", ("40", "55")  # of PostgreSQL's SQLSTATE; the last are classes


@contextmanager
def told(url: URL, writing: bool) -> Iterator[None]:
    """Raise Unavailable for errors of a database that may be over later, in place of the driver's own."""
    try:
        yield
    except DBAPIError as error:
        sentence = _of_driver(error.orig, url, writing)
        if sentence is None:
            raise
        raise Unavailable(sentence) from error
    except sqlite3.Error as error:  # while the connection was set up
        sentence = _of_sqlite(error, url, writing)
        if sentence is None:
            raise
        raise Unavailable(sentence) from error


def try_home() -> None:
    """Write something in the home folder. Raises Unavailable, saying why that cannot be done."""
    try:
        with tempfile.TemporaryFile(dir=home()) as file:
            file.write(bytes(65536))
    except OSError as error:
        folder = Path(error.filename or home())
        raise Unavailable(of_file(error, folder) or f"{folder} cannot be used ({error.strerror})") from error


def of_file(error: OSError, folder: Path) -> str | None:
    """What is wrong with the disk under a folder; None if the error is of another kind."""
    if error.errno in FULL:
        return f"{FULL[error.errno]} for {folder}; free some space there"
    if error.errno in CLOSED:
        return f"{folder} cannot be written ({error.strerror}); let the user of the workbench write there"
    if error.errno in _BROKEN:
        return f"the disk of {folder} fails ({error.strerror}); look at it"
    return None


def _of_driver(error: BaseException | None, url: URL, writing: bool) -> str | None:
    return _of_sqlite(error, url, writing) if isinstance(error, sqlite3.Error) else _of_server(error, writing)


def _of_sqlite(error: sqlite3.Error, url: URL, writing: bool) -> str | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_READONLY and not writing:
        return None  # the program tried to write where it said that it only reads
    sentence, file = _OF_SQLITE.get(code), Path(str(url.database))
    return sentence and sentence.format(file=file, folder=file.parent)


def _of_server(error: BaseException | None, writing: bool) -> str | None:
    state = str(getattr(error, "sqlstate", None) or "")
    if state == _DISK_FULL:
        return "the disk of the database server is full; free some space there"
    if state == _READ_ONLY and writing:
        return "the database server takes no changes at the moment (read-only)"
    if type(error).__name__ != "OperationalError" and not state.startswith(("08", "53", "57", "58", *_WAITS)):
        return None
    if state.startswith(_WAITS):
        return "the database server is busy: two writers waited for each other"
    return "the database server does not answer; it may be starting anew"
