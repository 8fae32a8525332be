"""Which implementation of the library's own functions is measured: compiled or plain torch."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")
COMPILED, TORCH = OURS = ("ours, compiled", "ours, torch")


def with_kernels(name: str, call: Callable[[], Result]) -> Callable[[], Result]:
    """`call` under the implementation that a competitor's name stands for."""
    choice = {COMPILED: "compiled", TORCH: "torch"}[name]
    try:
        kernels = importlib.import_module("ladtl_core.kernels")
    except ModuleNotFoundError:
        return call
    if not hasattr(kernels, "use"):
        return call

    def under() -> Result:
        with kernels.use(choice):
            return call()

    return under
