"""The best path of a linear-chain CRF in compiled code, many sentences at once as in `kernels.crf`."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from ladtl_core.kernels.arithmetic import compiled
from ladtl_core.kernels.lanes import array, lanes_of, longest_first

_ZERO = np.float32(0)


def viterbi(emissions: Tensor, transitions: Tensor, first: Tensor, lengths: Tensor) -> list[list[int]]:
    """The best path of each sentence; `first` (tags,) is added at its first token; ties go to the lower tag."""
    e, sizes = array(emissions), lengths.numpy()
    paths = np.zeros(e.shape[:2], np.int64)
    _viterbi(e, array(transitions), array(first), sizes, paths)
    return [row[:size] for row, size in zip(paths.tolist(), sizes.tolist(), strict=True)]


@compiled
def _viterbi(emissions: Any, transitions: Any, first: Any, sizes: Any, paths: Any) -> None:
    """Only the score of the best path to each tag is kept, (time, tags, lanes); paths are found on the way back."""
    order, tags, lanes = longest_first(sizes), len(transitions), lanes_of(len(sizes))
    best = np.empty((sizes[order[0]], tags, lanes), emissions.dtype)
    reached = np.empty_like(best[0])
    for begin in range(0, len(order), lanes):
        rows = order[begin : begin + lanes]
        for lane in range(lanes):
            row = rows[min(lane, len(rows) - 1)]
            for i in range(sizes[rows[0]]):
                for k in range(tags):
                    best[i, k, lane] = emissions[row, i, k] + (first[k] if i == 0 else _ZERO)
        for i in range(1, sizes[rows[0]]):
            _best_moves(transitions, best[i - 1], reached)
            for k in range(tags):
                for lane in range(lanes):
                    best[i, k, lane] += reached[k, lane]
        for lane, row in enumerate(rows):
            last = sizes[row] - 1
            tag = int(np.argmax(best[last, :, lane]))
            paths[row, last] = tag
            for i in range(last - 1, -1, -1):
                tag = _came_from(best[i], transitions, lane, tag)
                paths[row, i] = tag


@compiled
def _best_moves(transitions: Any, before: Any, reached: Any) -> None:
    """The best of `before` (tags, lanes) plus the transition, for each next tag."""
    tags, lanes = before.shape
    for k in range(tags):
        for lane in range(lanes):
            reached[k, lane] = before[0, lane] + transitions[0, k]
    for j in range(1, tags):
        for k in range(tags):
            move = transitions[j, k]
            for lane in range(lanes):
                score = before[j, lane] + move
                reached[k, lane] = score if score > reached[k, lane] else reached[k, lane]


@compiled
def _came_from(before: Any, transitions: Any, lane: int, tag: int) -> int:
    came_from, best = 0, before[0, lane] + transitions[0, tag]
    for j in range(1, len(before)):
        score = before[j, lane] + transitions[j, tag]
        if score > best:
            came_from, best = j, score
    return came_from
