"""Maximum mean discrepancy with a sum of Gaussian kernels, over all tokens or label by label.

MMD^2(X, Z) = mean k(x, x') + mean k(z, z') - 2 mean k(x, z), with k(a, b) = sum_s exp(-|a - b|^2 / (2 s)): the biased
estimate, as in the paper (Wang et al., NAACL 2018, eq. 5-7). Value and gradient are computed in one pass over blocks of
distances, so that no graph is kept. The unbiased estimate leaves each row with itself out of the first two means
(Gretton et al., JMLR 2012, eq. 3); it needs two rows on both sides and may be negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ladtl_core import kernels
from ladtl_core.kernels.mmd import mmd2_of_blocks

# exp(-80) is below float32's resolution of anything that it is added to.
_NOTHING = 80.0


def mmd2(x: Tensor, y: Tensor, bandwidths: Sequence[float], *, biased: bool = True) -> Tensor:
    """Squared MMD of x (n, size) and y (m, size), a scalar; `bandwidths` holds s of exp(-d^2 / (2 s)).

    Raises ValueError unless both have the same size and at least one row, or two where the estimate is unbiased.
    """
    fewest = 1 if biased else 2
    if x.dim() != 2 or y.dim() != 2 or x.shape[1] != y.shape[1] or min(len(x), len(y)) < fewest:
        raise ValueError(
            f"x is {tuple(x.shape)} and y {tuple(y.shape)}; expected (n, size) and (m, size) with n, m >= {fewest}"
        )
    result: Tensor = _Mmd2.apply(x, y, tuple(bandwidths), [(0, len(x))], [(0, len(y))], [1.0], biased)
    return result


def label_aware_mmd(
    source: Tensor,
    target: Tensor,
    source_labels: Tensor,
    target_labels: Tensor,
    num_labels: int,
    *,
    bandwidths: Sequence[float],
    label_weights: Sequence[float] | None = None,
    biased: bool = True,
) -> Tensor:
    """sum_y mu_y MMD^2(R_y^s, R_y^t) over the labels with tokens on both sides, a scalar; 0 where there is none.

    The unbiased estimate is over the labels with two tokens on both sides.

    `source` (n, size) and `target` (m, size) are hidden states, `source_labels` (n,) and `target_labels` (m,) integers
    in [0, num_labels); a negative label leaves its token out. mu_y is 1 unless `label_weights` gives it.
    """
    if label_weights is not None and len(label_weights) != num_labels:
        raise ValueError(f"label_weights has {len(label_weights)} numbers; expected {num_labels}")
    source_order, source_blocks = _by_label(source_labels, num_labels)
    target_order, target_blocks = _by_label(target_labels, num_labels)
    fewest = 1 if biased else 2
    common = [k for k in range(num_labels) if min(_rows(source_blocks, k), _rows(target_blocks, k)) >= fewest]
    weights = [1.0 if label_weights is None else float(label_weights[k]) for k in common]
    result: Tensor = _Mmd2.apply(
        source[source_order],
        target[target_order],
        tuple(bandwidths),
        [source_blocks[k] for k in common],
        [target_blocks[k] for k in common],
        weights,
        biased,
    )
    return result


def _rows(blocks: dict[int, tuple[int, int]], label: int) -> int:
    begin, end = blocks.get(label, (0, 0))
    return end - begin


def _by_label(labels: Tensor, num_labels: int) -> tuple[Tensor, dict[int, tuple[int, int]]]:
    """An order that sorts the tokens by label, and each present label's stretch in it."""
    order = torch.argsort(labels, stable=True)
    counts = torch.bincount(labels[labels >= 0], minlength=num_labels).tolist()
    if len(counts) > num_labels:
        raise ValueError(f"a label is {len(counts) - 1}; expected below {num_labels}")
    begin, blocks = int((labels < 0).sum()), {}
    for label, count in enumerate(counts):
        if count:
            blocks[label] = (begin, begin + count)
        begin += count
    return order, blocks


