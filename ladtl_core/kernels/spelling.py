"""The character CNN in compiled code: what three characters in a row give is a sum of three rows of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ladtl_core.kernels.arithmetic import compiled


def strongest(chars: Tensor, table: Tensor) -> Tensor:
    """max_i table[0, c_{i-1}] + table[1, c_i] + table[2, c_{i+1}] of each spelling, (forms, filters); 0 where empty.

    `chars` (forms, length) int64 ids, right-padded with 0; `table` (3, chars, filters) float32, whose rows 0 stand for
    the characters before the first and behind the last.
    """
    result: Tensor = _Strongest.apply(chars, table)
    return result


class _Strongest(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, chars: Tensor, table: Tensor) -> Tensor:
        ids, values = chars.contiguous().numpy(), table.detach().contiguous().numpy()
        found = np.zeros((len(ids), values.shape[2]), np.float32)
        places = np.zeros(found.shape, np.int32)
        _forward(ids, values, found, places)
        ctx.saved = ids, places, values.shape
        return torch.from_numpy(found)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[None, Tensor]:
        ids, places, shape = ctx.saved
        of_table = np.zeros(shape, np.float32)
        _backward(ids, places, grads[0].contiguous().numpy(), of_table)
        return None, torch.from_numpy(of_table)


@compiled
def _forward(ids: Any, table: Any, found: Any, places: Any) -> None:
    for form in range(len(ids)):
        best, place, spelling = found[form], places[form], ids[form]
        for i in range(len(spelling)):
            if spelling[i] == 0:
                break
            before, own = table[0, spelling[i - 1] if i else 0], table[1, spelling[i]]
            after = table[2, spelling[i + 1] if i + 1 < len(spelling) else 0]
            for k in range(len(best)):
                value = before[k] + own[k] + after[k]
                better = (value > best[k]) | (i == 0)
                best[k] = value if better else best[k]
                place[k] = i if better else place[k]


@compiled
def _backward(ids: Any, places: Any, grad: Any, of_table: Any) -> None:
    for form in range(len(ids)):
        spelling = ids[form]
        if spelling[0] == 0:
            continue
        for k in range(grad.shape[1]):
            i, value = places[form, k], grad[form, k]
            of_table[0, spelling[i - 1] if i else 0, k] += value
            of_table[1, spelling[i], k] += value
            of_table[2, spelling[i + 1] if i + 1 < len(spelling) else 0, k] += value
