"""The processes that work on one home folder, found in /proc: what they weigh, and their end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

END_SECONDS = 15.0


@dataclass(frozen=True)
class Process:
    pid: int
    command: str
    megabytes: float
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
        kilobytes = next((int(line.split()[1]) for line in status if line.startswith("VmRSS")), 0)
        if kilobytes:
            found.append(Process(int(folder.name), command, kilobytes / 1024, torch))
    return found


def end(home: str) -> None:
    """End them before the folder is removed: a worker that still looks for its slot would make the folder anew."""
    until = time.monotonic() + END_SECONDS
    while alive := processes(home):
        number = signal.SIGTERM if time.monotonic() < until else signal.SIGKILL
        for process in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, number)
        time.sleep(0.5)
