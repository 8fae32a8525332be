"""A bidirectional LSTM over sentences of any lengths without padding: forward and backward pass in compiled code.

Tokens of all sentences lie in one row, sentence after sentence. Each time step works on the sentences that are long
enough, longest first, so that those are always the first rows of a block. Products with input weights, and those that
give the weights' gradients, are taken over all tokens at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ladtl_core.kernels.arithmetic import ONE, compiled, sigmoid, tanh

# BLAS multiplies blocks this small without packing them first, which is faster by half; 32 rows are too many.
_ROWS = 16


def bilstm(inputs: Tensor, lengths: Tensor, ahead: nn.LSTM, back: nn.LSTM) -> Tensor:
    """Hidden states (tokens, 2 * hidden) of `inputs` (tokens, size), sentences of `lengths` (sentences,) in a row.

    `ahead` and `back` are one-layer LSTMs whose weights are used; `back` reads every sentence from its end.
    """
    result: Tensor = _BiLstm.apply(inputs, lengths, *_weights(ahead), *_weights(back))
    return result


def _weights(lstm: nn.LSTM) -> list[nn.Parameter]:
    """Input weights, recurrent weights, and both biases."""
    return [lstm.get_parameter(f"{name}_l0") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]


class _BiLstm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, lengths: Tensor, *weights: Tensor) -> Tensor:
        x = inputs.detach().contiguous().numpy()
        sizes = lengths.numpy()
        starts = np.cumsum(sizes) - sizes
        order = np.argsort(-sizes, kind="stable")
        starts, sizes = starts[order], sizes[order]
        ctx.x, ctx.sizes = x, sizes
        ctx.ways = [
            _Way(x, sizes, starts, 1, *weights[:4]),
            _Way(x, sizes, starts + sizes - 1, -1, *weights[4:]),
        ]
        return torch.from_numpy(np.concatenate([way.hidden for way in ctx.ways], axis=1))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        of_inputs = np.zeros_like(ctx.x)
        found: list[Tensor] = []
        for way, of_hidden in zip(ctx.ways, grads[0].chunk(2, dim=1), strict=True):
            found += way.backward(ctx.x, ctx.sizes, of_hidden.contiguous().numpy(), of_inputs)
        return torch.from_numpy(of_inputs), None, *found


class _Way:
    """One direction: sentence i (longest first) is read from token `first[i]` on, `stride` (1 or -1) tokens a step."""

    def __init__(
        self, x: Any, sizes: Any, first: Any, stride: int, of_inputs: Tensor, recurrent: Tensor, *biases: Tensor
    ) -> None:
        self.first, self.stride = first, stride
        self.of_inputs, self.recurrent = of_inputs.detach().numpy(), recurrent.detach().numpy()
        bias = (biases[0] + biases[1]).detach().numpy()
        size = self.recurrent.shape[1]
        self.gates = np.dot(x, self.of_inputs.T)
        self.cells, self.hidden = _empty(len(x), size), _empty(len(x), size)
        state, product = np.zeros((len(sizes), size), np.float32), np.zeros((len(sizes), 4 * size), np.float32)
        matrix = np.ascontiguousarray(self.recurrent.T)
        _forward(sizes, first, stride, matrix, bias, self.gates, self.cells, self.hidden, state, product)

    def backward(self, x: Any, sizes: Any, of_hidden: Any, of_inputs: Any) -> list[Tensor]:
        """Gradients of the weights in the order of `_weights`; that of x is added to `of_inputs`."""
        size = self.recurrent.shape[1]
        grad, earlier = np.empty_like(self.gates), np.empty_like(self.hidden)
        block, later = _empty(len(sizes), 4 * size), np.zeros((len(sizes), size), np.float32)
        _backward(
            sizes, self.first, self.stride, self.recurrent, self.gates, self.cells, self.hidden, of_hidden,
            grad, earlier, block, later, np.zeros_like(later), np.zeros(size, np.float32),
        )  # fmt: skip
        of_inputs += np.dot(grad, self.of_inputs)
        bias = torch.from_numpy(grad.sum(0))
        return [torch.from_numpy(np.dot(grad.T, x)), torch.from_numpy(np.dot(grad.T, earlier)), bias, bias]


def _empty(rows: int, columns: int) -> Any:
    return np.empty((rows, columns), np.float32)


@compiled
def _running(sizes: Any, step: int) -> int:
    """How many sentences have a token at this step."""
    count = 0
    while count < len(sizes) and sizes[count] > step:
        count += 1
    return count


@compiled
def _multiply(rows: Any, matrix: Any, out: Any) -> None:
    """rows @ matrix, a few rows at a time."""
    for begin in range(0, len(rows), _ROWS):
        np.dot(rows[begin : begin + _ROWS], matrix, out[begin : begin + _ROWS])


@compiled
def _cell(gates: Any, recurrent: Any, bias: Any, cell: Any, hidden: Any) -> None:
    """One token: `gates` (4 * size) hold the input's share and become i, f, g, o; `cell` holds the state before."""
    n = len(hidden)
    for j in range(4 * n):
        gates[j] += recurrent[j] + bias[j]
    i, f, g, o = gates[:n], gates[n : 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
    for j in range(2 * n):
        gates[j] = sigmoid(gates[j])
    for j in range(n):
        g[j] = tanh(g[j])
    for j in range(n):
        o[j] = sigmoid(o[j])
    for j in range(n):
        cell[j] = i[j] * g[j] + f[j] * cell[j]
    for j in range(n):
        hidden[j] = o[j] * tanh(cell[j])


@compiled
def _copy(values: Any, out: Any) -> None:
    for j in range(len(out)):
        out[j] = values[j]


@compiled
def _forward(
    sizes: Any,
    first: Any,
    stride: int,
    matrix: Any,
    bias: Any,
    gates: Any,
    cells: Any,
    hidden: Any,
    state: Any,
    product: Any,
) -> None:
    """`gates` (tokens, 4 * size) become activations, `cells` and `hidden` (tokens, size) are filled; `state` and
    `product` are zeros, a row a sentence."""
    for step in range(sizes[0]):
        running = _running(sizes, step)
        if step:
            _multiply(state[:running], matrix, product[:running])
        for row in range(running):
            token = first[row] + stride * step
            if step:
                _copy(cells[token - stride], cells[token])
            else:
                cells[token] = 0
            _cell(gates[token], product[row], bias, cells[token], state[row])
            _copy(state[row], hidden[token])


@compiled
def _cell_backward(gates: Any, before: Any, cell: Any, of_hidden: Any, later: Any, of_cell: Any, grad: Any) -> None:
    """One token: `grad` becomes the gradient before the nonlinearities of i, f, g, o, `of_cell` that of `before`."""
    n = len(cell)
    i, f, g, o = gates[:n], gates[n : 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
    of_i, of_f, of_g, of_o = grad[:n], grad[n : 2 * n], grad[2 * n : 3 * n], grad[3 * n :]
    for j in range(n):
        of_o[j] = of_hidden[j] + later[j]
    for j in range(n):
        shape = tanh(cell[j])
        of_cell[j] += of_o[j] * o[j] * (ONE - shape * shape)
        of_o[j] *= shape * o[j] * (ONE - o[j])
    for j in range(n):
        of_i[j] = of_cell[j] * g[j] * i[j] * (ONE - i[j])
    for j in range(n):
        of_f[j] = of_cell[j] * before[j] * f[j] * (ONE - f[j])
    for j in range(n):
        of_g[j] = of_cell[j] * i[j] * (ONE - g[j] * g[j])
    for j in range(n):
        of_cell[j] *= f[j]


@compiled
def _backward(
    sizes: Any,
    first: Any,
    stride: int,
    recurrent: Any,
    gates: Any,
    cells: Any,
    hidden: Any,
    of_hidden: Any,
    grad: Any,
    earlier: Any,
    block: Any,
    later: Any,
    of_cell: Any,
    nothing: Any,
) -> None:
    """Fills `grad` (tokens, 4 * size), the gradient before the gates' nonlinearities, and `earlier` (tokens, size), the
    hidden state before each token; `later` and `of_cell` (sentences, size) are zeros."""
    for step in range(sizes[0] - 1, -1, -1):
        running = _running(sizes, step)
        for row in range(running):
            token = first[row] + stride * step
            before, state = (cells[token - stride], hidden[token - stride]) if step else (nothing, nothing)
            _copy(state, earlier[token])
            _cell_backward(gates[token], before, cells[token], of_hidden[token], later[row], of_cell[row], grad[token])
            _copy(grad[token], block[row])
        if step:
            _multiply(block[:running], recurrent, later[:running])
