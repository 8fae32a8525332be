"""The command line: `python -m ladtl_core train | evaluate | predict`; see `--help` of each."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ladtl_core.config import PRESETS, Config
from ladtl_core.errors import DataError, LadtlError
from ladtl_core.formats import read_file
from ladtl_core.methods import METHODS
from ladtl_core.records import Record

# Option of the command line -> where it goes in the settings.
_SETTINGS = {
    "seed": ("training", int),
    "max_steps": ("training", int),
    "alpha": ("transfer", float),
    "beta": ("transfer", float),
    "gamma": ("transfer", float),
    "epsilon": ("transfer", float),
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
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    train = commands.add_parser("train", help="train a tagger and print its scores")
    train.add_argument("--source", type=Path, help="folder with train.conll; not needed by non-transfer")
    train.add_argument("--target", type=Path, required=True, help="folder with train.conll, dev.conll and test.conll")
    train.add_argument("--method", choices=METHODS, default="la-dtl")
    train.add_argument("--rate", type=float, default=1.0, help="share of the target's training sentences to keep")
    train.add_argument("--preset", choices=PRESETS, default="tuned", help="settings that the other options then change")
    train.add_argument("--device", default="cpu", choices=["cpu"], help="where to train")
    train.add_argument("--out", type=Path, required=True, help="folder for the model, scores and settings")
    for name, (_, kind) in _SETTINGS.items():
        train.add_argument("--" + name.replace("_", "-"), type=kind)
    train.set_defaults(command=_train)
    evaluate = commands.add_parser("evaluate", help="score a model on a labelled file")
    evaluate.add_argument("--model", type=Path, required=True)
    evaluate.add_argument("file", type=Path, help="labelled .conll or .jsonl")
    evaluate.set_defaults(command=_evaluate)
    predict = commands.add_parser("predict", help="find spans; JSONL with offsets and confidence on stdout")
    predict.add_argument("--model", type=Path, required=True)
    predict.add_argument("file", type=Path, help=".txt with a record a line, .conll or .jsonl")
    predict.set_defaults(command=_predict)
    return parser


def _settings(options: argparse.Namespace) -> Config:
    values: dict[str, dict[str, Any]] = PRESETS[options.preset].to_dict()
    values["transfer"]["method"] = options.method
    for name, (part, _) in _SETTINGS.items():
        if (value := getattr(options, name)) is not None:
            values[part][name] = value
    return Config.from_dict(values)


def _train(options: argparse.Namespace) -> None:
    from ladtl_core.data import TrainingData
    from ladtl_core.kernels import one_thread
    from ladtl_core.training import train

    one_thread()
    config = _settings(options)
    if METHODS[options.method].needs_source and options.source is None:
        raise DataError(f"{options.method} needs --source")
    source = _split(options.source, "train") if METHODS[options.method].needs_source else []
    target = [record for split in ("train", "dev", "test") for record in _split(options.target, split)]
    data = TrainingData.of_records(source, target, config.model.scheme).with_rate(options.rate, config.training.seed)
    with _Bar() as bar:
        trained = train(data, config, progress=bar.show, checkpoint=options.out / "checkpoint.safetensors")
    trained.save(options.out)
    scores = {f"{part}_f1": None if score is None else score.overall.f1 for part, score in trained.scores.items()}
    result = {
        "method": options.method,
        **scores,
        "seconds": trained.seconds,
        "steps": trained.steps,
        "best_epoch": trained.best_epoch,
        "seed": config.training.seed,
        "rate": options.rate,
    }
    details = {"result": result, "config": config.to_dict(), "selection": trained.selection.text}
    details["scores"] = {part: score and score.to_dict() for part, score in trained.scores.items()}
    (options.out / "scores.json").write_text(json.dumps(details, indent=1), encoding="utf-8")
    (options.out / "checkpoint.safetensors").unlink()
    print(json.dumps(result))


def _split(folder: Path, split: str) -> list[Record]:
    path = folder / f"{split}.conll"
    if not path.exists():
        raise DataError(
            "there is no such file; the folder must hold train.conll, dev.conll and test.conll", file=str(path)
        )
    from dataclasses import replace

    return [replace(record, split=split) for record in read_file(path)]


def _evaluate(options: argparse.Namespace) -> None:
    from ladtl_core.data import gold_tags, records_of
    from ladtl_core.evaluation import evaluate
    from ladtl_core.prediction import load_tagger, predict_tags, prepare
    from ladtl_core.text import to_sentences

    tagger = load_tagger(options.model)
    sentences = [s for record in read_file(options.file) for s in to_sentences(record, tagger.config.model.scheme)]
    data, table = prepare(tagger, sentences)
    scores = evaluate(gold_tags(sentences), predict_tags(tagger, data, table), records_of(sentences))
    print(json.dumps({"f1": scores.overall.f1, **scores.to_dict()}))


def _predict(options: argparse.Namespace) -> None:
    from dataclasses import asdict

    from ladtl_core.prediction import load_tagger, predict

    records = list(read_file(options.file))
    for record, spans in zip(records, predict(load_tagger(options.model), records), strict=True):
        entities = [asdict(span) for span in spans]
        print(json.dumps({"id": record.id, "text": record.text, "entities": entities}, ensure_ascii=False))


class _Bar:
    """A progress bar on stderr."""

    def __enter__(self) -> _Bar:
        from tqdm import tqdm

        self._bar = tqdm(unit="epoch", file=sys.stderr)
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.close()

    def show(self, progress: Any) -> None:
        self._bar.total = progress.epochs
        self._bar.set_description(progress.stage)
        if progress.dev is not None:
            self._bar.set_postfix(dev_f1=f"{progress.dev['f1']:.1f}", refresh=False)
        self._bar.update(progress.epoch - self._bar.n)


if __name__ == "__main__":
    sys.exit(main())
