"""A comparison of calls that should return the same: first whether they do, then their times."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from benchmarks.interleaved import Table, interleave
from benchmarks.switch import OURS, TORCH

# Of the largest expected value.
TOLERANCE = 2e-4


def compared(title: str, calls: Mapping[str, Callable[[], object]], missing: dict[str, str], rounds: int) -> Table:
    """The times of `calls`, among them both of ours, and who agrees with plain torch; `missing` are notes of others."""
    results = {name: call() for name, call in calls.items()}
    agreed = {name: agreement(result, results[TORCH]) for name, result in results.items() if name != TORCH}
    return Table(title, OURS, interleave(calls, rounds), {**agreed, **missing})


def agreement(result: object, expected: object) -> str:
    """Whether two results are the same, in words; of tensors, within TOLERANCE of the largest expected value."""
    if isinstance(result, list):
        return "same paths" if result == expected else "OTHER PATHS"
    pairs = list(zip(*(value if isinstance(value, tuple) else (value,) for value in (result, expected)), strict=True))
    gap = max(float((a - b).abs().max() / b.abs().max().clamp_min(1e-9)) for a, b in pairs)
    what = "value and gradients" if len(pairs) == 3 else "values"
    return f"same {what} ({gap:.0e})" if gap <= TOLERANCE else f"other {what} ({gap:.0e})"
