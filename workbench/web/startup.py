"""What happens before the first page is served."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from workbench.services import access, demo, tokens
from workbench.services.sign_in import LOOPBACK, SignIn

# To answer a save a thread gives the interpreter away some thirty times, at each statement; beside one that reads files
# or writes an import it would wait Python's default of 5 ms each time to get it back.
SWITCH_SECONDS = 0.0005


def prepare(address: str | None, sign_in: SignIn | None = None, secret_files: Iterable[Path] = ()) -> None:
    """Refuse what would let anybody in, then open the database, with the demonstration if it is new.

    Raises SystemExit if there are no accounts and `address` is not a loopback address, so that anybody on the network
    could read, if others on this machine can read the secrets, or if nothing can be written.
    """
    if sign_in is None and address not in LOOPBACK:
        raise SystemExit(
            f"server.address is {address or 'not set, which means every network'}; without accounts the workbench "
            "serves this machine only. Start it from its own folder, or set server.address to 127.0.0.1, or let people "
            "sign in (docs/operating.md)."
        )
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        database = access.ready()
        for path in (*secret_files, tokens.secret_file()):
            _refuse_if_others_can_read(path)
        demo.ensure_demo(database)
    except access.Unavailable as away:
        raise SystemExit(f"the workbench cannot start: {away}. LADTL_HOME and LADTL_DATABASE_URL say where.") from away


def _refuse_if_others_can_read(path: Path) -> None:
    if os.name == "posix" and path.exists() and stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXO:
        raise SystemExit(f"everybody on this machine can read or write {path}, which holds a secret: chmod 600 {path}")
