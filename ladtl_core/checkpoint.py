"""One safetensors file with all that a run needs to go on; written whole or not at all, and nothing is unpickled."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.optim import Optimizer


def save(path: Path, tensors: dict[str, Tensor], about: dict[str, Any]) -> None:
    """Replace `path` in one step: a kill or a full disk at any moment leaves the old file or the new one.

    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    try:
        write(temporary, tensors, {"about": json.dumps(about)})
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write(path: Path, tensors: dict[str, Tensor], about: dict[str, str] | None = None) -> None:
    """A safetensors file. Raises OSError, safetensors' own error of a full disk too."""
    try:
        save_file({name: value.contiguous() for name, value in tensors.items()}, path, about)
    except SafetensorError as error:
        if number := re.search(r"\(os error (\d+)\)", str(error)):
            raise OSError(int(number[1]), os.strerror(int(number[1])), str(path)) from error
        raise


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """What `save` wrote; None where there is no file, or one that another program left unreadable."""
    try:
        with safe_open(path, framework="pt") as opened:
            about = json.loads((opened.metadata() or {})["about"])
            return {name: opened.get_tensor(name) for name in opened.keys()}, about  # noqa: SIM118
    except (SafetensorError, KeyError, ValueError):
        return None
    except (OSError, RuntimeError):  # the latter is torch's, where the file is taken away before it opens it, too
        if path.exists():
            raise
        return None


def optimizer_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    """The optimiser's state by parameter number and name."""
    return {
        f"optimizer.{number}.{name}": torch.as_tensor(value).clone()
        for number, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
    }


def restore_optimizer(optimizer: Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put back what `optimizer_tensors` took."""
    saved = optimizer.state_dict()
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer."):
            _, number, name = key.split(".", 2)
            state.setdefault(int(number), {})[name] = value
    optimizer.load_state_dict({**saved, "state": state})


def under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix.`, without it."""
    return {name[len(prefix) + 1 :]: value for name, value in tensors.items() if name.startswith(prefix + ".")}


def named(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors with `prefix.` before their names, as copies."""
    return {f"{prefix}.{name}": value.detach().clone() for name, value in tensors.items()}
