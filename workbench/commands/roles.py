"""python -m workbench role and audit: what people may do, and what was done."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ladtl_core.errors import DataError
from workbench.services import access, holdings, roles, trail
from workbench.services.access import OPERATOR
from workbench.services.roles import Role


def add_to(commands: Any) -> None:
    """Add the commands to the subparsers of a parser; each sets `act` to what it does."""
    role = commands.add_parser("role", help="say what a person may do; the first admin is made so")
    role.add_argument("name", metavar="NAME", help="as it is shown when that person has signed in")
    role.add_argument("role", metavar="ROLE", nargs="?", choices=[*Role, "none"], help=", ".join([*Role, "none"]))
    role.add_argument("--department", action="append", default=[], help="may see this one alone; may be repeated")
    role.add_argument("--disable", action="store_true", help="the person may do nothing any more")
    role.add_argument("--enable", action="store_true", help="the opposite")
    role.set_defaults(act=_role)
    audit = commands.add_parser("audit", help="write the audit trail: who did what, when")
    audit.add_argument("--format", choices=trail.FORMATS, default="csv")
    audit.add_argument("--out", metavar="FILE", type=Path, help="a new file instead of the screen")
    audit.set_defaults(act=_audit)


def _role(options: argparse.Namespace) -> None:
    database = access.database()
    if options.role:
        ids = {one.department.name: one.department.department_id for one in holdings.holdings(database)}
        if unknown := [name for name in options.department if name not in ids]:
            raise DataError(f"there is no department {unknown[0]!r}; there are {', '.join(ids) or 'none'}")
        chosen = None if options.role == "none" else Role(options.role)
        roles.assign(database, OPERATOR, options.name, chosen, [ids[name] for name in options.department])
    elif options.department:
        raise DataError("departments are given together with a role: role NAME clinician --department Cardiology")
    if options.disable or options.enable:
        roles.disable(database, OPERATOR, options.name, disabled=options.disable)
    found = next((one for one in roles.everybody(database) if one.name == options.name), None)
    if found is None:
        raise DataError(f"there is no person {options.name!r}; people are added when they sign in")
    count = len(found.departments)
    where = f"{count} department{'' if count == 1 else 's'}" if count else "all departments"
    print(f"{found.name}: {found.role or 'no role'}, {where}{', disabled' if found.disabled else ''}")


def _audit(options: argparse.Namespace) -> None:
    content = trail.written(access.database(), options.format)
    if options.out is None:
        sys.stdout.write(content)
        return
    try:
        with options.out.open("x", encoding="utf-8") as file:
            file.write(content)
    except OSError as error:
        raise DataError(f"{options.out} cannot be written ({error.strerror}); name a new file") from error
