"""python -m workbench logins: who signs in as which account."""

from __future__ import annotations

import argparse
from typing import Any

from workbench.services import access, logins
from workbench.services.access import OPERATOR


def add_to(commands: Any) -> None:
    """Add the command with its own commands to the subparsers of a parser; each sets `act` to what it does."""
    group = commands.add_parser("logins", help="who signs in as whom: list, move")
    parts = group.add_subparsers(required=True, metavar="COMMAND")
    parts.add_parser("list", help="accounts with issuer and subject of the provider").set_defaults(act=_list)
    moved = parts.add_parser("move", help="let somebody go on as a person from before there were accounts")
    moved.add_argument("account", help="as `list` shows it")
    moved.add_argument("--to", metavar="PERSON", required=True, help="as the sidebar named them")
    moved.set_defaults(act=_move)


def _list(_: argparse.Namespace) -> None:
    for account, issuer, subject in logins.listed(access.database()):
        print(f"{account}\t{issuer}\t{subject}")


def _move(options: argparse.Namespace) -> None:
    logins.move(access.database(), options.account, options.to, OPERATOR)
    print(f"who signed in as {options.account} is {options.to} from now on")
