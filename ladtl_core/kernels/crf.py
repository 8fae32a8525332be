"""Linear-chain CRF in compiled code: likelihood with its gradient, marginals and Viterbi.

Sixteen sentences are worked on at once, one in each lane of the processor's vectors: arrays are (time, tag, lane), and
a step of a recursion is one small matrix product for all of them. Sums run in the exp domain, rescaled at every step;
scores that spread too far for it are refused, see `SAFE_SPREAD`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ladtl_core.kernels.arithmetic import ONE, compiled, exp

# Below this range of scores, in nats, no product of a step leaves the range of float32 (exp(-80) = 2e-35).
SAFE_SPREAD = 80.0
_LANES = 16
_ZERO = np.float32(0)


def log_likelihood(emissions: Tensor, transitions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor | None:
    """log p(tags | emissions), (batch,), differentiable; None where scores spread too far for the exp domain.

    `emissions` (batch, time, tags) float32, `transitions` (tags, tags), `tags` (batch, time) int64, `lengths`
    (batch,) int64, each at least 1.
    """
    result: Tensor = _LogLikelihood.apply(emissions, transitions, tags, lengths.numpy())
    return result if result.dim() else None


class _LogLikelihood(torch.autograd.Function):
    """d log p / dE = onehot(y) - marginals, found on the way forward; d log p / dA = moves(y) - expected moves."""

    @staticmethod
    def forward(ctx: Any, emissions: Tensor, transitions: Tensor, tags: Tensor, sizes: Any) -> Tensor:
        e, a, y = _array(emissions), _array(transitions), _array(tags)
        weights, shift = _weights(a)
        scores, of_emissions = np.empty(len(e), np.float32), np.zeros_like(e)
        groups = _groups(e, weights, sizes)
        if groups is None:
            return emissions.new_zeros(())
        for group in groups:
            group.find_pairs(weights, sizes)
            group.find_unary()
            _likelihood(e, a, shift, y, sizes, group.rows, group.ahead, group.scale, group.peaks, scores, of_emissions)
        ctx.saved = of_emissions, [(group.rows, *group.pairs) for group in groups], weights, y, sizes
        return torch.from_numpy(scores)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        of_emissions, pairs, weights, y, sizes = ctx.saved
        grad = grads[0].contiguous().numpy()
        expected = np.zeros_like(weights)
        for rows, before, after in pairs:
            by_lane = np.zeros(_LANES, np.float32)
            by_lane[: len(rows)] = grad[rows]
            expected += np.dot((before * by_lane).reshape(len(weights), -1), after.reshape(len(weights), -1).T)
        of_transitions = -expected * weights
        _add_moves(y, sizes, grad, of_transitions)
        return torch.from_numpy(of_emissions * grad[:, None, None]), torch.from_numpy(of_transitions), None, None


def marginals(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor] | None:
    """p(y_i), (batch, time, tags), and p(y_i, y_{i+1}), (batch, time - 1, tags, tags), 0 beyond a sentence's end; None
    where scores spread too far for the exp domain."""
    e, sizes = _array(emissions), lengths.numpy()
    batch, time, num_tags = e.shape
    unary, pairwise = np.zeros_like(e), np.zeros((batch, max(time - 1, 0), num_tags, num_tags), np.float32)
    weights, _ = _weights(_array(transitions))
    groups = _groups(e, weights, sizes)
    if groups is None:
        return None
    for group in groups:
        group.find_pairs(weights, sizes)
        group.find_unary()
        before, after = group.pairs
        _marginals(weights, sizes, group.rows, group.ahead, before, after, unary, pairwise)
    return torch.from_numpy(unary), torch.from_numpy(pairwise)


def viterbi(emissions: Tensor, transitions: Tensor, first: Tensor, lengths: Tensor) -> list[list[int]]:
    """The best path of each sentence; `first` (tags,) is added at its first token; ties go to the lower tag."""
    e, a, sizes = _array(emissions), _array(transitions), lengths.numpy()
    paths = np.zeros(e.shape[:2], np.int64)
    best = np.empty((e.shape[1], e.shape[2], _LANES), np.float32)
    for rows in _rows(sizes):
        _viterbi(e, a, _array(first), sizes, rows, best, paths)
    return [row[:size] for row, size in zip(paths.tolist(), sizes.tolist(), strict=True)]


def _array(values: Tensor) -> Any:
    return values.detach().contiguous().numpy()


def _weights(transitions: Any) -> tuple[Any, Any]:
    """exp(A - max A), and max A."""
    shift = transitions.max()
    return np.exp(transitions - shift), shift


def _rows(sizes: Any) -> list[Any]:
    """Numbers of sentences in groups of similar length, longest first."""
    order = np.argsort(-sizes, kind="stable")
    return [order[begin : begin + _LANES] for begin in range(0, len(order), _LANES)]


def _groups(emissions: Any, weights: Any, sizes: Any) -> list[_Group] | None:
    """The messages of every group; None where a score spreads too far, or is not a number."""
    smallest = weights.min()
    if not smallest > 0:
        return None
    limit = np.float32(np.log(smallest) + SAFE_SPREAD)
    groups = []
    for rows in _rows(sizes):
        group = _Group(rows, int(sizes[rows[0]]), emissions.shape[2])
        if not _load(emissions, rows, sizes, limit, group.potentials, group.peaks):
            return None
        _messages(weights, rows, sizes, group.potentials, group.ahead, group.into, group.back, group.scale)
        groups.append(group)
    return groups


class _Group:
    """Messages of up to sixteen sentences, arrays (time, tags, lanes)."""

    def __init__(self, rows: Any, steps: int, num_tags: int) -> None:
        self.rows, shape = rows, (steps, num_tags, _LANES)
        self.potentials, self.ahead, self.into, self.back = (np.empty(shape, np.float32) for _ in range(4))
        self.scale, self.peaks = np.empty((steps, _LANES), np.float32), np.zeros(_LANES, np.float32)

    def find_pairs(self, weights: Any, sizes: Any) -> None:
        """`pairs`: u and v, (tags, time - 1, lanes), with p(y_i = j, y_{i+1} = k) = u[j, i] * weights[j, k] * v[k, i];
        u is 0 beyond a sentence's end."""
        steps, num_tags, _ = self.ahead.shape
        self.pairs = tuple(np.empty((num_tags, steps - 1, _LANES), np.float32) for _ in range(2))
        _pairs(weights, self.rows, sizes, self.ahead, self.into, *self.pairs)

    def find_unary(self) -> None:
        """Turns `ahead` into the marginals."""
        _unary(self.ahead, self.back)


