"""How the kernels are compiled, and an exp that becomes vector instructions, which the C library's cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from filelock import FileLock
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

Result = TypeVar("Result")
# Numba notices a change of the file that a function is in, but not of the files of functions that it calls; so a folder
# for each state of all kernels. NUMBA_CACHE_DIR in the environment takes precedence.
_SOURCES = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
_CACHE = Path(__file__).parent / "__pycache__" / hashlib.sha256(_SOURCES).hexdigest()[:16]
COMPILED_SECONDS = 180  # by another process, before this one goes on beside it


@contextmanager
def compiling() -> Iterator[None]:
    """One of the processes that share the cache at a time; each as it likes where the cache may not be written."""
    lock = FileLock(_CACHE / "compiling.lock", timeout=COMPILED_SECONDS)
    with suppress(OSError):  # its Timeout is one
        _CACHE.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def compiled(function: Callable[..., Result]) -> Callable[..., Result]:
    """The function in machine code, cached on disk; compiled at its first call.

    Sums may be reordered and products fused; infinities and NaN keep their meaning, so that a broken training is seen.
    A division by zero gives infinity as in numpy, since the check for it would keep loops from being vectorised.
    """
    compiler = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"})
    given, numba.config.CACHE_DIR = numba.config.CACHE_DIR, numba.config.CACHE_DIR or str(_CACHE)
    try:
        result: Callable[..., Result] = compiler(function)
    finally:
        numba.config.CACHE_DIR = given
    return result


ONE, TWO = np.float32(1), np.float32(2)
_LOG2_E, _LN2_HIGH, _LN2_LOW = np.float32(1.44269504), np.float32(0.693359375), np.float32(-2.12194440e-4)
_HALF, _BIAS, _MANTISSA = np.float32(0.5), np.int32(127), np.int32(23)
_TAYLOR = tuple(np.float32(1 / n) for n in (1, 1, 2, 6, 24, 120, 720, 5040))
_T0, _T1, _T2, _T3, _T4, _T5, _T6, _T7 = _TAYLOR


@intrinsic  # type: ignore[untyped-decorator]
def float_of_bits(typing_context: Any, bits: Any) -> Any:
    """The float32 with the 32 bits of an int32."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), build


@intrinsic  # type: ignore[untyped-decorator]
def bits_of_float(typing_context: Any, value: Any) -> Any:
    """The 32 bits of a float32 as an int32."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.int32(types.float32), build


@compiled
def exp(x: Any) -> Any:
    """e^x of a float32 within [-87, 88], relative error below 4e-7: 2^n * e^r with |r| <= ln(2) / 2."""
    x = min(max(x, np.float32(-87)), np.float32(88))
    n = np.floor(x * _LOG2_E + _HALF)
    r = x - n * _LN2_HIGH - n * _LN2_LOW
    p = _T0 + r * (_T1 + r * (_T2 + r * (_T3 + r * (_T4 + r * (_T5 + r * (_T6 + r * _T7))))))
    return p * float_of_bits(np.int32((np.int32(n) + _BIAS) << _MANTISSA))


@compiled
def sigmoid(x: Any) -> Any:
    return ONE / (ONE + exp(-x))


@compiled
def tanh(x: Any) -> Any:
    return TWO / (ONE + exp(-TWO * x)) - ONE
