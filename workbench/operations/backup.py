"""Backups of a whole installation, made while it runs: all rows of one moment, and the models that they name."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

import ladtl_core
from ladtl_core.errors import LadtlError
from workbench.operations import archive
from workbench.operations.archive import Archive, Manifest
from workbench.operations.installation import existing_database, opened, reason, settle, told
from workbench.store import dump
from workbench.store.base import now
from workbench.store.paths import DATABASE_FILE, home

_MAKING = ".restoring"


def backup(path: Path) -> tuple[Manifest, list[str]]:
    """Write the installation to a new file; returns its manifest and which models of the tables had no folder.

    Models are never changed once the table names them, so that those of the moment of the tables are still there.
    Raises LadtlError; then no file is left.
    """
    with existing_database() as database, dump.frozen(database) as connection:
        revision = dump.revision(connection)
        if revision is None:
            raise LadtlError("the database has no tables of the workbench; start the app once, which makes them")
        manifest = Manifest(now().isoformat(timespec="seconds"), ladtl_core.__version__, revision)
        with archive.writing(path, manifest) as writer:
            folders: set[str] = set()
            for table in dump.tables(connection):
                writer.table(table.name, dump.rows(connection, table))
                if table.name == "model":
                    folders |= {row["folder"] for row in dump.rows(connection, table)}
            missing = [folder for folder in sorted(folders) if not _add_model(writer, folder)]
    return manifest, missing


def verify(path: Path) -> Manifest:
    """Read a backup whole. Raises LadtlError where it is not what was written."""
    with archive.reading(path) as source:
        source.check()
        return source.manifest


def restore(path: Path, folder: Path, url: str | None = None) -> Manifest:
    """Put a backup into a folder that is empty or does not exist, its tables into the empty database of `url`.

    Without `url` they go into a SQLite file in the folder. Every checksum is compared before anything is written; what
    fails later is removed again. Raises LadtlError.
    """
    with archive.reading(path) as source:
        source.check()
        with told(folder):
            _check_empty(folder)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            making = folder / _MAKING
            try:
                making.mkdir(mode=0o700)
                _restore(source, folder, making, url)
            except BaseException:
                shutil.rmtree(folder / "models", ignore_errors=True)  # the folder was empty before
                raise
            finally:
                shutil.rmtree(making, ignore_errors=True)
        return source.manifest


def _restore(source: Archive, folder: Path, making: Path, url: str | None) -> None:
    """The database comes last: a folder without it was not restored to the end."""
    if shutil.disk_usage(folder).free < 2 * source.manifest.size:
        raise LadtlError(f"the backup needs {2 * source.manifest.size:,} bytes; the disk of {folder} has less free")
    (making / "models").mkdir(mode=0o700)
    for name in source.manifest.files:
        if name.startswith("models/"):
            source.extract(name, making)
    os.replace(making / "models", folder / "models")
    database = opened(url or f"sqlite:///{making / DATABASE_FILE}")
    try:
        dump.fill(database, source.manifest.revision, {name: source.rows(name) for name in source.manifest.tables})
    except DBAPIError as error:
        raise LadtlError(f"the database does not take the tables: {reason(error)}; nothing was restored") from error
    except (SQLAlchemyError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise LadtlError(f"the backup's rows are not those of its tables ({type(error).__name__})") from error
    finally:
        database.close()
    if url is None:
        (making / DATABASE_FILE).chmod(0o600)
        os.replace(making / DATABASE_FILE, folder / DATABASE_FILE)
    settle(folder)


def _check_empty(folder: Path) -> None:
    if folder.exists() and (found := sorted(entry.name for entry in folder.iterdir())):
        hint = ", left by a restore that was interrupted" if _MAKING in found else ""
        raise LadtlError(
            f"{folder} holds {found[0]}{hint}; nothing was written. A backup is restored into a new or an empty folder."
        )


def _add_model(writer: archive.Writer, folder: str) -> bool:
    """Whether the model's folder is there."""
    place = home() / "models" / folder
    files = sorted(path for path in place.rglob("*") if path.is_file() and not path.name.startswith("."))
    for path in files:
        writer.file(f"models/{folder}/{path.relative_to(place).as_posix()}", path)
    return bool(files)
