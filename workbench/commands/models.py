"""python -m workbench models: trained models as folders, out of an installation and into another one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ladtl_core.errors import DataError
from workbench.services import access, model_export, model_folder, model_import
from workbench.services.access import OPERATOR


def add_to(commands: Any) -> None:
    """Add the command with its own commands to the subparsers of a parser; each sets `act` to what it does."""
    models = commands.add_parser("models", help="trained models as folders: list, export, import")
    parts = models.add_subparsers(required=True, metavar="COMMAND")
    parts.add_parser("list", help="the models with their numbers").set_defaults(act=_list)
    export = parts.add_parser("export", help="write a model without words of few patients, with its model card")
    export.add_argument("model", type=int, help="its number, as `list` shows it")
    export.add_argument("--out", type=Path, required=True, help="folder to make")
    export.set_defaults(act=_export)
    brought = parts.add_parser("import", help="take in such a folder, or a zip of it")
    brought.add_argument("path", type=Path, help="folder or zip")
    brought.add_argument("--into", metavar="DEPARTMENT", required=True, help="name of the department")
    brought.add_argument("--leave-out", action="store_true", help="also if the department lacks some of its labels")
    brought.set_defaults(act=_import)


def _list(_: argparse.Namespace) -> None:
    for model_id, name in model_export.listed(access.database()):
        print(f"{model_id:>6}  {name}")


def _export(options: argparse.Namespace) -> None:
    made = model_export.export(access.database(), options.model, OPERATOR)
    model_folder.write(options.out, made.files)
    print(f"{options.out}: {made.kept:,} of {made.words:,} words kept; the others are unknown words in this copy")


def _import(options: argparse.Namespace) -> None:
    database = access.database()
    department_id = model_import.department(database, options.into)
    brought = model_import.opened(model_folder.read(options.path), str(options.path))
    fit = model_import.fit(database, brought, department_id)
    if fit.labels and fit.missing and not options.leave_out:
        raise DataError(
            f"{options.into} lacks the labels {', '.join(fit.missing)}: add them on page Labels, or repeat with "
            "--leave-out, and the model's spans with these labels are not suggested"
        )
    model = model_import.bring_in(database, brought, department_id, OPERATOR)
    print(f"{brought.about.title} is version {model.version} of {options.into}; number {model.id}")
