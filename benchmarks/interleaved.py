"""Competitors timed in turn, so that what else the machine does meets all of them, and compared round by round."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any

Times = dict[str, list[float]]
# A timing is the mean of as many calls as fill this many seconds.
_FILL = 0.02


def interleave(
    competitors: Mapping[str, Callable[[], object]],
    rounds: int,
    *,
    fill: float = _FILL,
    warm_up: bool = True,
    clock: Callable[[], float] = time.perf_counter,
) -> Times:
    """Seconds a call of each competitor in each round; every round begins with another competitor.

    Before the first round each is called once to warm up, and, with `fill`, once more to find how many calls fill as
    many seconds. Without `warm_up` the first call is timed and `fill` is ignored.
    """
    names = list(competitors)
    calls = dict.fromkeys(names, 1)
    for name in names if warm_up else ():
        competitors[name]()
        if fill:
            calls[name] = max(1, math.ceil(fill / max(_seconds(competitors[name], 1, clock), 1e-9)))
    times: Times = {name: [] for name in names}
    for number in range(rounds):
        for name in rotated(names, number):
            times[name].append(_seconds(competitors[name], calls[name], clock))
    return times


def rotated(names: Sequence[str], number: int) -> list[str]:
    """The order of round `number`."""
    first = number % max(len(names), 1)
    return [*names[first:], *names[:first]]


def _seconds(call: Callable[[], object], calls: int, clock: Callable[[], float]) -> float:
    begin = clock()
    for _ in range(calls):
        call()
    return (clock() - begin) / calls


@dataclass(frozen=True)
class Ratio:
    """Of times of the same round."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, times: Sequence[float], ours: Sequence[float]) -> Ratio:
        ratios = [a / b for a, b in zip(times, ours, strict=True)]
        return cls(statistics.median(ratios), min(ratios), max(ratios))

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f}-{self.high:.2f})"


@dataclass
class Table:
    """The times of one comparison. `ours` are those that everybody's times are divided by; `notes` says of a competitor
    what else there is to say, or why it has no time."""

    title: str
    ours: Sequence[str]
    times: Times
    notes: dict[str, str] = field(default_factory=dict)

    def median(self, name: str) -> float:
        """Seconds."""
        return statistics.median(self.times[name])

    def ratio(self, name: str, ours: str) -> Ratio:
        return Ratio.of(self.times[name], self.times[ours])

    def rows(self) -> list[dict[str, Any]]:
        """One JSON-safe row a competitor; where it did not run, without times. Ratios are median, lowest, highest."""
        rows: list[dict[str, Any]] = []
        for name in dict.fromkeys((*self.times, *self.notes)):
            row: dict[str, Any] = {"table": self.title, "name": name, "note": self.notes.get(name, "")}
            if times := self.times.get(name):
                row |= {"seconds": times, "median": self.median(name)}
                row |= {f"over {ours}": astuple(self.ratio(name, ours)) for ours in self.ours}
            rows.append(row)
        return rows

    def markdown(self) -> str:
        heads = ["", "median ms", *(f"time over {ours}" for ours in self.ours), ""]
        lines = [f"### {self.title}", "", _line(heads), f"|---|---:|{'---:|' * len(self.ours)}---|"]
        for name in dict.fromkeys((*self.times, *self.notes)):
            cells = [""] * (1 + len(self.ours))
            if name in self.times:
                cells = [f"{1000 * self.median(name):.3f}", *(str(self.ratio(name, ours)) for ours in self.ours)]
            lines.append(_line([name, *cells, self.notes.get(name, "")]))
        return "\n".join(lines) + "\n"


def growth(title: str, tables: Mapping[str, Table]) -> str:
    """Tables of the same competitors at several sizes as one: median ms, in brackets over the first of ours."""
    names = list(next(iter(tables.values())).times)
    lines = [f"### {title}", "", _line(["", *names]), "|---|" + "---:|" * len(names)]
    for size, table in tables.items():
        first = table.ours[0]
        cells = (f"{1000 * table.median(name):.3f} ({table.ratio(name, first).median:.2f})" for name in names)
        lines.append(_line([size, *cells]))
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
