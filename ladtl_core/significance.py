"""Whether two systems differ by more than chance, and how sure an F1 is, with test documents as the unit.

Everywhere `strata` holds one array a target, (documents, cells, 3): correct, predicted and gold entities of each test
document in each cell. A cell is one trained system of that target, of one source and seed. What is compared is the
mean over all cells of their micro-F1 in percent, each from the counts of all of its documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

DRAWS = 10_000
# Differences of F1 that rounding alone makes; a draw as far out as what was seen must count.
_EQUAL = 1e-9


@dataclass(frozen=True)
class Comparison:
    """`difference` of mean F1 (one minus other, in points), its two-sided `p_value`, and the documents behind it.

    `smallest_p` is what the test could reach at best: with k documents in which the systems differ there are only 2^k
    exchanges, of which two are as extreme as can be.
    """

    difference: float
    p_value: float
    documents: int
    smallest_p: float


def same_documents(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> bool:
    """Whether both were tested on the same documents, as far as counts tell: as many, with the same gold entities."""
    return [part.shape for part in one] == [part.shape for part in other] and all(
        np.array_equal(mine[..., 2], theirs[..., 2]) for mine, theirs in zip(one, other, strict=True)
    )


def compare(one: Sequence[np.ndarray], other: Sequence[np.ndarray], draws: int = DRAWS, seed: int = 0) -> Comparison:
    """Approximate randomisation (Noreen 1989; Yeh, COLING 2000), stratified by target.

    Each draw exchanges the two systems' counts in a random half of the documents, in all cells of a document at once,
    since its sentences are the same for all sources and seeds. Raises ValueError where the strata do not match.
    """
    _check(one, other)
    random = np.random.default_rng(seed)
    observed, drawn, cells, differing = 0.0, np.zeros(draws), 0, 0
    for mine, theirs in zip(one, other, strict=True):
        documents = len(mine)
        change = (theirs - mine).reshape(documents, -1).astype(float)
        exchanged = np.concatenate(
            [random.integers(0, 2, (size, documents)).astype(float) @ change for size in _blocks(draws)]
        )
        total_mine, total_theirs = (side.sum(0).reshape(-1).astype(float) for side in (mine, theirs))
        drawn += (_f1(total_mine + exchanged) - _f1(total_theirs - exchanged)).sum(1)
        observed += float((_f1(total_mine) - _f1(total_theirs)).sum())
        cells += mine.shape[1]
        differing += int((change != 0).any(1).sum())
    as_extreme = int((np.abs(drawn) >= abs(observed) - _EQUAL).sum())
    smallest = max(2.0 ** (1 - differing), 1 / (draws + 1)) if differing else 1.0
    return Comparison(observed / cells, (1 + as_extreme) / (1 + draws), sum(map(len, one)), smallest)


def holm(p_values: Iterable[float]) -> list[float]:
    """P-values adjusted for that many comparisons (Holm, Scand. J. Statist. 1979), in the order given."""
    given = list(p_values)
    adjusted, largest = [0.0] * len(given), 0.0
    for rank, i in enumerate(sorted(range(len(given)), key=given.__getitem__)):
        largest = max(largest, min(1.0, (len(given) - rank) * given[i]))
        adjusted[i] = largest
    return adjusted


def f1_interval(strata: Sequence[np.ndarray], draws: int = DRAWS, seed: int = 0) -> tuple[float, float] | None:
    """95 % of the mean F1 when the documents of each target are drawn anew; None with fewer than two documents."""
    if sum(map(len, strata)) < 2:
        return None
    random = np.random.default_rng(seed)
    total, cells = np.zeros(draws), 0
    for counts in strata:
        # Products of whole numbers are slow in numpy; as floats they are as exact.
        equal, flat = np.full(len(counts), 1 / len(counts)), counts.reshape(len(counts), -1).astype(float)
        drawn = [random.multinomial(len(counts), equal, size=size).astype(float) @ flat for size in _blocks(draws)]
        total += _f1(np.concatenate(drawn)).sum(1)
        cells += counts.shape[1]
    low, high = np.percentile(total / cells, (2.5, 97.5))
    return float(low), float(high)


def difference_intervals(
    one: np.ndarray, other: np.ndarray, draws: int = DRAWS, seed: int = 0
) -> list[tuple[float, float] | None]:
    """95 % of the difference of F1 (one minus other, in points) in each cell, the same documents drawn anew for both.

    `one` and `other` are strata of their own, (documents, cells, 3). Draws without a gold entity of a cell tell nothing
    of it and are left out; None for a cell with gold entities in fewer than two documents. Raises ValueError where the
    strata do not match.
    """
    _check([one], [other])
    random = np.random.default_rng(seed)
    documents, cells = one.shape[:2]
    equal, flat = np.full(documents, 1 / documents), np.concatenate([one, other], axis=1, dtype=float)
    drawn = np.concatenate(
        [
            random.multinomial(documents, equal, size=size).astype(float) @ flat.reshape(documents, -1)
            for size in _blocks(draws)
        ]
    )
    f1, gold = _f1(drawn), drawn.reshape(draws, -1, 3)[:, :cells, 2]
    found: list[tuple[float, float] | None] = []
    for cell in range(cells):
        told = gold[:, cell] > 0
        if (one[:, cell, 2] > 0).sum() < 2:
            found.append(None)
        else:
            low, high = np.percentile((f1[:, cell] - f1[:, cells + cell])[told], (2.5, 97.5))
            found.append((float(low), float(high)))
    return found


def _blocks(draws: int) -> list[int]:
    """Sizes of parts of the draws: tweets are documents too, and thousands of them times all draws would not fit."""
    return [min(1000, draws - done) for done in range(0, draws, 1000)]


def _f1(counts: np.ndarray) -> np.ndarray:
    """Micro-F1 in percent, (..., cells), of counts (..., cells * 3)."""
    of_cells = counts.reshape(*counts.shape[:-1], -1, 3)
    f1: np.ndarray = 200 * of_cells[..., 0] / np.maximum(of_cells[..., 1] + of_cells[..., 2], 1)
    return f1


def _check(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> None:
    shapes = [[part.shape for part in side] for side in (one, other)]
    if (
        shapes[0] != shapes[1]
        or not one
        or any(len(shape) != 3 or shape[2] != 3 or not shape[0] for shape in shapes[0])
    ):
        raise ValueError(f"counts are {shapes[0]} and {shapes[1]}; expected the same (documents, cells, 3) a target")
    if not same_documents(one, other):
        raise ValueError("the gold counts differ; the systems must be tested on the same documents in the same order")
