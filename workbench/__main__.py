"""python -m workbench: the operator's commands. LADTL_HOME and LADTL_DATABASE_URL say which installation."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ladtl_core.errors import LadtlError
from workbench.operations import backup, doctor
from workbench.operations.archive import Manifest


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if all is well, 1 if the command failed or the doctor found something."""
    parser = argparse.ArgumentParser(prog="python -m workbench", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("backup", help="write records, labels, runs and models to one file; the app may run")
    made.add_argument("file", metavar="OUT", type=Path, help="a new file")
    restored = commands.add_parser("restore", help="make an installation from a backup")
    restored.add_argument("file", metavar="IN", type=Path, help="what backup wrote")
    restored.add_argument("--home", metavar="FOLDER", type=Path, required=True, help="a new or an empty folder")
    verified = commands.add_parser("verify", help="read a backup whole and compare its checksums")
    verified.add_argument("file", metavar="IN", type=Path, help="what backup wrote")
    examined = commands.add_parser("doctor", help="look whether the installation is sound; changes nothing")
    examined.add_argument("--json", action="store_true", help="print versions and findings as one JSON object")
    given = parser.parse_args(arguments)
    try:
        does = {"backup": _backup, "restore": _restore, "verify": _verify, "doctor": _doctor}
        return does[given.command](given)
    except LadtlError as error:
        print(f"python -m workbench {given.command}: {error}", file=sys.stderr)
        return 1


def _backup(given: argparse.Namespace) -> int:
    manifest, missing = backup.backup(given.file.absolute())
    _tell("backed up", manifest)
    for folder in missing:
        print(f"the model folder {folder} is missing, so that it is not in the backup", file=sys.stderr)
    return 0


def _restore(given: argparse.Namespace) -> int:
    folder = given.home.expanduser().absolute()
    _tell("restored", backup.restore(given.file.absolute(), folder, os.environ.get("LADTL_DATABASE_URL") or None))
    print(f"Look at it: LADTL_HOME={folder} python -m workbench doctor. Then start the app with the same LADTL_HOME.")
    return 0


def _verify(given: argparse.Namespace) -> int:
    _tell("whole", backup.verify(given.file.absolute()))
    return 0


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


if __name__ == "__main__":
    sys.exit(main())
