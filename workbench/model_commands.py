"""python -m workbench models: trained models as folders, out of an installation and into another one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from workbench.services import access, model_export, model_folder

OPERATOR = "command line"  # in the audit trail


def add_to(commands: Any) -> None:
    """Add the command with its own commands to the subparsers of a parser; each sets `act` to what it does."""
    models = commands.add_parser("models", help="trained models as folders: list, export")
    parts = models.add_subparsers(required=True, metavar="COMMAND")
    parts.add_parser("list", help="the models with their numbers").set_defaults(act=_list)
    export = parts.add_parser("export", help="write a model without words of few patients, with its model card")
    export.add_argument("model", type=int, help="its number, as `list` shows it")
    export.add_argument("--out", type=Path, required=True, help="folder to make")
    export.set_defaults(act=_export)


def _list(_: argparse.Namespace) -> None:
    for model_id, name in model_export.listed(access.database()):
        print(f"{model_id:>6}  {name}")


def _export(options: argparse.Namespace) -> None:
    made = model_export.export(access.database(), options.model, OPERATOR)
    model_folder.write(options.out, made.files)
    print(f"{options.out}: {made.kept:,} of {made.words:,} words kept; the others are unknown words in this copy")
