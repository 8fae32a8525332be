"""Memory that one computation of the MMD takes on top of its inputs, measured in a process of its own.

    python -m benchmarks.extra_memory FORM TOKENS

Prints the growth of the resident set at its peak, in megabytes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def measured(form: str, tokens: int) -> float | None:
    """The growth in megabytes; None where /proc does not tell."""
    if not Path("/proc/self/clear_refs").exists():
        return None
    # Large arrays are taken from the system and given back at once, so that none hides in memory freed before.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    command = [sys.executable, "-m", "benchmarks.extra_memory", form, str(tokens)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(finished.stdout.splitlines()[-1])


def resident(field: str) -> int:
    """VmRSS or VmHWM of this process in kilobytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(field)))


def main() -> None:
    from benchmarks.mmd_forms import FORMS, States, call_of
    from ladtl_core import kernels
    from ladtl_core.config import AUTHORS_BANDWIDTHS

    kernels.one_thread()
    form, tokens = sys.argv[1], int(sys.argv[2])
    call_of(form, FORMS[form], States.draw(64), AUTHORS_BANDWIDTHS)()
    call = call_of(form, FORMS[form], States.draw(tokens), AUTHORS_BANDWIDTHS)
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    result = call()
    print((resident("VmHWM") - before) / 1024)
    del result


if __name__ == "__main__":
    main()
