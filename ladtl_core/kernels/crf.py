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

# Below this range of scores, in nats, no product of a step leaves the range of float32 (exp(-80) = 2e-35).
SAFE_SPREAD = 80.0
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
        work = _Work(emissions, transitions, sizes)
        scores, of_emissions = np.empty(len(sizes), np.float32), np.zeros_like(work.emissions)
        y = array(tags)
        if not _likelihood(*work.given, *work.space, y, work.shift, scores, of_emissions):
            return emissions.new_zeros(())
        ctx.saved = of_emissions, work, y
        return torch.from_numpy(scores)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        of_emissions, work, y = ctx.saved
        grad = array(grads[0])
        before = np.empty_like(work.before)
        _weighted(work.before, grad, work.sizes, work.order, work.lanes, before)
        of_transitions = np.dot(before, work.after.T) * -work.weights
        _add_moves(y, work.sizes, grad, of_transitions)
        return torch.from_numpy(of_emissions * grad[:, None, None]), torch.from_numpy(of_transitions), None, None


def marginals(emissions: Tensor, transitions: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor] | None:
    """p(y_i), (batch, time, tags), and p(y_i, y_{i+1}), (batch, time - 1, tags, tags), 0 beyond a sentence's end; None
    where scores spread too far for the exp domain."""
    work = _Work(emissions, transitions, lengths.numpy())
    batch, time, num_tags = work.emissions.shape
    unary, pairwise = np.zeros_like(work.emissions), np.zeros((batch, time - 1, num_tags, num_tags), np.float32)
    safe = _marginals(*work.given, *work.space, unary, pairwise)
    return (torch.from_numpy(unary), torch.from_numpy(pairwise)) if safe else None


class _Work:
    """What the recursions of a batch are given, and the arrays that they fill."""

    def __init__(self, emissions: Tensor, transitions: Tensor, sizes: Any) -> None:
        self.emissions, self.transitions, self.sizes = array(emissions), array(transitions), sizes
        self.shift = self.transitions.max()
        self.weights = np.exp(self.transitions - self.shift)
        self.order, self.lanes = longest_first(sizes), lanes_of(len(sizes))
        num_tags = self.emissions.shape[2]
        steps, pairs = sizes.max(), int((sizes[self.order[:: self.lanes]] - 1).sum()) * self.lanes
        messages = (np.empty((steps, num_tags, self.lanes), np.float32) for _ in range(4))
        scale, peaks = np.empty((steps, self.lanes), np.float32), np.empty(self.lanes, np.float32)
        # p(y_i = j, y_{i+1} = k) = before[j] * weights[j, k] * after[k]; a column a step, lane and group of sentences.
        self.before, self.after = (np.empty((num_tags, pairs), np.float32) for _ in range(2))
        self.given = self.emissions, self.transitions, self.weights, sizes, self.order
        self.space = *messages, scale, peaks, self.before, self.after


def array(values: Tensor) -> Any:
    """The values without their graph, in one piece."""
    return values.detach().contiguous().numpy()


def longest_first(sizes: Any) -> Any:
    """Numbers of the sentences."""
    return np.argsort(-sizes, kind="stable")


def lanes_of(batch: int) -> int:
    """How many sentences are worked on together: one or two vectors of the widest processors."""
    return 16 if batch <= 16 else 32


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
def _pairs(weights: Any, rows: Any, sizes: Any, ahead: Any, into: Any, before: Any, after: Any, column: int) -> None:
    """Fills the columns of a group; `before` is 0 beyond a sentence's end."""
    product, total = np.empty_like(ahead[0]), np.empty_like(ahead[0, 0])
    lanes = len(total)
    for i in range(1, len(ahead)):
        np.dot(weights.T, ahead[i - 1], product)
        _times(product, into[i], product)
        _normalise(product, total)
        for lane in range(lanes):
            live = lane < len(rows) and i < sizes[rows[lane]]
            total[lane] = ONE / total[lane] if live else _ZERO
        begin = column + (i - 1) * lanes
        for k in range(len(weights)):
            u, v = before[k, begin : begin + lanes], after[k, begin : begin + lanes]
            for lane in range(lanes):
                u[lane] = ahead[i - 1, k, lane] * total[lane]
            for lane in range(lanes):
                v[lane] = into[i, k, lane]


