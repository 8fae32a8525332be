"""The processes that work on one home folder, found in /proc: what they weigh, and their end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

END_SECONDS = 15.0


@dataclass(frozen=True)
class Process:
    """`megabytes` are resident now, `peak` were so at most."""

    pid: int
    command: str
    megabytes: float
    peak: float
    torch: bool


def processes(home: str) -> list[Process]:
    """Every process that was started with LADTL_HOME=`home`; none where there is no /proc."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"LADTL_HOME={home}".encode() not in (folder / "environ").read_bytes().split(b"\0"):
                continue
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            status = (folder / "status").read_text().splitlines()
            torch = "libtorch" in (folder / "maps").read_text()
        except OSError:
            continue  # it has ended, or is not ours to read
        now, most = _megabytes(status, "VmRSS:"), _megabytes(status, "VmHWM:")
        if now:
            found.append(Process(int(folder.name), command, now, most, torch))
    return found


def with_children(pid: int) -> float:
    """Megabytes of a process and its children, with what several of them share counted once; 0.0 without /proc."""
    total = 0.0
    with contextlib.suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in (str(pid), *children):
            with contextlib.suppress(OSError):  # it has ended
                total += _megabytes(Path(f"/proc/{one}/smaps_rollup").read_text().splitlines(), "Pss:")
    return total


def _megabytes(lines: Sequence[str], name: str) -> float:
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name)), 0.0)


def end(home: str) -> None:
    """End them before the folder is removed: a worker that still looks for its slot would make the folder anew."""
    until = time.monotonic() + END_SECONDS
    while alive := processes(home):
        number = signal.SIGTERM if time.monotonic() < until else signal.SIGKILL
        for process in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, number)
        time.sleep(0.5)
