"""What a command ran on, and how many multiplications a second the machine does."""

from __future__ import annotations

import os
import platform
import sys
import time
from pathlib import Path

import torch

# (rows, inner, columns) of a large product, and of one step of an LSTM with 100 units on 16 or 32 sentences.
LARGE, SMALL, STEP = (1024, 1024, 1024), (16, 100, 400), (32, 100, 400)


def describe() -> list[str]:
    """Lines with the command, processor, cores, load, versions and threads."""
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return [
        f"command: python -m benchmarks {' '.join(sys.argv[1:])}",
        f"machine: {_processor()}, {os.cpu_count()} cores, load average {load}",
        f"python {platform.python_version()}, torch {torch.__version__}, {torch.get_num_threads()} thread(s)",
    ]


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())


def gemm_peak(shape: tuple[int, int, int] = LARGE, seconds: float = 0.5) -> float:
    """The best float32 rate of a matrix product of this shape, in floating-point operations a second."""
    rows, inner, columns = shape
    a, b, out = torch.randn(rows, inner), torch.randn(inner, columns), torch.empty(rows, columns)
    operations = 2 * rows * inner * columns
    calls = max(1, int(2e7 / operations))
    best, end = float("inf"), time.perf_counter() + seconds
    while (begin := time.perf_counter()) < end:
        for _ in range(calls):
            torch.mm(a, b, out=out)
        best = min(best, (time.perf_counter() - begin) / calls)
    return operations / best


def gemm_line() -> str:
    """Peaks of the three shapes in one line."""
    peaks = (f"{' x '.join(map(str, shape))}: {gemm_peak(shape) / 1e9:.0f}" for shape in (LARGE, STEP, SMALL))
    return f"float32 matrix product, GFLOP/s: {', '.join(peaks)}"
