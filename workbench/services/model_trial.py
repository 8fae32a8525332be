"""How good a model's files are on labelled records: a process of its own tells, since it loads torch."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ladtl_core.errors import DataError
from ladtl_core.formats import jsonl
from ladtl_core.records import Record
from workbench.store.paths import PROJECT


def scores(files: Mapping[str, bytes], records: Sequence[Record]) -> dict[str, Any]:
    """`Scores` of the model on the records, as a dict. Raises DataError where the model cannot be tried."""
    with TemporaryDirectory() as folder:
        given = Path(folder) / "records.jsonl"
        with given.open("w", encoding="utf-8", newline="") as file:
            file.writelines(jsonl.write(records))
        for name in ("model.json", "model.safetensors"):
            (Path(folder) / name).write_bytes(files[name])
        found = json.loads(evaluate(Path(folder), given))
    del found["f1"]
    return found


def evaluate(model: Path, records: Path) -> str:
    """What the command `evaluate` prints. Raises DataError with its error."""
    command = [sys.executable, "-m", "ladtl_core", "evaluate", "--model", str(model), str(records)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=PROJECT, check=False)
    if done.returncode:
        told = done.stderr.splitlines() or ["it ended without a word"]
        raise DataError(f"the model could not be tried on dev: {told[-1].removeprefix('error: ')}")
    return done.stdout
