"""How often somebody may ask: a bucket each that every request takes a drop from and time fills again."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable

MOST_BUCKETS = 10_000


class Rate:
    """`burst` requests at once, `per_second` in the long run."""

    def __init__(self, burst: float, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.burst, self.per_second, self.clock = burst, per_second, clock
        self._buckets: dict[Hashable, tuple[float, float]] = {}  # drops, and when they were counted

    def wait(self, who: Hashable) -> int:
        """Take a drop; 0, or the whole seconds after which there is one again."""
        now = self.clock()
        if len(self._buckets) > MOST_BUCKETS:
            self._buckets = {key: found for key, found in self._buckets.items() if self._drops(found, now) < self.burst}
        drops = self._drops(self._buckets.get(who, (self.burst, now)), now)
        if drops < 1:
            return max(1, math.ceil((1 - drops) / self.per_second))
        self._buckets[who] = drops - 1, now
        return 0

    def _drops(self, found: tuple[float, float], now: float) -> float:
        drops, counted = found
        return min(self.burst, drops + (now - counted) * self.per_second)
