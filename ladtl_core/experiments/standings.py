"""The table of pairs and methods as numbers: means, spreads, intervals, and which methods differ from La-DTL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from threadpoolctl import threadpool_limits

from ladtl_core.experiments.plans import EXPERIMENTS, Row
from ladtl_core.experiments.tables import Cells, cells_of, f1_of, strata_of
from ladtl_core.significance import compare, f1_interval, holm, same_documents

REFERENCE = "la-dtl"
SIGNIFICANT = 0.05
_Kept = tuple[tuple[tuple[int, ...], bytes], ...]  # counts by target: their shape and their numbers


@dataclass(frozen=True, slots=True)
class Standing:
    """One method of the table of pairs: mean F1 and deviation over seeds of every pair and of their mean, in percent.

    `interval` (95 %) and `p_value` (Holm, against La-DTL) are None where runs are missing or were tested on different
    documents; `tells` if it is below 0.05.
    """

    method: str
    cells: dict[str, tuple[float, float | None]]
    mean: tuple[float, float | None] | None
    interval: tuple[float, float] | None
    p_value: float | None

    @property
    def tells(self) -> bool:
        return self.p_value is not None and self.p_value < SIGNIFICANT


def standings(runs: Sequence[Row], split: str) -> list[Standing]:
    """The table of pairs of a view's runs, a row a method in the order of the runs."""
    cells = cells_of(runs, EXPERIMENTS["pairs"])
    columns = list(next(iter(cells.values())))
    found = f1_of(cells, split, partial=True)
    strata = _strata(cells) if split == "test" else {}
    mine = strata.get(REFERENCE)
    others = [
        name
        for name, counts in strata.items()
        if name != REFERENCE and mine and same_documents(_counts(mine), _counts(counts))
    ]
    tests = [_p_value(mine, strata[name]) for name in others] if mine else []
    p_values = dict(zip(others, holm(tests), strict=True))
    return [
        Standing(
            name,
            {column: _spread(f1) for column, f1 in row.items()},
            _mean(row, columns),
            _interval(strata[name]) if name in strata else None,
            p_values.get(name),
        )
        for name, row in found.items()
    ]


def _strata(cells: Cells) -> dict[str, _Kept]:
    """Counts of the methods that have every pair, over the seeds that all of these cells have."""
    whole = {name: row for name, row in cells.items() if all(row.values())}
    seeds = [{run["seed"] for run in found} for row in whole.values() for found in row.values()]
    common = set.intersection(*seeds) if seeds else set()
    if not common:
        return {}
    even = {
        name: {column: [run for run in found if run["seed"] in common] for column, found in row.items()}
        for name, row in whole.items()
    }
    found = {name: counts for name in even if (counts := strata_of(even, name)) is not None}
    return {name: tuple((part.shape, part.tobytes()) for part in counts) for name, counts in found.items()}


# Kept, since the draws take long and a table that shows fewer methods has the same ones again. Their products are
# small: with several threads they take four times as much of the processor.
@lru_cache(maxsize=256)
def _p_value(one: _Kept, other: _Kept) -> float:
    with threadpool_limits(1, "blas"):
        return compare(_counts(one), _counts(other)).p_value


@lru_cache(maxsize=256)
def _interval(one: _Kept) -> tuple[float, float] | None:
    with threadpool_limits(1, "blas"):
        return f1_interval(_counts(one))


def _counts(kept: _Kept) -> list[np.ndarray]:
    return [np.frombuffer(numbers, dtype=np.int64).reshape(shape) for shape, numbers in kept]


def _spread(f1: np.ndarray) -> tuple[float, float | None]:
    return float(f1.mean()), float(f1.std(ddof=1)) if len(f1) > 1 else None


def _mean(row: dict[str, np.ndarray], columns: Sequence[str]) -> tuple[float, float | None] | None:
    """Over all pairs, seed by seed; over the seeds that every pair has."""
    if len(row) < len(columns) or len(columns) < 2:
        return None
    seeds = min(len(f1) for f1 in row.values())
    return _spread(np.mean([f1[:seeds] for f1 in row.values()], axis=0))
