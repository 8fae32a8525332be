"""Which implementation of the library's own functions is measured: compiled or plain torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ladtl_core import kernels

Result = TypeVar("Result")
COMPILED, TORCH = OURS = ("ours, compiled", "ours, torch")
_CHOICES = {COMPILED: "compiled", TORCH: "torch"}


def with_kernels(name: str, call: Callable[[], Result]) -> Callable[[], Result]:
    """`call` under the implementation that a competitor's name stands for."""

    def under() -> Result:
        with kernels.use(_CHOICES[name]):
            return call()

    return under
