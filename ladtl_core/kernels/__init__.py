"""Compiled forms of what training and prediction spend their time on: LSTM, CRF, MMD,
characters and dropout.

They serve float32 tensors in the processor's memory. Everything else, and everything inside `use("torch")` or under
LADTL_KERNELS=torch in the environment, is served by plain torch, which is also what the tests compare with.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

CHOICES = ("compiled", "torch")
_choice = os.environ.get("LADTL_KERNELS", "compiled")
if _choice not in CHOICES:
    raise ValueError(f"LADTL_KERNELS is {_choice!r}; expected one of {', '.join(CHOICES)}")


def serve(values: Tensor) -> bool:
    """Whether compiled code takes these values."""
    return _choice == "compiled" and values.dtype == torch.float32 and values.device.type == "cpu"


@contextmanager
def use(choice: str) -> Iterator[None]:
    """Let one of CHOICES serve, inside a with block; ValueError for any other name."""
    global _choice
    if choice not in CHOICES:
        raise ValueError(f"choice is {choice!r}; expected one of {', '.join(CHOICES)}")
    before, _choice = _choice, choice
    try:
        yield
    finally:
        _choice = before


def one_thread() -> None:
    """One thread for torch and for BLAS in this process: runs share the machine, and results must not depend on it."""
    torch.set_num_threads(1)
    threadpool_limits(1, user_api="blas")


def warm_up() -> None:
    """Compile every kernel, or load it from the cache of an earlier process; half a minute the first time.

    Processes that start together wait for the first of them, instead of compiling the same beside it.
    """
    from ladtl_core.kernels.arithmetic import compiling

    with compiling():
        _call_each()


def _call_each() -> None:
    from ladtl_core.kernels import crf, dropout, lstm, mmd, spelling, viterbi

    x, lengths = torch.zeros(3, 2, requires_grad=True), torch.tensor([1, 2])
    hidden = lstm.bilstm(x, lengths, torch.nn.LSTM(2, 2), torch.nn.LSTM(2, 2))
    hidden.sum().backward()
    emissions, moves = torch.zeros(1, 2, 2, requires_grad=True), torch.zeros(2, 2, requires_grad=True)
    scores = crf.log_likelihood(emissions, moves, torch.zeros(1, 2, dtype=torch.long), lengths[1:])
    assert scores is not None
    scores.sum().backward()
    crf.marginals(emissions, moves, lengths[1:])
    viterbi.viterbi(emissions, moves, torch.zeros(2), lengths[1:])
    dropout.drop(x, 1, 1.0, 0)
    spelling.strongest(torch.ones(1, 1, dtype=torch.long), torch.zeros(3, 2, 1, requires_grad=True)).sum().backward()
    mmd.mmd2_of_blocks(x, x + 1, (1.0,), [(0, 3)], [(0, 3)], [1.0])
