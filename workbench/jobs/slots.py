"""Named places for one process each, held by file locks that the operating system frees when the process dies."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket

from filelock import FileLock, Timeout

from workbench.store.paths import home

# A look at a slot holds its lock for an instant; whoever takes the slot waits so long for that.
TAKE_SECONDS = 1.0


class Slot:
    """A place that at most one living process of this machine and home folder holds.

    Other machines may share the folder: theirs are other slots, since a process id says nothing there.
    """

    def __init__(self, name: str) -> None:
        folder = home() / "slots"
        folder.mkdir(mode=0o700, exist_ok=True)
        self.name = name
        self._pid_file = folder / f"{executor_id(name)}.pid"
        self._lock = FileLock(folder / f"{executor_id(name)}.lock", thread_local=False)

    def hold(self, seconds: float = TAKE_SECONDS) -> bool:
        """Take the slot until this process ends; False if another one keeps it for `seconds`."""
        try:
            self._lock.acquire(timeout=seconds)
        except Timeout:
            return False
        draft = self._pid_file.with_suffix(".new")
        try:
            draft.write_text(str(os.getpid()), encoding="ascii")
            draft.replace(self._pid_file)  # whoever reads it meanwhile finds a number
        except OSError:
            self._lock.release()
            raise
        return True

    def release(self) -> None:
        self._lock.release()

    def held(self) -> bool:
        """Whether a living process, this one included, has the slot."""
        if self._lock.is_locked:
            return True
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return True
        self._lock.release()
        return False

    def end(self) -> None:
        """Ask the process that holds the slot to end; nothing happens if it is free."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End the process that holds the slot at once, even one that is stopped."""
        self._send(getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows has one way only

    def _send(self, number: signal.Signals) -> None:
        if self.held():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid(), number)

    def lost(self) -> bool:
        """Whether the home folder was deleted under the process that holds the slot: there is nothing left to serve.

        Another process may have made the folder anew since, but not what this one had written there.
        """
        try:
            return self.pid() != os.getpid()
        except (FileNotFoundError, ValueError):
            return True

    def pid(self) -> int:
        """The process that took the slot last."""
        return int(self._pid_file.read_text(encoding="ascii"))


def executor_id(slot: str) -> str:
    """The slot's name among all machines and home folders that share a database."""
    folder = hashlib.sha256(str(home()).encode()).hexdigest()[:6]
    return f"{socket.gethostname()}-{folder}-{slot}"
