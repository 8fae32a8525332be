"""Whether an installation is sound: a finding for each thing that is wrong, with what to do; no word of a text."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from sqlalchemy import Connection

import ladtl_core
from ladtl_core.errors import LadtlError
from workbench.operations.installation import existing_database
from workbench.operations.model_folders import examine_models
from workbench.store import dump, soundness
from workbench.store.paths import PROJECT, home

LEAST_FREE = 1024**3  # bytes: a run's checkpoints, or a backup of a small installation
_RESTORE = "stop the app and restore the last backup (docs/backup.md)"
_REPORT = "restore the last backup that doctor finds sound, and report this: the program did not mean to write it"


@dataclass(frozen=True, slots=True)
class Finding:
    """`part` of the installation, what was found there, and what to do."""

    part: str
    found: str
    todo: str

    def __str__(self) -> str:
        return f"{self.part}: {self.found}. To do: {self.todo}."


@dataclass(slots=True)
class Report:
    """Findings, none if all is well; the versions of what runs."""

    versions: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def examine() -> Report:
    """Look at everything that can be looked at; changes nothing."""
    report = Report({"workbench": ladtl_core.__version__, "Python": sys.version.split()[0]})
    report.findings += [*_packages(), *_folder(home()), *_disk(home())]
    try:
        with existing_database() as database, dump.frozen(database) as connection:
            report.versions["database"] = soundness.server(connection)
            report.findings += _database(connection)
    except LadtlError as error:
        report.findings.append(Finding("database", str(error), f"if it is the right one, {_RESTORE}"))
    return report


def _packages() -> Iterator[Finding]:
    for line in (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        wanted = Requirement(line.partition("#")[0].strip())
        try:
            version = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            version = "missing"
        if version == "missing" or not wanted.specifier.contains(version, prereleases=True):
            found = f"{wanted.name} is {version}, expected {wanted.specifier}"
            yield Finding("versions", found, "pip install -r requirements.txt")


def _folder(folder: Path) -> Iterator[Finding]:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        yield Finding("permissions", f"others may look into {folder} (mode {mode:o})", f"chmod 700 {folder}")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding("permissions", f"{folder} is closed to you", "run this as the user who runs the app")


def _disk(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        yield Finding(
            "disk", f"{free / 1024**2:,.0f} MiB are free in {folder}, expected 1,024 or more", "free some space"
        )


def _database(connection: Connection) -> Iterator[Finding]:
    for damage in soundness.damages(connection):
        yield Finding("database", damage, _RESTORE)
    revision, known = dump.revision(connection), dump.known_revisions()
    if revision != known[0]:
        todo = "start the app, which brings them up to date" if revision in (None, *known) else "update the workbench"
        yield Finding("versions", f"the tables are of revision {revision}, the program of {known[0]}", todo)
        return  # what follows reads the tables as this version has them
    yield from _rows(connection)
    for found, todo in examine_models(home(), soundness.models(connection), soundness.runs(connection)):
        yield Finding("models", found, todo)


def _rows(connection: Connection) -> Iterator[Finding]:
    checks: list[tuple[Callable[[Connection], list[int]], str, str]] = [
        (soundness.spans_outside, "annotation", "spans of {} are not inside their texts"),
        (soundness.annotations_with_gaps, "annotation", "the history of {} lacks revisions"),
        (soundness.adjudications_with_gaps, "record", "the adjudications of {} lack revisions"),
        (soundness.runs_with_gaps, "run", "the events of {} are not all there"),
        (soundness.incomplete_snapshots, "snapshot", "the records of {} are not all there"),
        (soundness.departments_without_their_model, "department", "the current model of {} is none of its own"),
    ]
    for look, what, found in checks:
        if ids := look(connection):
            yield Finding(f"{what}s", found.format(_named(what, ids)), _REPORT)


def _named(what: str, ids: Sequence[int]) -> str:
    more = f" and {len(ids) - 5:,} more" if len(ids) > 5 else ""
    return f"{what} {', '.join(map(str, ids[:5]))}{more}"
