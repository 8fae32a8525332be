"""The command line, `python -m ladtl_core COMMAND`; see `--help`, also of each command."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ladtl_core import commands, conversion
from ladtl_core.config import PRESETS, Config
from ladtl_core.errors import ConfigError, LadtlError
from ladtl_core.experiments.plans import EXPERIMENTS, Experiment
from ladtl_core.experiments.tuning import tuned
from ladtl_core.formats import FORMATS
from ladtl_core.methods import METHODS

# Option of the command line -> where it goes in the settings.
_SETTINGS = {
    "seed": ("training", int),
    "max_steps": ("training", int),
    "alpha": ("transfer", float),
    "beta": ("transfer", float),
    "gamma": ("transfer", float),
    "epsilon": ("transfer", float),
    "vectors": ("training", str),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, or 1 with a message on stderr."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except LadtlError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ladtl_core", description=__doc__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    train = subparsers.add_parser("train", help="train a tagger and print its scores")
    train.add_argument("--source", type=Path, action="append", help="folder with train.conll; may be repeated")
    _add_training_options(train)
    train.add_argument("--method", choices=METHODS, default="la-dtl")
    train.add_argument("--out", type=Path, required=True, help="folder for the model, scores and settings")
    train.set_defaults(command=lambda options: commands.train(options, settings_of(options, options.method)))
    evaluate = subparsers.add_parser("evaluate", help="score a model on a labelled file")
    evaluate.add_argument("--model", type=Path, required=True)
    evaluate.add_argument("file", type=Path, help="labelled .conll or .jsonl")
    evaluate.set_defaults(command=commands.evaluate)
    predict = subparsers.add_parser("predict", help="find spans; records with predictions on stdout, as jsonl")
    predict.add_argument("--model", type=Path, required=True)
    predict.add_argument("file", type=Path, help=".txt with a record a line, .conll or .jsonl")
    predict.set_defaults(command=commands.predict)
    gap = subparsers.add_parser("gap", help="the gap of every label before and after adaptation, on dev")
    gap.add_argument("--source", type=Path, action="append", required=True, help="folder with train and dev")
    _add_training_options(gap)
    gap.add_argument("--json", action="store_true", help="print JSON instead of a Markdown table")
    gap.set_defaults(command=lambda options: commands.gap(options, settings_of(options, "la-dtl")))
    experiment = subparsers.add_parser("experiment", help="many runs and their table; goes on where it was cut off")
    experiment.add_argument("name", choices=EXPERIMENTS, help=_listed(EXPERIMENTS))
    experiment.add_argument("--corpus", type=Path, required=True, help="folder with a folder a department")
    experiment.add_argument("--out", type=Path, help="folder for the tables of runs and the report")
    experiment.add_argument("--queue", action="store_true", help="let the workbench's workers run them instead")
    experiment.add_argument("--pair", nargs=2, metavar=("SOURCE", "TARGET"), help="departments of a study of one pair")
    experiment.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    experiment.add_argument("--seeds", type=int, help="runs a cell, with the seeds 0, 1, ...")
    experiment.add_argument("--workers", type=int, default=1, help="processes at a time")
    experiment.add_argument("--mapping", type=Path, help="file with lines 'source label = target label'")
    experiment.add_argument("--rate", type=float, help="share of the target's training sentences to keep")
    _add_settings(experiment)
    experiment.set_defaults(command=_experiment)
    results = subparsers.add_parser("results", help="make the tables of a page of results anew from its rows")
    results.add_argument("page", type=Path, help="such as docs/results.md, whose rows are in docs/results/")
    results.add_argument("--figures", action="store_true", help="draw them too; needs kaleido and a Chrome")
    results.set_defaults(command=commands.results)
    formats = subparsers.add_parser("formats", help="what can be read and written: one JSON object a format")
    formats.set_defaults(command=conversion.formats)
    convert = subparsers.add_parser("convert", help="records of one format in another; says what is not carried")
    convert.add_argument("input", type=Path, metavar="IN", help="file, or folder for formats of several files")
    convert.add_argument("output", type=Path, metavar="OUT", help="file, or folder for formats of several files")
    convert.add_argument("--from", dest="source", choices=FORMATS, required=True)
    writable = [name for name, form in FORMATS.items() if form.write]
    convert.add_argument("--to", dest="target", choices=writable, required=True)
    convert.add_argument("--encoding", help="of IN, if it is not UTF-8; such as gb18030")
    convert.set_defaults(command=conversion.convert)
    return parser


def _experiment(options: argparse.Namespace) -> None:
    def settings(method: str) -> Config:
        return settings_of(options, method, tuned) if options.preset == "tuned" else settings_of(options, method)

    settings("la-dtl")  # Wrong options are told before anything runs.
    commands.experiment(options, settings)


def _listed(experiments: Mapping[str, Experiment]) -> str:
    return "; ".join(f"{name}: {row.description}" for name, row in experiments.items())


def _add_training_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--target", type=Path, required=True, help="folder with train.conll, dev.conll and test.conll")
    parser.add_argument("--mapping", type=Path, help="file with lines 'source label = target label'")
    parser.add_argument("--rate", type=float, default=1.0, help="share of the target's training sentences to keep")
    _add_settings(parser)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--preset", choices=PRESETS, default="tuned", help="settings that the other options then change"
    )
    parser.add_argument("--device", default="cpu", choices=["cpu"], help="where to train")
    for name, (_, kind) in _SETTINGS.items():
        parser.add_argument("--" + name.replace("_", "-"), type=kind, metavar="FILE" if name == "vectors" else None)
    parser.add_argument(
        "--set", metavar="PART.NAME=VALUE", action="append", default=[], help="any setting, as transfer.epsilon=0.2"
    )


def settings_of(
    options: argparse.Namespace, method: str, adapted: Callable[[str, Config], Config] = lambda _, config: config
) -> Config:
    """The preset's settings, `adapted` to the method, with what the options change. Raises ConfigError."""
    values: dict[str, dict[str, Any]] = adapted(method, PRESETS[options.preset]).to_dict()
    values["transfer"]["method"] = method
    for name, (part, _) in _SETTINGS.items():
        if (value := getattr(options, name)) is not None:
            values[part][name] = value
    for given in options.set:
        place, equals, text = given.partition("=")
        part, dot, name = place.partition(".")
        if not equals or not dot or part not in values:
            raise ConfigError(f"--set {given}: expected PART.NAME=VALUE, where PART is one of {', '.join(values)}")
        values[part][name] = _value(text)
    return Config.from_dict(values)


def _value(text: str) -> Any:
    """A number, list or object as in JSON; other text as it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


if __name__ == "__main__":
    sys.exit(main())
