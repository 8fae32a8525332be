"""What a run computes from its data before the first step; runs on the same data in one process share it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from ladtl_core import alike
from ladtl_core.batching import Forms, Prepared, form_table, number_forms
from ladtl_core.data import TrainingData
from ladtl_core.embeddings import pretrained
from ladtl_core.methods import SOURCE, TARGET
from ladtl_core.vocab import Vocabulary, labels_of, tag_set, union


@dataclass(frozen=True)
class Preparation:
    """Vocabulary and tags of the training text, and all sentences as numbers; `parts` are the domains to train on."""

    vocabulary: Vocabulary
    tags: dict[str, tuple[str, ...]]
    table: Forms
    parts: dict[str, Prepared]
    dev: Prepared
    test: Prepared


@functools.lru_cache(maxsize=16)  # a sweep over shares goes round its seeds
def preparation(data: TrainingData, crf: str, unknown: str) -> Preparation:
    """Prepare data; a source without sentences is left out. A `shared` CRF numbers the tags of both domains alike.

    `unknown` is the setting of that name.
    """
    vocabulary = Vocabulary.of((*data.source, *data.target, *data.unlabelled))
    tags = {TARGET: tag_set(labels_of(data.target) | labels_of(data.dev))}
    if data.source:
        tags[SOURCE] = tag_set(labels_of(data.source))
    numbers = number_forms([data.source, data.target, data.dev, data.test])
    numbered = dict.fromkeys(tags, union(tags)) if crf == "shared" else tags
    parts = {domain: Prepared(getattr(data, domain), numbered[domain], numbers) for domain in tags}
    dev, test = (Prepared(part, tags[TARGET], numbers) for part in (data.dev, data.test))
    return Preparation(vocabulary, tags, form_table(numbers, vocabulary, unknown), parts, dev, test)


def forget() -> None:
    """Let go of all sentences that are kept for further runs; what is at work goes on."""
    preparation.cache_clear()
    pretrained.cache_clear()
    alike.forget()
