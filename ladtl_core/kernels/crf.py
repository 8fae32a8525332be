"""Linear-chain CRF in compiled code: likelihood with its gradient, and marginals.

Sentences of similar length are worked on together, one in each lane of the processor's vectors: arrays are (time, tag,
lane), and a step of a recursion is one small matrix product for all of them. Sums run in the exp domain, rescaled at
every step; scores that spread too far for it are refused, see `SAFE_SPREAD`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ladtl_core.kernels.arithmetic import ONE, compiled, exp
from ladtl_core.kernels.lanes import array, lanes_of, longest_first

# Below this range of scores, in nats, no product of a step leaves the range of float32 (exp(-80) = 2e-35).
SAFE_SPREAD = 80.0
_ZERO = np.float32(0)


def log_likelihood(emissions: Tensor, transitions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor | None:
    """log p(tags | emissions), (batch,), differentiable; None where scores spread too far for the exp domain.

    `emissions` (batch, time, tags) float32, `transitions` (tags, tags), `tags` (batch, time) int64, `lengths`
    (batch,) int64, each at least 1.
    """
    result: Tensor = _LogLikelihood.apply(emissions, transitions, tags, lengths)
    return result if result.dim() else None


class _LogLikelihood(torch.autograd.Function):
    """d log p / dE = onehot(y) - marginals, found on the way forward; d log p / dA = moves(y) - expected moves."""

    @staticmethod
    def forward(ctx: Any, emissions: Tensor, transitions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        e, a, y, sizes = array(emissions), array(transitions), array(tags), lengths.numpy()
        scores, of_emissions = np.empty(len(e), np.float32), np.zeros_like(e)
        before, after = _pair_columns(e, sizes)
        if not _likelihood(e, a, y, sizes, scores, of_emissions, before, after):
            return emissions.new_zeros(())
        ctx.saved = of_emissions, a, y, sizes, before, after
        return torch.from_numpy(scores)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        of_emissions, transitions, y, sizes, before, after = ctx.saved
        grad, result = array(grads[0]), np.empty_like(of_emissions)
        of_transitions = np.empty_like(transitions)
        _gradients(of_emissions, transitions, y, sizes, before, after, grad, result, of_transitions)
        return torch.from_numpy(result), torch.from_numpy(of_transitions), None, None


def marginals(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor] | None:
    """p(y_i), (batch, time, tags), and p(y_i, y_{i+1}), (batch, time - 1, tags, tags), 0 beyond a sentence's end; None
    where scores spread too far for the exp domain."""
    e, a, sizes = array(emissions), array(transitions), lengths.numpy()
    batch, time, num_tags = e.shape
    unary, pairwise = np.zeros_like(e), np.zeros((batch, time - 1, num_tags, num_tags), np.float32)
    safe = _marginals(e, a, sizes, unary, pairwise, *_pair_columns(e, sizes))
    return (torch.from_numpy(unary), torch.from_numpy(pairwise)) if safe else None


def _pair_columns(emissions: Any, sizes: Any) -> tuple[Any, Any]:
    """u and v, (tags, columns), to be filled so that p(y_i = j, y_{i+1} = k) = u[j] * exp(A[j, k] - max A) * v[k]; a
    column a step and lane of each group of sentences."""
    shape = emissions.shape[2], _columns(sizes)
    return np.empty(shape, np.float32), np.empty(shape, np.float32)


@compiled
def _columns(sizes: Any) -> int:
    order, lanes, columns = longest_first(sizes), lanes_of(len(sizes)), 0
    for begin in range(0, len(order), lanes):
        columns += (sizes[order[begin]] - 1) * lanes
    return columns


@compiled
def _load(emissions: Any, rows: Any, sizes: Any, limit: float, potentials: Any, peaks: Any) -> bool:
    """Potentials exp(E - peak), 1 beyond a sentence's end, and each sentence's sum of peaks; False where a score is
    `limit` or more below its step's peak, or not a number."""
    steps, tags, lanes = potentials.shape
    peaks[:] = _ZERO
    for lane in range(lanes):
        size = sizes[rows[lane]] if lane < len(rows) else 0
        for i in range(size):
            scores = emissions[rows[lane], i]
            peak = scores[0]
            for k in range(1, tags):
                peak = max(peak, scores[k])
            peaks[lane] += peak
            for k in range(tags):
                potentials[i, k, lane] = scores[k] - peak
        for i in range(size, steps):
            for k in range(tags):
                potentials[i, k, lane] = _ZERO
    flat, safe = potentials.reshape(-1), True
    for n in range(len(flat)):
        safe = safe & (flat[n] > -limit)
    for n in range(len(flat)):
        flat[n] = exp(flat[n])
    return safe


