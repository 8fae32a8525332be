"""Hands the runs of an experiment to a queue: a program of its own, which reads them as JSON on its input."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from ladtl_core.errors import ConfigError, LadtlError
from ladtl_core.experiments.plans import RunSpec, described
from ladtl_core.experiments.runs import Corpus

# The program by its name alone: this library works without it and imports nothing of it.
QUEUE = "workbench"


def hand_over(name: str, corpus: Corpus, specs: Sequence[RunSpec]) -> None:
    """Give the queue {experiment, corpus, runs}, a run as `plans.described` has it. Raises LadtlError if it refuses."""
    if find_spec(QUEUE) is None:
        raise ConfigError(f"--queue needs the package {QUEUE}, which is not here; run it in the project's folder")
    if corpus.mapping:
        raise ConfigError("--queue takes no --mapping: its page Labels says which labels stand for each other")
    asked = {
        "experiment": name,
        "corpus": str(corpus.folder.absolute()),
        "runs": [{column: str(value) for column, value in described(spec).items()} for spec in specs],
    }
    command = [sys.executable, "-m", QUEUE, "experiment"]
    if subprocess.run(command, input=json.dumps(asked), text=True, encoding="utf-8", check=False).returncode:
        raise LadtlError("nothing was queued; the lines above say why")
