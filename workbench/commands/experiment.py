"""python -m workbench experiment: what `python -m ladtl_core experiment NAME --queue` hands its runs to."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ladtl_core.errors import ConfigError
from ladtl_core.experiments.plans import RunSpec, spec_of
from ladtl_core.methods import METHODS
from workbench.commands.sweep import RUNS_THEM
from workbench.services import access, experiment_queue, sweeps
from workbench.services.access import OPERATOR


def add_to(commands: Any) -> None:
    """Add the command to the subparsers of a parser; it sets `act` to what it does."""
    made = commands.add_parser(
        "experiment", help="queue runs that `python -m ladtl_core experiment NAME --queue` sends"
    )
    made.set_defaults(act=_queue)


def _queue(_: argparse.Namespace) -> None:
    name, corpus, specs = _asked(sys.stdin.read())
    database = access.database()
    folders = sorted({folder for spec in specs for folder in (spec.source, spec.target) if folder})
    ids, made = experiment_queue.bring_in(database, corpus, folders, OPERATOR)
    if made:
        print(f"new departments: {', '.join(made)}")
    planned = experiment_queue.plan(database, specs, ids)
    sweep_id = sweeps.queue(database, f"{name} {corpus.name}", planned, OPERATOR)
    if outsiders := sorted({spec.method for spec in specs} - set(METHODS)):
        print(f"left out: {', '.join(outsiders)}, which workers do not run")
    print(f"{len(planned.runs):,} runs, {planned.count('succeeded'):,} finished already: sweep {sweep_id}. {RUNS_THEM}")


def _asked(text: str) -> tuple[str, Path, list[RunSpec]]:
    """Experiment, corpus and runs. Raises ConfigError."""
    try:
        given = json.loads(text)
        return given["experiment"], Path(given["corpus"]), [spec_of(run) for run in given["runs"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"the input is no experiment ({type(error).__name__}: {error}); use python -m ladtl_core experiment --queue"
        ) from None