@compiled
def _normalise(values: Any, total: Any) -> None:
    """Divide by the sum over tags, which goes to `total`."""
    tags, lanes = values.shape
    total[:] = _ZERO
    for k in range(tags):
        for lane in range(lanes):
            total[lane] += values[k, lane]
    for k in range(tags):
        for lane in range(lanes):
            values[k, lane] /= total[lane]


@compiled
def _times(left: Any, right: Any, out: Any) -> None:
    a, b, c = left.reshape(-1), right.reshape(-1), out.reshape(-1)
    for n in range(len(c)):
        c[n] = a[n] * b[n]


@compiled
def _messages(
    weights: Any, rows: Any, sizes: Any, potentials: Any, ahead: Any, into: Any, back: Any, scale: Any
) -> None:
    """Forward messages, each summing to 1 with the sum in `scale`; backward messages, 1 at a sentence's last token, and
    `into`, those times the potential."""
    steps, total = len(potentials), np.empty_like(scale[0])
    ahead[0] = potentials[0]
    _normalise(ahead[0], scale[0])
    for i in range(1, steps):
        np.dot(weights.T, ahead[i - 1], ahead[i])
        _times(ahead[i], potentials[i], ahead[i])
        _normalise(ahead[i], scale[i])
    back[steps - 1] = ONE
    for i in range(steps - 1, 0, -1):
        _times(potentials[i], back[i], into[i])
        np.dot(weights, into[i], back[i - 1])
        _normalise(back[i - 1], total)
        for lane in range(len(total)):
            if lane >= len(rows) or i >= sizes[rows[lane]]:
                for k in range(len(weights)):
                    back[i - 1, k, lane] = ONE


@compiled
def _share_out(
    rows: Any, sizes: Any, ahead: Any, into: Any, back: Any, scale: Any, before: Any, after: Any, column: int
) -> None:
    """Turns `ahead` into the marginals, and fills the group's columns; `before` is 0 beyond a sentence's end.

    A pair's marginals are divided by sum_jk ahead_{i-1}[j] W[j, k] into_i[k] = scale_i sum_k ahead_i[k] back_i[k].
    """
    steps, tags, lanes = ahead.shape
    total, last, share = np.empty_like(scale[0]), np.empty_like(scale[0]), np.empty_like(scale[0])
    for i in range(steps):
        total[:] = _ZERO
        for k in range(tags):
            for lane in range(lanes):
                total[lane] += ahead[i, k, lane] * back[i, k, lane]
        for lane in range(lanes):
            live = lane < len(rows) and i < sizes[rows[lane]]
            share[lane] = ONE / (scale[i, lane] * total[lane]) if live else _ZERO
        for k in range(tags if i else 0):
            begin = column + (i - 1) * lanes
            u, v = before[k, begin : begin + lanes], after[k, begin : begin + lanes]
            for lane in range(lanes):
                u[lane] = ahead[i - 1, k, lane] * share[lane]
            for lane in range(lanes):
                v[lane] = into[i, k, lane]
            for lane in range(lanes):
                ahead[i - 1, k, lane] *= back[i - 1, k, lane] / last[lane]
        last[:] = total
    for k in range(tags):
        for lane in range(lanes):
            ahead[steps - 1, k, lane] *= back[steps - 1, k, lane] / last[lane]


@compiled
def _recursions(
    emissions: Any,
    weights: Any,
    limit: float,
    sizes: Any,
    rows: Any,
    lanes: int,
    before: Any,
    after: Any,
    column: int,
    scale: Any,
    peaks: Any,
    unary: Any,
) -> bool:
    """Everything about one group: its columns of `before` and `after`, `scale`, `peaks` and the marginals."""
    potentials, into, back = np.empty_like(unary), np.empty_like(unary), np.empty_like(unary)
    if not _load(emissions, rows, sizes, limit, potentials, peaks):
        return False
    _messages(weights, rows, sizes, potentials, unary, into, back, scale)
    _share_out(rows, sizes, unary, into, back, scale, before, after, column)
    return True


