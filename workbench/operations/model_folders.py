"""Whether the models that the tables name lie in their folders as they were written, and nothing else does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

WEIGHTS = "model.safetensors"


def examine_models(
    home: Path, models: Sequence[tuple[int, str, str]], runs: Mapping[int, str]
) -> Iterator[tuple[str, str]]:
    """What is wrong and what to do, by ids, folders and hashes of the models and by the states of the runs."""
    for model_id, folder, digest in models:
        weights = home / "models" / folder / WEIGHTS
        if not weights.is_file():
            yield (
                f"model {model_id} has no {weights}",
                f"copy models/{folder} from a backup (it is a zip), or train again",
            )
        elif _sha256(weights) != digest:
            yield f"{weights} of model {model_id} was changed: its checksum is not its hash", _again(folder)
    if "running" not in runs.values():  # a run writes its folder before the tables name it
        yield from _left_over(home / "models", {folder for _, folder, _ in models}, "no model of the tables")
    yield from _left_over(home / "checkpoints", {f"run-{run_id}" for run_id in runs}, "no run of the tables")


def _again(folder: str) -> str:
    return f"copy models/{folder} from a backup (it is a zip), or train again"


def _left_over(folder: Path, known: set[str], what: str) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name not in known and not path.name.startswith("."):
            yield f"{path} belongs to {what}", "remove it if you did not put it there"


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