@compiled
def _recursions(
    emissions: Any,
    weights: Any,
    sizes: Any,
    rows: Any,
    limit: float,
    column: int,
    potentials: Any,
    ahead: Any,
    into: Any,
    back: Any,
    scale: Any,
    peaks: Any,
    before: Any,
    after: Any,
) -> bool:
    """Everything about one group: `before`, `after` and `scale`, and the marginals in `ahead`."""
    steps = sizes[rows[0]]
    if not _load(emissions, rows, sizes, limit, potentials[:steps], peaks):
        return False
    _messages(weights, rows, sizes, potentials[:steps], ahead[:steps], into, back[:steps], scale)
    _pairs(weights, rows, sizes, ahead[:steps], into, before, after, column)
    total = np.empty_like(peaks)
    for i in range(steps):
        _times(ahead[i], back[i], ahead[i])
        _normalise(ahead[i], total)
    return True


@compiled
def _limit(transitions: Any) -> float:
    """How far a score may lie below its step's best; negative where transitions alone spread too far."""
    return SAFE_SPREAD - (np.max(transitions) - np.min(transitions))


@compiled
def _likelihood(
    emissions: Any,
    transitions: Any,
    weights: Any,
    sizes: Any,
    order: Any,
    potentials: Any,
    ahead: Any,
    into: Any,
    back: Any,
    scale: Any,
    peaks: Any,
    before: Any,
    after: Any,
    y: Any,
    shift: Any,
    scores: Any,
    of_emissions: Any,
) -> bool:
    """log p = score of the path - log Z, and its gradient with respect to the emissions."""
    lanes, column = len(peaks), 0
    for begin in range(0, len(order), lanes):
        rows = order[begin : begin + lanes]
        if not _recursions(
            emissions, weights, sizes, rows, _limit(transitions), column,
            potentials, ahead, into, back, scale, peaks, before, after,
        ):  # fmt: skip
            return False
        column += (sizes[rows[0]] - 1) * lanes
        for lane, row in enumerate(rows):
            score = -peaks[lane] - (sizes[row] - 1) * shift
            for i in range(sizes[row]):
                grad = of_emissions[row, i]
                for k in range(len(grad)):
                    grad[k] = -ahead[i, k, lane]
                grad[y[row, i]] += ONE
                score += emissions[row, i, y[row, i]] - np.log(scale[i, lane])
                if i:
                    score += transitions[y[row, i - 1], y[row, i]]
            scores[row] = score
    return True


@compiled
def _weighted(before: Any, grad: Any, sizes: Any, order: Any, lanes: int, out: Any) -> None:
    """Each column times the gradient of its sentence."""
    column = 0
    for begin in range(0, len(order), lanes):
        for _ in range(sizes[order[begin]] - 1):
            for lane in range(lanes):
                factor = grad[order[begin + lane]] if begin + lane < len(order) else _ZERO
                for j in range(len(before)):
                    out[j, column + lane] = before[j, column + lane] * factor
            column += lanes


@compiled
def _add_moves(y: Any, sizes: Any, grad: Any, out: Any) -> None:
    for row in range(len(y)):
        for i in range(1, sizes[row]):
            out[y[row, i - 1], y[row, i]] += grad[row]


@compiled
def _marginals(
    emissions: Any,
    transitions: Any,
    weights: Any,
    sizes: Any,
    order: Any,
    potentials: Any,
    ahead: Any,
    into: Any,
    back: Any,
    scale: Any,
    peaks: Any,
    before: Any,
    after: Any,
    unary: Any,
    pairwise: Any,
) -> bool:
    lanes, tags, column = len(peaks), len(weights), 0
    for begin in range(0, len(order), lanes):
        rows = order[begin : begin + lanes]
        if not _recursions(
            emissions, weights, sizes, rows, _limit(transitions), column,
            potentials, ahead, into, back, scale, peaks, before, after,
        ):  # fmt: skip
            return False
        for lane, row in enumerate(rows):
            for i in range(sizes[row]):
                for k in range(tags):
                    unary[row, i, k] = ahead[i, k, lane]
            for i in range(sizes[row] - 1):
                place = column + i * lanes + lane
                for j in range(tags):
                    pairs, share = pairwise[row, i, j], before[j, place]
                    for k in range(tags):
                        pairs[k] = share * weights[j, k] * after[k, place]
        column += (sizes[rows[0]] - 1) * lanes
    return True