@compiled
def _weights(transitions: Any) -> Any:
    """exp(A - max A), max A, and how far a score may lie below its step's best; that is negative where transitions
    alone spread too far."""
    highest, lowest = transitions.max(), transitions.min()
    weights = np.empty_like(transitions)
    for j in range(len(weights)):
        for k in range(len(weights)):
            weights[j, k] = exp(transitions[j, k] - highest)
    return weights, highest, SAFE_SPREAD - (highest - lowest)


@compiled
def _likelihood(
    emissions: Any, transitions: Any, y: Any, sizes: Any, scores: Any, of_emissions: Any, before: Any, after: Any
) -> bool:
    """log p = score of the path - log Z, and its gradient with respect to the emissions."""
    weights, shift, limit = _weights(transitions)
    order, lanes, column = longest_first(sizes), lanes_of(len(sizes)), 0
    peaks = np.empty(lanes, scores.dtype)
    for begin in range(0, len(order), lanes):
        rows = order[begin : begin + lanes]
        steps = sizes[rows[0]]
        unary, scale = np.empty((steps, len(weights), lanes), scores.dtype), np.empty((steps, lanes), scores.dtype)
        if not _recursions(
            emissions, weights, limit, sizes, rows, lanes, before, after, column, scale, peaks, unary
        ):  # fmt: skip
            return False
        column += (steps - 1) * lanes
        for lane, row in enumerate(rows):
            score = -peaks[lane] - (sizes[row] - 1) * shift
            for i in range(sizes[row]):
                grad = of_emissions[row, i]
                for k in range(len(grad)):
                    grad[k] = -unary[i, k, lane]
                grad[y[row, i]] += ONE
                score += emissions[row, i, y[row, i]] - np.log(scale[i, lane])
                if i:
                    score += transitions[y[row, i - 1], y[row, i]]
            scores[row] = score
    return True


@compiled
def _gradients(
    of_emissions: Any,
    transitions: Any,
    y: Any,
    sizes: Any,
    before: Any,
    after: Any,
    grad: Any,
    result: Any,
    of_transitions: Any,
) -> None:
    """`result` and `of_transitions` become the gradients, each sentence's part times its `grad`."""
    weights, _, _ = _weights(transitions)
    order, lanes, column = longest_first(sizes), lanes_of(len(sizes)), 0
    factors, weighted = np.empty(lanes, grad.dtype), np.empty_like(before)
    for begin in range(0, len(order), lanes):
        rows = order[begin : begin + lanes]
        for lane in range(lanes):
            factors[lane] = grad[rows[lane]] if lane < len(rows) else _ZERO
        for _ in range(sizes[rows[0]] - 1):
            for j in range(len(before)):
                for lane in range(lanes):
                    weighted[j, column + lane] = before[j, column + lane] * factors[lane]
            column += lanes
    np.dot(weighted, after.T, of_transitions)
    for j in range(len(weights)):
        for k in range(len(weights)):
            of_transitions[j, k] *= -weights[j, k]
    for row in range(len(y)):
        for i in range(of_emissions.shape[1]):
            for k in range(of_emissions.shape[2]):
                result[row, i, k] = of_emissions[row, i, k] * grad[row]
        for i in range(1, sizes[row]):
            of_transitions[y[row, i - 1], y[row, i]] += grad[row]


@compiled
def _marginals(
    emissions: Any, transitions: Any, sizes: Any, unary: Any, pairwise: Any, before: Any, after: Any
) -> bool:
    weights, _, limit = _weights(transitions)
    order, lanes, column = longest_first(sizes), lanes_of(len(sizes)), 0
    tags, peaks = len(weights), np.empty(lanes, unary.dtype)
    for begin in range(0, len(order), lanes):
        rows = order[begin : begin + lanes]
        steps = sizes[rows[0]]
        of_group, scale = np.empty((steps, tags, lanes), unary.dtype), np.empty((steps, lanes), unary.dtype)
        if not _recursions(
            emissions, weights, limit, sizes, rows, lanes, before, after, column, scale, peaks, of_group
        ):  # fmt: skip
            return False
        for lane, row in enumerate(rows):
            for i in range(sizes[row]):
                for k in range(tags):
                    unary[row, i, k] = of_group[i, k, lane]
            for i in range(sizes[row] - 1):
                place = column + i * lanes + lane
                for j in range(tags):
                    pairs, share = pairwise[row, i, j], before[j, place]
                    for k in range(tags):
                        pairs[k] = share * weights[j, k] * after[k, place]
        column += (steps - 1) * lanes
    return True
