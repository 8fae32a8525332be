"""The sentences that a run trains on, and how it decides when to stop."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ladtl_core.config import TransferConfig
from ladtl_core.errors import ConfigError, DataError, TrainingError
from ladtl_core.methods import METHODS
from ladtl_core.records import Record, Sentence
from ladtl_core.text import to_sentences
from ladtl_core.vocab import labels_of, tag_set

# Below this many labelled records a held-out fifth says nothing; training then runs a fixed number of steps.
FEWEST_RECORDS_TO_HOLD_OUT = 10
TRAINING_SPLITS = ("pool", "train")


@dataclass(frozen=True)
class TrainingData:
    """Labelled sentences of the source and the target, the target's dev and test sets, and unlabelled training text."""

    source: tuple[Sentence, ...]
    target: tuple[Sentence, ...]
    dev: tuple[Sentence, ...] = ()
    test: tuple[Sentence, ...] = ()
    unlabelled: tuple[Sentence, ...] = ()

    @classmethod
    def of_records(cls, source: Iterable[Record], target: Iterable[Record], scheme: str = "word") -> TrainingData:
        """Records of the splits pool and train train, where they are labelled; the rest of their text is unlabelled.

        A source's dev and test records are left alone. Records without a split count as train.
        """
        of_split: dict[str, list[Sentence]] = {"source": [], "target": [], "dev": [], "test": [], "unlabelled": []}
        for domain, records in (("source", source), ("target", target)):
            for record in records:
                training = (record.split or "train") in TRAINING_SPLITS
                if training:
                    part = "unlabelled" if record.entities is None else domain
                elif domain == "target" and record.entities is not None:
                    part = str(record.split)
                else:
                    continue
                of_split[part] += to_sentences(record, scheme)
        return cls(**{name: tuple(sentences) for name, sentences in of_split.items()})

    def with_rate(self, rate: float, seed: int) -> TrainingData:
        """Keep the labels of a random share of the target's training sentences, at least one; all the text stays."""
        if not 0 < rate <= 1:
            raise DataError(f"rate is {rate}; expected above 0 and at most 1")
        order = np.random.default_rng(seed).permutation(len(self.target))
        return self._keeping(set(order[: max(1, round(rate * len(self.target)))].tolist()))

    def with_labels_of(self, records: Collection[str]) -> TrainingData:
        """Keep the labels of these of the target's training records; all the text stays."""
        return self._keeping({i for i, sentence in enumerate(self.target) if sentence.record_id in records})

    def _keeping(self, kept: set[int]) -> TrainingData:
        if len(kept) == len(self.target):
            return self
        rest = tuple(replace(s, tags=None) for i, s in enumerate(self.target) if i not in kept)
        target = tuple(s for i, s in enumerate(self.target) if i in kept)
        return replace(self, target=target, unlabelled=self.unlabelled + rest)

    def fingerprint(self) -> str:
        """A hash of all of it."""
        digest = hashlib.sha256()
        for part in (self.source, self.target, self.dev, self.test, self.unlabelled):
            for sentence in part:
                digest.update(repr((sentence.record_id, sentence.tokens, sentence.tags)).encode())
            digest.update(b"|")
        return digest.hexdigest()


@dataclass(frozen=True)
class Selection:
    """How the weights that are kept are chosen: `kind` is dev, fifth or fixed, `text` says it to a person."""

    kind: str
    text: str


def selection_of(dev_records: int, target_records: int, fixed_steps: int) -> Selection:
    """The rule for a target with this many labelled dev and training records."""
    if dev_records:
        return Selection("dev", f"Stops early on the {dev_records} labelled dev records.")
    if target_records >= FEWEST_RECORDS_TO_HOLD_OUT:
        held_out = target_records // 5
        return Selection(
            "fifth",
            f"No dev record is labelled: stops early on {held_out} random ones of {target_records} labelled records.",
        )
    return Selection(
        "fixed", f"Fewer than {FEWEST_RECORDS_TO_HOLD_OUT} labelled records: trains for {fixed_steps} steps."
    )


def hold_out(data: TrainingData, fixed_steps: int, seed: int) -> tuple[TrainingData, Selection]:
    """The data with the dev set that early stopping uses, and the rule that made it."""
    records = sorted({sentence.record_id for sentence in data.target})
    selection = selection_of(len({s.record_id for s in data.dev}), len(records), fixed_steps)
    if selection.kind != "fifth":
        return data, selection
    chosen = set(np.random.default_rng(seed).permutation(records)[: len(records) // 5].tolist())
    dev = tuple(s for s in data.target if s.record_id in chosen)
    return replace(data, dev=dev, target=tuple(s for s in data.target if s.record_id not in chosen)), selection


def check_trainable(data: TrainingData, config: TransferConfig) -> None:
    """Raise TrainingError if there is nothing to train on, ConfigError for a weight of a label that is not there."""
    if not data.target:
        raise TrainingError("the target department has no labelled training record; label and submit one first")
    if METHODS[config.method].needs_source and not data.source:
        raise TrainingError(f"{config.method} needs a source department with labelled records; expected at least one")
    if not labels_of(data.target):
        raise TrainingError("no labelled record of the target department has a span; label at least one")
    labels = labels_of((*data.source, *data.target, *data.dev))
    if unknown := sorted(set(config.label_weights) - labels - set(tag_set(labels))):
        known = ", ".join(sorted(labels))
        raise ConfigError(f"label_weights names {', '.join(unknown)}; expected O, one of {known}, or a tag of these")


def records_of(sentences: Sequence[Sentence]) -> list[str]:
    """Each sentence's record."""
    return [sentence.record_id for sentence in sentences]


def gold_tags(sentences: Sequence[Sentence]) -> list[tuple[str, ...]]:
    """Each sentence's tags; DataError where a sentence has none."""
    tags = [sentence.tags for sentence in sentences if sentence.tags is not None]
    if len(tags) != len(sentences):
        raise DataError("a sentence of the evaluation set is not labelled")
    return tags
