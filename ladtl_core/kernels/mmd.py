"""Label-aware MMD in compiled code: value and gradient in one pass over tiles of distances, none of which is kept.

However many bandwidths are summed, k(u) = sum_s exp(-u / (2 s)) is one smooth function of the squared distance u. It is
tabulated once as cubic polynomials in 64 cells an octave of u, which costs less than a single exp and is as exact as
float32 allows: errors are below 1e-7 of the number of bandwidths in k and below 1e-5 of the slope.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ladtl_core.kernels.arithmetic import bits_of_float, compiled, float_of_bits

_TILE = 256
_CELLS_AN_OCTAVE = 64
# The highest bits of a float32 are its octave and its cell in it, the other 17 the place within the cell.
_REST, _BIAS = np.int32(17), 127
_WITHIN, _CELL = np.int32((1 << 17) - 1), np.float32(2**-17)
_ZERO, _TWO = np.float32(0), np.float32(2)
# Nearer than this share of the squared norm, rounding in the inner product would show: differences are summed instead.
_CLOSE = np.float32(1e-3)


def mmd2_of_blocks(
    x: Tensor,
    y: Tensor,
    bandwidths: tuple[float, ...],
    x_blocks: Sequence[tuple[int, int]],
    y_blocks: Sequence[tuple[int, int]],
    weights: Sequence[float],
    biased: bool = True,
) -> tuple[Tensor, Tensor, Tensor]:
    """Weighted sum of MMD^2(x[a:b], y[c:d]) over matching blocks, and its gradients with respect to x and y.

    `x` (n, size) and `y` (m, size) float32; the value is a scalar.
    """
    rows, others = x.detach().contiguous().numpy(), y.detach().contiguous().numpy()
    x_grad, y_grad = np.zeros_like(rows), np.zeros_like(others)
    widest = min(_TILE, max((b - a for a, b in (*x_blocks, *y_blocks)), default=0))
    space = np.empty(widest * widest, np.float32), np.empty(widest * rows.shape[1], np.float32)
    total = 0.0
    # Without the rows' kernels with themselves the estimate is unbiased.
    at_zero, left_out = (len(bandwidths), 0) if biased else (0, 1)
    for (a, b), (c, d), weight in zip(x_blocks, y_blocks, weights, strict=True):
        total += _mmd2(
            rows[a:b], others[c:d], x_grad[a:b], y_grad[c:d], weight, *_table(bandwidths), at_zero, left_out,
            *space,
        )  # fmt: skip
    return x.new_tensor(total), torch.from_numpy(x_grad), torch.from_numpy(y_grad)


@functools.lru_cache(maxsize=8)
def _table(bandwidths: tuple[float, ...]) -> tuple[Any, int]:
    """Coefficients (cells, 4) of k in each cell, in the place t in [0, 1) within it (cubic Hermite interpolation, equal
    in value and slope at the ends), and the number of the first cell in the bits of a float32."""
    # Below the first octave every kernel is 1, above the last every kernel is 0.
    first = math.floor(math.log2(min(bandwidths))) - 24
    last = math.ceil(math.log2(max(bandwidths))) + 8
    octaves = np.repeat(2.0 ** np.arange(first, last), _CELLS_AN_OCTAVE).reshape(-1, _CELLS_AN_OCTAVE)
    edges = np.append(octaves * (1 + np.arange(_CELLS_AN_OCTAVE) / _CELLS_AN_OCTAVE), 2.0**last)
    s = np.array(bandwidths)
    kernels = np.exp(-edges[:, None] / (2 * s))
    value, slope = kernels.sum(1), -(kernels / (2 * s)).sum(1)
    width = np.diff(edges)
    rise, begin, end = np.diff(value), slope[:-1] * width, slope[1:] * width
    table = np.stack((value[:-1], begin, 3 * rise - 2 * begin - end, begin + end - 2 * rise), axis=1)
    return table.astype(np.float32), (first + _BIAS) * _CELLS_AN_OCTAVE


@compiled
def _mmd2(
    x: Any,
    y: Any,
    x_grad: Any,
    y_grad: Any,
    weight: float,
    table: Any,
    first_cell: int,
    at_zero: int,
    left_out: int,
    distances: Any,
    product: Any,
) -> float:
    """One block's weight * MMD^2; gradients are added to `x_grad` and `y_grad`.

    A row meets n - `left_out` rows of its side, with itself for `at_zero`."""
    n, m = len(x), len(y)
    within_x = _within(x, x_grad, weight / (n * (n - left_out)), table, first_cell, at_zero, distances, product)
    within_y = _within(y, y_grad, weight / (m * (m - left_out)), table, first_cell, at_zero, distances, product)
    scale, between = -2 * weight / (n * m), 0.0
    for i in range(0, n, _TILE):
        for j in range(0, m, _TILE):
            between += scale * _tile(
                x[i : i + _TILE], y[j : j + _TILE], x_grad[i : i + _TILE], y_grad[j : j + _TILE],
                scale, False, table, first_cell, distances, product,
            )  # fmt: skip
    return within_x + within_y + between


@compiled
def _within(
    x: Any, grad: Any, scale: float, table: Any, first_cell: int, at_zero: int, distances: Any, product: Any
) -> float:
    """scale * sum over all pairs of rows of x; each pair is worked out once, a row with itself is exactly `at_zero`."""
    total = scale * at_zero * len(x)
    for i in range(0, len(x), _TILE):
        for j in range(i, len(x), _TILE):
            total += (
                2 * scale * _tile(
                    x[i : i + _TILE], x[j : j + _TILE], grad[i : i + _TILE], grad[j : j + _TILE],
                    2 * scale, i == j, table, first_cell, distances, product,
                )
            )  # fmt: skip
    return total


@compiled
def _squares(x: Any, out: Any) -> None:
    for i in range(len(x)):
        row, total = x[i], _ZERO
        for j in range(len(row)):
            total += row[j] * row[j]
        out[i] = total


@compiled
def _tile(
    x: Any,
    y: Any,
    x_grad: Any,
    y_grad: Any,
    scale: float,
    same: bool,
    table: Any,
    first_cell: int,
    distances: Any,
    product: Any,
) -> float:
    """sum_ij k(x_i, y_j); adds scale times its gradient. Where both are the `same` rows, only pairs with i < j."""
    n, m, size = len(x), len(y), x.shape[1]
    slopes = distances[: n * m].reshape(n, m)
    np.dot(x, y.T, slopes)
    of_x, of_y, by_row, by_column = (
        np.empty(n, x.dtype),
        np.empty(m, x.dtype),
        np.zeros(n, x.dtype),
        np.zeros(m, x.dtype),
    )
    _squares(x, of_x)
    _squares(y, of_y)
    total = 0.0
    for i in range(n):
        row, begin = slopes[i], i + 1 if same else 0
        row[:begin] = _ZERO
        total += _kernels(row[begin:], x[i], y[begin:], of_x[i], of_y[begin:], table, first_cell)
        by_row[i] = row.sum()
        for j in range(begin, m):
            by_column[j] += row[j]
    _add_gradient(x, by_row, slopes, y, scale, product[: n * size].reshape(n, size), x_grad)
    _add_gradient(y, by_column, slopes.T, x, scale, product[: m * size].reshape(m, size), y_grad)
    return total


@compiled
def _kernels(row: Any, x: Any, y: Any, own: Any, others: Any, table: Any, first_cell: int) -> float:
    """Inner products of x (size,) with y (m, size) become slopes dk/du; returns the sum of k. `own` and `others` (m,)
    are squared norms."""
    total, last = _ZERO, len(table) - 1
    for j in range(len(row)):
        u = own + others[j] - _TWO * row[j]
        if u < _CLOSE * own:
            u = _distance(x, y[j])
        bits = bits_of_float(u)
        cell, t = (bits >> _REST) - first_cell, np.float32(bits & _WITHIN) * _CELL
        if cell < 0:
            cell, t = 0, _ZERO
        if cell > last:
            cell, t = last, np.float32(1)
        a, b, c, d = table[cell, 0], table[cell, 1], table[cell, 2], table[cell, 3]
        total += a + t * (b + t * (c + t * d))
        row[j] = b + t * (_TWO * c + t * np.float32(3) * d)
        row[j] *= float_of_bits(np.int32(np.int32(254 + 6) - (bits >> np.int32(23))) << np.int32(23))
    return float(total)


@compiled
def _distance(x: Any, y: Any) -> Any:
    total = _ZERO
    for j in range(len(x)):
        total += (x[j] - y[j]) * (x[j] - y[j])
    return total


@compiled
def _add_gradient(x: Any, sums: Any, slopes: Any, y: Any, scale: float, product: Any, grad: Any) -> None:
    """grad_i += 2 scale sum_j slope_ij (x_i - y_j)."""
    np.dot(slopes, y, product)
    factor = np.float32(2 * scale)
    for i in range(len(x)):
        own, sum_of, out, other = x[i], sums[i], grad[i], product[i]
        for j in range(len(own)):
            out[j] += factor * (sum_of * own[j] - other[j])
