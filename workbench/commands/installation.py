"""python -m workbench backup, restore, verify and doctor: what the operator of an installation does."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.operations import backup, doctor
from workbench.operations.archive import Manifest


def add_to(commands: Any) -> None:
    """Add the commands to the subparsers of a parser; each sets `act` to what it does."""
    made = commands.add_parser("backup", help="write records, labels, runs and models to one file; the app may run")
    made.add_argument("file", metavar="OUT", type=Path, help="a new file")
    made.set_defaults(act=_backup)
    restored = commands.add_parser("restore", help="make an installation from a backup")
    restored.add_argument("file", metavar="IN", type=Path, help="what backup wrote")
    restored.add_argument("--home", metavar="FOLDER", type=Path, required=True, help="a new or an empty folder")
    restored.set_defaults(act=_restore)
    verified = commands.add_parser("verify", help="read a backup whole and compare its checksums")
    verified.add_argument("file", metavar="IN", type=Path, help="what backup wrote")
    verified.set_defaults(act=_verify)
    examined = commands.add_parser("doctor", help="look whether the installation is sound; changes nothing")
    examined.add_argument("--json", action="store_true", help="print versions and findings as one JSON object")
    examined.set_defaults(act=_doctor)


def _backup(given: argparse.Namespace) -> None:
    manifest, missing = backup.backup(given.file.absolute())
    _tell("backed up", manifest)
    for folder in missing:
        print(f"the model folder {folder} is missing, so that it is not in the backup", file=sys.stderr)


def _restore(given: argparse.Namespace) -> None:
    folder = given.home.expanduser().absolute()
    _tell("restored", backup.restore(given.file.absolute(), folder, os.environ.get("LADTL_DATABASE_URL") or None))
    print(f"Look at it: LADTL_HOME={folder} python -m workbench doctor. Then start the app with the same LADTL_HOME.")


def _verify(given: argparse.Namespace) -> None:
    _tell("whole", backup.verify(given.file.absolute()))


def _doctor(given: argparse.Namespace) -> int:
    report = doctor.examine()
    if given.json:
        print(json.dumps(asdict(report), indent=1))
    else:
        print(", ".join(f"{name} {version}" for name, version in report.versions.items()))
        print("\n".join(map(str, report.findings)) or "nothing wrong was found")
    return 1 if report.findings else 0


def _tell(what: str, manifest: Manifest) -> None:
    records, models = manifest.tables.get("record", 0), manifest.tables.get("model", 0)
    print(
        f"{what}: {records:,} records, {manifest.tables.get('annotation', 0):,} annotations, {models:,} models, "
        f"{manifest.size:,} bytes, as of {manifest.made_at}"
    )
