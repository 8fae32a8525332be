"""The installation that LADTL_HOME and LADTL_DATABASE_URL name, and what can go wrong with its disk, in words."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import ArgumentError, DBAPIError

from ladtl_core.errors import LadtlError, MissingExtraError
from workbench.store.database import Database
from workbench.store.paths import database_url
from workbench.store.trouble import CLOSED, FULL


@contextmanager
def existing_database() -> Iterator[Database]:
    """The database as it stands: neither made nor migrated. Raises LadtlError if there is none."""
    database = opened(database_url())
    file = database.url.database
    if database.url.get_backend_name() == "sqlite" and not Path(str(file)).is_file():
        raise LadtlError(f"there is no database {file}; set LADTL_HOME to the folder of the installation")
    try:
        yield database
    except DBAPIError as error:
        raise LadtlError(f"the database cannot be read: {reason(error)}") from error
    except sqlite3.Error as error:  # while the connection was set up
        raise LadtlError(f"the database cannot be read: {error}") from error
    finally:
        database.close()


def opened(url: str) -> Database:
    """The database of a URL, before anything is asked of it. Raises LadtlError where the URL cannot be one."""
    try:
        return Database(url)
    except ModuleNotFoundError as error:
        raise MissingExtraError("psycopg[binary]", "PostgreSQL") from error
    except ArgumentError as error:  # its message may quote a password
        raise LadtlError(
            "LADTL_DATABASE_URL is no address of a database; expected postgresql://user@host/name"
        ) from error


def reason(error: DBAPIError) -> str:
    """What the database said, without the values of the statement: they are clinical text."""
    said = str(error.orig).strip().splitlines()
    # A message of PostgreSQL may quote values, unless it is about the connection or the server.
    quotes = type(error.orig).__module__.startswith("psycopg") and type(error.orig).__name__ != "OperationalError"
    return said[0] if said and not quotes else type(error.orig).__name__


@contextmanager
def told(place: Path) -> Iterator[None]:
    """Turn errors of the disk under `place` into LadtlErrors that say what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise LadtlError(
                f"{place}: {FULL[error.errno]}; nothing was left there. Free some space or name another disk."
            ) from error
        if error.errno in CLOSED:
            raise LadtlError(
                f"{error.filename or place} is closed to you ({error.strerror}); name a folder of your own, or ask "
                "its owner"
            ) from error
        if error.errno == errno.ENOENT and not place.parent.exists():
            raise LadtlError(f"there is no folder {place.parent}; make it or name another one") from error
        raise LadtlError(f"{error.filename or place}: {error.strerror or error}") from error


def settle(folder: Path) -> None:
    """Have the names in a folder on the disk, so that a power cut does not undo a rename."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
