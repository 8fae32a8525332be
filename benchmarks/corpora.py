"""What the benchmarks train on: the demo departments, or a folder of real ones."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from ladtl_core.data import TrainingData
from ladtl_core.formats import read_file
from ladtl_core.records import Record, Sentence

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "data" / "demo"
SPLITS = ("train", "dev", "test")


def corpus_option(parser: argparse.ArgumentParser, default: Path | None = None) -> None:
    said = f"{default.name} beside the project if it is there, else the demo" if default else "the demo"
    parser.add_argument(
        "--corpus",
        type=Path,
        metavar="DIR",
        default=default if default is not None and default.exists() else None,
        help=f"folder with train.conll, dev.conll and test.conll, or with such folders ({said})",
    )


def departments(corpus: Path | None) -> dict[str, list[Record]]:
    """Records of each department, with their splits; the demo's without a corpus."""
    if corpus is None:
        return {path.stem: list(read_file(path)) for path in sorted(DEMO.glob("*.jsonl"))}
    folders = (
        [corpus] if (corpus / "train.conll").exists() else sorted(path.parent for path in corpus.glob("*/train.conll"))
    )
    if not folders:
        raise SystemExit(f"{corpus}: no train.conll in it or in a folder of it")
    return {folder.name: [record for split in SPLITS for record in _split(folder, split)] for folder in folders}


def _split(folder: Path, split: str) -> list[Record]:
    path = folder / f"{split}.conll"
    return [replace(record, split=split) for record in read_file(path)] if path.exists() else []


def pair(corpus: Path | None) -> TrainingData:
    """The two departments with the most labelled training text, the larger as the source; one alone is halved."""
    found = [TrainingData.of_records((), records) for records in departments(corpus).values()]
    found.sort(key=lambda data: -_tokens(data.target))
    if len(found) > 1:
        return replace(found[1], source=found[0].target)
    (data,) = found
    return replace(data, source=data.target[::2], target=data.target[1::2])


def single(corpus: Path | None) -> TrainingData:
    """The department with the most labelled training text."""
    found = [TrainingData.of_records((), records) for records in departments(corpus).values()]
    return max(found, key=lambda data: _tokens(data.target))


def _tokens(sentences: tuple[Sentence, ...]) -> int:
    return sum(len(sentence.tokens) for sentence in sentences)
