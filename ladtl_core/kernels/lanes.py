"""Sentences of a batch side by side: their lengths, their order, and how many are worked on together."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ladtl_core.kernels.arithmetic import compiled


def lengths_of(mask: Tensor) -> Tensor | None:
    """Lengths (batch,) of the rows of a bool mask; None unless it is right-padded with a true first column."""
    lengths = np.empty(len(mask), np.int64)
    return torch.from_numpy(lengths) if _lengths(mask.numpy(), lengths) else None


def array(values: Tensor) -> Any:
    """The values without their graph, in one piece."""
    return values.detach().contiguous().numpy()


@compiled
def lanes_of(batch: int) -> int:
    """How many sentences are worked on together: one or two vectors of the widest processors."""
    return 16 if batch <= 16 else 32


@compiled
def _lengths(mask: Any, lengths: Any) -> bool:
    good = True
    for row in range(len(mask)):
        size = 0
        while size < mask.shape[1] and mask[row, size]:
            size += 1
        for i in range(size, mask.shape[1]):
            good = good & (not mask[row, i])
        good = good & (size > 0)
        lengths[row] = size
    return good


@compiled
def longest_first(sizes: Any) -> Any:
    """Numbers of the sentences in the order of their lengths; equal ones as they come."""
    places = np.zeros(sizes.max() + 2, np.int64)
    for size in sizes:
        places[places.size - 1 - size] += 1
    begin = 0
    for i in range(places.size):
        begin, places[i] = begin + places[i], begin
    order = np.empty_like(sizes)
    for row in range(len(sizes)):
        place = places.size - 1 - sizes[row]
        order[places[place]] = row
        places[place] += 1
    return order
