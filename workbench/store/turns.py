"""Whose turn it is to write, among the threads of a process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_WAY_SECONDS = 0.5


class Turns:
    """With `one_at_a_time` threads write one after another, each as soon as the one before has ended.

    SQLite itself lets who waits try again after pauses that grow: a save could miss its moment for seconds while an
    import writes part after part. Other processes still wait like that.
    """

    def __init__(self, one_at_a_time: bool, wait_seconds: float) -> None:
        self._one_at_a_time, self._wait_seconds = one_at_a_time, wait_seconds
        self._turn, self._changed = threading.Lock(), threading.Condition()
        self._writers = 0  # and those that wait

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Write inside; after `wait_seconds` in vain, too, when the database's own waiting decides."""
        self._count(1)
        taken = self._one_at_a_time and self._turn.acquire(timeout=self._wait_seconds)
        try:
            yield
        finally:
            if taken:
                self._turn.release()
            self._count(-1)

    def give_way(self) -> None:
        """Wait until nobody writes, for work that has time; not for ever, or it would never end among many people."""
        with self._changed:
            self._changed.wait_for(lambda: self._writers == 0, LONGEST_WAY_SECONDS)

    def _count(self, more: int) -> None:
        with self._changed:
            self._writers += more
            self._changed.notify_all()
