"""One run of an experiment, in a process of its own."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ladtl_core.corpora import read_training_data
from ladtl_core.data import TrainingData, gold_tags, records_of
from ladtl_core.dictionary import Dictionary
from ladtl_core.evaluation import counts_by_record, f1_of
from ladtl_core.experiments.outsider import spacy_tags
from ladtl_core.experiments.plans import DICTIONARY, SPACY, RunSpec
from ladtl_core.mapping import read_mapping
from ladtl_core.records import Sentence
from ladtl_core.vocab import labels_of

SPLITS = ("train", "dev", "test")


@dataclass(frozen=True)
class Corpus:
    """A folder of departments, with a label mapping where a source names its labels differently."""

    folder: Path
    mapping: Path | None = None

    @property
    def departments(self) -> list[str]:
        """Names of the folders with training sentences."""
        return sorted(path.parent.name for path in self.folder.glob("*/train.conll"))

    def fingerprint(self, spec: RunSpec) -> str:
        """A hash of the files that a run reads."""
        files = [self.folder / spec.target / f"{split}.conll" for split in SPLITS]
        if spec.source:
            files += [self.folder / spec.source / "train.conll", *([self.mapping] if self.mapping else [])]
        if spec.config.training.vectors:
            files.append(Path(spec.config.training.vectors))
        return hashlib.sha256("".join(map(_file_hash, files)).encode()).hexdigest()[:16]


def _file_hash(path: Path) -> str:
    """Empty for a file that is not there, which the run will tell."""
    if not path.exists():
        return ""
    about = path.stat()
    return _content_hash(path, about.st_mtime_ns, about.st_size)


@lru_cache
def _content_hash(path: Path, changed: int, size: int) -> str:
    """The same file is asked for again and again; it is read once unless it changes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@lru_cache(maxsize=4)
def _data(corpus: Corpus, source: str, target: str, scheme: str) -> TrainingData:
    mapping = read_mapping(corpus.mapping) if corpus.mapping and source else None
    sources = [corpus.folder / source] if source else []
    return read_training_data(sources, corpus.folder / target, scheme, mapping)


@dataclass(frozen=True)
class Outcome:
    """`counts` holds correct, predicted and gold entities of each test document; `about` the other columns."""

    counts: list[tuple[int, int, int]]
    about: dict[str, Any]


def execute(corpus: Corpus, spec: RunSpec) -> Outcome:
    """Train and test. Raises LadtlError."""
    whole = _data(corpus, spec.source, spec.target, spec.config.model.scheme)
    data = whole.with_rate(spec.rate, spec.config.training.seed)
    parts = {"dev": data.dev, "test": data.test}
    if spec.method == DICTIONARY:
        dictionary = Dictionary((*data.source, *data.target), labels_of(data.target))
        return _outcome(parts, {split: [dictionary.tags(s.tokens) for s in part] for split, part in parts.items()}, {})
    if spec.method == SPACY:
        began = time.monotonic()
        tags = spacy_tags(data, spec.config.training.seed)
        return _outcome(parts, tags, {"seconds": round(time.monotonic() - began, 3)})
    return _trained(data, spec)


def _trained(data: TrainingData, spec: RunSpec) -> Outcome:
    from ladtl_core.kernels import one_thread
    from ladtl_core.prediction import predict_tags, prepare
    from ladtl_core.training import train

    one_thread()
    trained = train(data, spec.config)
    parts = {"dev": data.dev, "test": data.test}
    tags = {split: predict_tags(trained.tagger, *prepare(trained.tagger, part)) for split, part in parts.items()}
    about = {"best_epoch": trained.best_epoch, "steps": trained.steps, "seconds": trained.seconds}
    return _outcome(parts, tags, about)


def _outcome(
    parts: dict[str, tuple[Sentence, ...]], predicted: dict[str, list[list[str]]], about: dict[str, Any]
) -> Outcome:
    found = {
        split: counts_by_record(gold_tags(sentences), predicted[split], records_of(sentences))
        for split, sentences in parts.items()
    }
    f1 = {f"{split}_f1": f1_of(counts.values()) for split, counts in found.items()}
    return Outcome(list(found["test"].values()), {**f1, **about})
