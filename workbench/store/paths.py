"""Where the workbench keeps what must outlive it."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
STATES_FILE = "states.json"  # of a model's folder: hidden states in two dimensions, without a word


def home() -> Path:
    """Folder of the database file, the models and the checkpoints: LADTL_HOME, else data/local of the project.

    It is created for its owner alone, since it holds clinical text.
    """
    folder = Path(os.environ.get("LADTL_HOME") or PROJECT / "data" / "local").expanduser().resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def database_url() -> str:
    """LADTL_DATABASE_URL (SQLite or PostgreSQL), else a SQLite file in `home()`."""
    return os.environ.get("LADTL_DATABASE_URL") or f"sqlite:///{home() / 'workbench.db'}"
