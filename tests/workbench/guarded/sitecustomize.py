"""In a process with this folder in PYTHONPATH every attempt to reach another machine is written down and refused."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

FOLDER = Path(os.environ["GUARD_FOLDER"])  # `processes` and `attempts` are written there, a line each
LOCAL = ("127.", "::1", "localhost", "0.0.0.0")


def _note(name: str, line: str) -> None:
    with (FOLDER / name).open("a", encoding="utf-8") as out:
        out.write(line + "\n")


def _refuse(address: object) -> NoReturn:
    _note("attempts", f"{sys.orig_argv} {address}")
    raise PermissionError(f"an attempt to reach {address}")


def _is_local(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    return not name or (isinstance(name, str) and name.startswith(LOCAL)) or name == socket.gethostname()


def _guarded(real: Any, where: int) -> Any:
    """A method of a socket, or a function, whose argument number `where` is an address or a host."""

    def call(*arguments: Any, **named: Any) -> Any:
        address = arguments[where] if len(arguments) > where else named.get("host")
        host = address[0] if isinstance(address, tuple) else address
        unix = isinstance(arguments[0], socket.socket) and arguments[0].family == socket.AF_UNIX
        if not unix and not _is_local(host):
            _refuse(address)
        return real(*arguments, **named)

    return call


for _name, _where in (("connect", 1), ("connect_ex", 1), ("sendto", -1)):
    setattr(socket.socket, _name, _guarded(getattr(socket.socket, _name), _where))
socket.getaddrinfo = _guarded(socket.getaddrinfo, 0)
_note("processes", " ".join(sys.orig_argv))
