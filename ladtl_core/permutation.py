"""Whether two domains' hidden states of one label differ: unbiased MMD^2 with a permutation test over records.

Gretton et al., JMLR 2012. Tokens of one record depend on each other: exchanging tokens one by one would call any two
sets of records different. So the domain of whole records is exchanged, each with all of its tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ladtl_core.mmd import squared_distances

DRAWS = 1000
_MOST_TOKENS = 1000


@dataclass(frozen=True)
class GapTest:
    """`mmd2` may be negative; `p_value` is one-sided."""

    mmd2: float
    p_value: float


def gap_test(
    source: Tensor, target: Tensor, source_records: Tensor, target_records: Tensor, draws: int = DRAWS, seed: int = 0
) -> GapTest | None:
    """The test for hidden states (n, size) and (m, size) of one label; None with fewer than two tokens on a side.

    `source_records` (n,) and `target_records` (m,) number each token's record. At most 1,000 tokens a side, drawn by
    the seed, are compared. The one kernel's bandwidth is the median distance of all tokens together, which stays the
    same when domains are exchanged.
    """
    if min(len(source), len(target)) < 2:
        return None
    random = np.random.default_rng(seed)
    states, records, first = [], [], 0
    for hidden, of_record in ((source, source_records), (target, target_records)):
        chosen = torch.from_numpy(random.permutation(len(hidden))[:_MOST_TOKENS])
        _, numbers = torch.unique(of_record[chosen], return_inverse=True)
        states.append(hidden[chosen].double())
        records.append(numbers + first)
        first += int(numbers.max()) + 1
    sums, sizes = _between_records(torch.cat(states), torch.cat(records).numpy())
    of_source = np.arange(first) <= int(records[0].max())
    observed = float(_unbiased(sums, sizes, of_source[None])[0])
    drawn = _unbiased(sums, sizes, random.permuted(np.tile(of_source, (draws, 1)), axis=1))
    drawn = drawn[np.isfinite(drawn)]
    # Equal exchanges differ by rounding; a draw as far out as what was seen must count.
    p_value = (1 + int((drawn >= observed - 1e-12).sum())) / (1 + len(drawn))
    return GapTest(observed, p_value)


def _between_records(states: Tensor, records: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums of the kernel between the tokens of every two records, (records, records), and tokens a record.

    A token with itself is left out.
    """
    distances = squared_distances(states, states)
    pairs = torch.triu_indices(len(states), len(states), 1)
    median = float(distances[pairs[0], pairs[1]].median()) or 1.0
    kernel = (-distances / median).exp().numpy()
    np.fill_diagonal(kernel, 0.0)
    member = np.eye(records.max() + 1)[records]
    return member.T @ kernel @ member, member.sum(0)


def _unbiased(sums: np.ndarray, sizes: np.ndarray, of_source: np.ndarray) -> np.ndarray:
    """MMD^2 for each row of `of_source` (draws, records); not a number where a side has fewer than two tokens."""
    s = of_source.astype(float)
    t = 1 - s
    n, m = s @ sizes, t @ sizes
    from_source = s @ sums
    within_source, between = (from_source * s).sum(1), (from_source * t).sum(1)
    within_target = ((t @ sums) * t).sum(1)
    usable = (n >= 2) & (m >= 2)
    n, m = np.where(usable, n, np.nan), np.where(usable, m, np.nan)
    value: np.ndarray = within_source / (n * (n - 1)) + within_target / (m * (m - 1)) - 2 * between / (n * m)
    return value
