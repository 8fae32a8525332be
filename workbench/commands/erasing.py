"""python -m workbench erase: a patient's records, after a look at what goes with them."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from ladtl_core.errors import DataError
from workbench.services import access, erasure, holdings
from workbench.services.access import OPERATOR
from workbench.services.erasure import Asked

AGAIN = (
    "Others were reading, so that the database file may still hold what was erased: stop the app, then "
    "python -m workbench erase --clean"
)


def add_to(commands: Any) -> None:
    """Add the command to the subparsers of a parser; it sets `act` to what it does."""
    erase = commands.add_parser("erase", help="erase a patient's records for good; without --yes only says what goes")
    which = erase.add_mutually_exclusive_group(required=True)
    which.add_argument("--patient", help="all records of this patient")
    which.add_argument("--record", action="append", default=[], help="a record's id; may be repeated")
    which.add_argument("--clean", action="store_true", help="only write the database file anew, without erased text")
    erase.add_argument("--department", help="its name (default: all departments)")
    erase.add_argument("--yes", action="store_true", help="erase; there is no way back")
    erase.set_defaults(act=_erase)


def _erase(given: argparse.Namespace) -> int:
    database = access.database()
    if given.clean:
        return _cleaned(erasure.clean(database))
    asked = Asked(given.patient, tuple(given.record), _department(given.department))
    found = erasure.look(database, asked)
    if not given.yes:
        print("\n".join(erasure.told(database, found, done=False)))
        print("Nothing was changed. Repeat with --yes to erase; there is no way back.")
        return 0
    erased = erasure.erase(database, asked, OPERATOR)
    print("\n".join(erasure.told(database, erased.found, done=True)))
    return _cleaned(erased.clean)


def _cleaned(clean: bool) -> int:
    if not clean:
        print(AGAIN, file=sys.stderr)
    return 0 if clean else 1


def _department(name: str | None) -> int | None:
    known = {held.department.name: held.department.department_id for held in holdings.holdings(access.database())}
    if name is not None and name not in known:
        raise DataError(f"there is no department {name!r}; there are {', '.join(known) or 'none'}")
    return None if name is None else known[name]