@compiled
def _load(emissions: Any, rows: Any, sizes: Any, limit: Any, potentials: Any, peaks: Any) -> bool:
    """Potentials exp(E - peak), 1 beyond a sentence's end, and each sentence's sum of peaks; False where a score is
    `limit` or more below its step's peak."""
    steps, tags, _ = potentials.shape
    for lane in range(_LANES):
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
    total[:] = _ZERO
    for k in range(len(values)):
        row = values[k]
        for lane in range(_LANES):
            total[lane] += row[lane]
    for k in range(len(values)):
        row = values[k]
        for lane in range(_LANES):
            row[lane] /= total[lane]


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
        for lane in range(_LANES):
            if lane >= len(rows) or i >= sizes[rows[lane]]:
                for k in range(len(weights)):
                    back[i - 1, k, lane] = ONE


@compiled
def _pairs(weights: Any, rows: Any, sizes: Any, ahead: Any, into: Any, before: Any, after: Any) -> None:
    product, total = np.empty_like(ahead[0]), np.empty_like(ahead[0, 0])
    for i in range(1, len(ahead)):
        np.dot(weights.T, ahead[i - 1], product)
        _times(product, into[i], product)
        _normalise(product, total)
        for lane in range(_LANES):
            live = lane < len(rows) and i < sizes[rows[lane]]
            total[lane] = ONE / total[lane] if live else _ZERO
        for k in range(len(weights)):
            u, v, share, message = before[k, i - 1], after[k, i - 1], ahead[i - 1, k], into[i, k]
            for lane in range(_LANES):
                u[lane] = share[lane] * total[lane]
            for lane in range(_LANES):
                v[lane] = message[lane]


@compiled
def _unary(ahead: Any, back: Any) -> None:
    total = np.empty_like(ahead[0, 0])
    _times(ahead, back, ahead)
    for i in range(len(ahead)):
        _normalise(ahead[i], total)


@compiled
def _likelihood(
    emissions: Any,
    transitions: Any,
    shift: Any,
    y: Any,
    sizes: Any,
    rows: Any,
    unary: Any,
    scale: Any,
    peaks: Any,
    scores: Any,
    of_emissions: Any,
) -> None:
    """log p = score of the path - log Z, and its gradient with respect to the emissions."""
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


@compiled
def _add_moves(y: Any, sizes: Any, grad: Any, out: Any) -> None:
    for row in range(len(y)):
        for i in range(1, sizes[row]):
            out[y[row, i - 1], y[row, i]] += grad[row]


@compiled
def _marginals(
    weights: Any, sizes: Any, rows: Any, of_group: Any, before: Any, after: Any, unary: Any, pairwise: Any
) -> None:
    tags = len(weights)
    for lane, row in enumerate(rows):
        for i in range(sizes[row]):
            for k in range(tags):
                unary[row, i, k] = of_group[i, k, lane]
        for i in range(sizes[row] - 1):
            for j in range(tags):
                pairs = pairwise[row, i, j]
                for k in range(tags):
                    pairs[k] = before[j, i, lane] * weights[j, k] * after[k, i, lane]


@compiled
def _viterbi(emissions: Any, transitions: Any, first: Any, sizes: Any, rows: Any, best: Any, paths: Any) -> None:
    """`best` (time, tags, lanes) becomes the score of the best path to each tag; the path is found on the way back."""
    tags = len(transitions)
    for lane in range(_LANES):
        row = rows[min(lane, len(rows) - 1)]
        for i in range(sizes[rows[0]]):
            for k in range(tags):
                best[i, k, lane] = emissions[row, i, k] + (first[k] if i == 0 else _ZERO)
    for i in range(1, sizes[rows[0]]):
        _best_moves(transitions, best[i - 1], best[i])
    for lane, row in enumerate(rows):
        last = sizes[row] - 1
        tag = int(np.argmax(best[last, :, lane]))
        paths[row, last] = tag
        for i in range(last - 1, -1, -1):
            came_from = 0
            for j in range(1, tags):
                if best[i, j, lane] + transitions[j, tag] > best[i, came_from, lane] + transitions[came_from, tag]:
                    came_from = j
            tag = came_from
            paths[row, i] = tag


@compiled
def _best_moves(transitions: Any, before: Any, scores: Any) -> None:
    """Adds to `scores` (tags, lanes) the best of `before` (tags, lanes) plus the transition."""
    tags, reached = len(before), np.empty_like(before[0])
    for k in range(tags):
        row = before[0]
        for lane in range(_LANES):
            reached[lane] = row[lane] + transitions[0, k]
        for j in range(1, tags):
            row, move = before[j], transitions[j, k]
            for lane in range(_LANES):
                score = row[lane] + move
                reached[lane] = score if score > reached[lane] else reached[lane]
        row = scores[k]
        for lane in range(_LANES):
            row[lane] += reached[lane]