class _Mmd2(torch.autograd.Function):
    """Weighted sum of squared MMDs of matching blocks of rows, with the gradient found on the way."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        y: Tensor,
        bandwidths: tuple[float, ...],
        x_blocks: list[tuple[int, int]],
        y_blocks: list[tuple[int, int]],
        weights: list[float],
        biased: bool,
    ) -> Tensor:
        if kernels.serve(x):
            total, *gradients = mmd2_of_blocks(x, y, bandwidths, x_blocks, y_blocks, weights, biased)
            ctx.save_for_backward(*gradients)
            return total
        total = x.new_zeros(())
        x_grad, y_grad = torch.zeros_like(x), torch.zeros_like(y)
        for (a, b), (c, d), weight in zip(x_blocks, y_blocks, weights, strict=True):
            n, m = b - a, d - c
            for part, grad, count in ((x[a:b], x_grad[a:b], n), (y[c:d], y_grad[c:d], m)):
                kernel_sum, slope = _kernel(part, part, bandwidths)
                # A row's kernel with itself is the number of bandwidths.
                own = 0 if biased else count * len(bandwidths)
                scale = weight / (count * count if biased else count * (count - 1))
                total = total + scale * (kernel_sum - own)
                # d/dx_i of the symmetric block meets each pair twice.
                grad += 4 * scale * (slope.sum(1, keepdim=True) * part - slope @ part)
            kernel_sum, slope = _kernel(x[a:b], y[c:d], bandwidths)
            scale = -2 * weight / (n * m)
            total = total + scale * kernel_sum
            x_grad[a:b] += 2 * scale * (slope.sum(1, keepdim=True) * x[a:b] - slope @ y[c:d])
            y_grad[c:d] += 2 * scale * (slope.sum(0).unsqueeze(1) * y[c:d] - slope.T @ x[a:b])
        ctx.save_for_backward(x_grad, y_grad)
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x_grad, y_grad = ctx.saved_tensors
        return grads[0] * x_grad, grads[0] * y_grad, None, None, None, None, None


def _kernel(x: Tensor, y: Tensor, bandwidths: tuple[float, ...]) -> tuple[Tensor, Tensor]:
    """sum_ij k(x_i, y_j), and dk/d(d^2) of every pair, (n, m); a row's distance to itself is exactly 0.

    A Gram matrix leaves rounding errors on the diagonal which small bandwidths would blow up, so it is set, not
    computed. Bandwidths that are 0 at every distance are skipped.
    """
    distances = squared_distances(x, y)
    own = x.data_ptr() == y.data_ptr() and x.shape == y.shape
    nearest = distances
    if own:
        nearest = distances.masked_fill(torch.eye(len(x), dtype=torch.bool, device=x.device), float("inf"))
    closest = float(nearest.min())
    total, slope = x.new_zeros(()), torch.zeros_like(distances)
    buffer = torch.empty_like(distances)
    for s in bandwidths:
        if closest / (2 * s) > _NOTHING:
            total = total + (len(x) if own else 0)
            continue
        torch.mul(distances, -0.5 / s, out=buffer).exp_()
        total = total + buffer.sum()
        slope.add_(buffer, alpha=-0.5 / s)
    if own:
        slope.fill_diagonal_(0.0)
    return total, slope


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """|x_i - y_j|^2, (n, m), at least 0, with an exact zero diagonal where x and y are the same rows."""
    distances = (
        torch.addmm((y * y).sum(1).unsqueeze(0), x, y.T, alpha=-2).add_((x * x).sum(1, keepdim=True)).clamp_min_(0)
    )
    if x.data_ptr() == y.data_ptr() and x.shape == y.shape:
        distances.fill_diagonal_(0.0)
    return distances


def reported_gap(source: Tensor, target: Tensor) -> float | None:
    """The gap that is shown for a label: unbiased MMD^2 with one kernel of median bandwidth; it may be negative.

    `source` (n, size) and `target` (m, size); None with fewer than two rows on a side. Unlike the training loss it does
    not depend on how many tokens a label has, so labels and epochs can be compared (Gretton et al., JMLR 2012, eq. 3).
    """
    n, m = len(source), len(target)
    if min(n, m) < 2:
        return None
    within_source, within_target = squared_distances(source, source), squared_distances(target, target)
    between = squared_distances(source, target)
    median = float(between.median())
    if median == 0:
        return 0.0
    s = median / 2
    k_source = ((-within_source / (2 * s)).exp().sum() - n) / (n * (n - 1))
    k_target = ((-within_target / (2 * s)).exp().sum() - m) / (m * (m - 1))
    return float(k_source + k_target - 2 * (-between / (2 * s)).exp().mean())
