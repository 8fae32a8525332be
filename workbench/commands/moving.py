"""python -m workbench move: from SQLite to PostgreSQL."""

from __future__ import annotations

import argparse
from typing import Any

from workbench.operations import moving


def add_to(commands: Any) -> None:
    """Add the command to the subparsers of a parser; it sets `act` to what it does."""
    moved = commands.add_parser("move", help="copy all tables from SQLite into an empty database, and compare both")
    moved.add_argument("url", metavar="URL", help="postgresql://user@host/name, of a database without tables")
    moved.set_defaults(act=_move)


def _move(given: argparse.Namespace) -> None:
    sums = moving.move(given.url)
    width = max(map(len, sums))
    for name, one in sums.items():
        print(f"{name:<{width}}  {one.rows:>9,} rows  {one.digest}  equal")
    total = sum(one.rows for one in sums.values())
    print(
        f"moved: {len(sums)} tables, {total:,} rows, read back and equal. Start the app and workers with "
        "LADTL_DATABASE_URL set to this address and LADTL_HOME as before; the SQLite file is unchanged"
    )
