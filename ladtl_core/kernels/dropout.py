"""Dropout whose random numbers are hashes of a seed and a unit's number.

Nothing is kept for the backward pass, and every device drops the same units.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ladtl_core.kernels.arithmetic import compiled

_FIRST, _SECOND, _ALL = 0x85EBCA6B, 0xC2B2AE35, 0xFFFFFFFF
_A, _B, _13, _16 = np.uint32(_FIRST), np.uint32(_SECOND), np.uint32(13), np.uint32(16)


def drop(values: Tensor, threshold: int, scale: float, seed: int) -> Tensor:
    """`values` times `scale` where a unit's hash is `threshold` (of 2^32) or more, elsewhere 0."""
    result: Tensor = _Dropout.apply(values, threshold, scale, seed)
    return result


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, *how: Any) -> Tensor:
        ctx.how = how
        return _applied(values, *how)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        return _applied(grads[0], *ctx.how), None, None, None


def _applied(values: Tensor, threshold: int, scale: float, seed: int) -> Tensor:
    given = values.detach().contiguous().numpy()
    out = np.empty_like(given)
    _drop(given.reshape(-1), out.reshape(-1), np.uint32(threshold), np.float32(scale), np.uint32(seed))
    return torch.from_numpy(out)


@compiled
def _drop(values: Any, out: Any, threshold: Any, scale: Any, seed: Any) -> None:
    for i in range(len(values)):
        # The finaliser of MurmurHash3 (Appleby, public domain): every bit of the number changes half of the hash.
        h = np.uint32(np.uint32(i) ^ seed)
        h = np.uint32((h ^ (h >> _16)) * _A)
        h = np.uint32((h ^ (h >> _13)) * _B)
        h = np.uint32(h ^ (h >> _16))
        out[i] = values[i] * scale if h >= threshold else np.float32(0)


def kept(count: int, threshold: int, seed: int) -> Tensor:
    """The same choice in plain torch: bool (count,)."""
    h = torch.arange(count) ^ seed
    h = ((h ^ (h >> 16)) * _FIRST) & _ALL
    h = ((h ^ (h >> 13)) * _SECOND) & _ALL
    return (h ^ (h >> 16)) >= threshold
