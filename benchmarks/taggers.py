"""What a Bi-LSTM-CRF must offer to be compared, and ours."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch.optim.swa_utils import get_ema_multi_avg_fn

from benchmarks.switch import with_kernels
from ladtl_core.batching import Batches, Prepared, form_table, number_forms
from ladtl_core.config import Config
from ladtl_core.methods import METHODS, TARGET
from ladtl_core.objective import objective
from ladtl_core.prediction import predict_tags, prepare
from ladtl_core.records import Sentence
from ladtl_core.tagger import Tagger
from ladtl_core.vocab import Vocabulary, tag_set

CLIP = 5.0
Tags = list[list[str]]


@dataclass(frozen=True)
class Task:
    """Labelled sentences and the sizes that all taggers share: word embeddings, LSTM units a direction, batch."""

    sentences: Sequence[Sentence]
    labels: Sequence[str]
    word_size: int = 100
    hidden_size: int = 100
    batch_size: int = 16
    learning_rate: float = 4e-3
    dropout: float = 0.5
    seed: int = 0


class Competitor(Protocol):
    """A tagger whose training data is prepared when it is made."""

    def epoch(self) -> None:
        """Train on every sentence once."""

    def predict(self, sentences: Sequence[Sentence]) -> Tags:
        """BIO tags, from the strings of the tokens."""


class Ours:
    """The library's non-transfer method without characters, from random embeddings."""

    def __init__(self, task: Task, kernels: str) -> None:
        self.kernels, self.seed = kernels, task.seed
        self.config = Config.from_dict(
            {
                "model": {
                    "word_size": task.word_size,
                    "hidden_size": task.hidden_size,
                    "char_filters": 0,
                    "dropout": task.dropout,
                },
                "training": {"seed": task.seed, "batch_size": task.batch_size, "learning_rate": task.learning_rate},
                "transfer": {"method": "non-transfer"},
            }
        )
        torch.manual_seed(task.seed)
        tags = {TARGET: tag_set(task.labels)}
        self.tagger = Tagger(self.config, Vocabulary.of(task.sentences), tags)
        numbers = number_forms([task.sentences])
        self.table = form_table(numbers, self.tagger.vocabulary)
        self.batches = Batches(Prepared(task.sentences, tags[TARGET], numbers), task.batch_size, task.seed)
        self.optimizer = torch.optim.Adam(self.tagger.parameters(), lr=task.learning_rate, fused=True)
        self.averaged = copy.deepcopy(self.tagger)
        self.average = get_ema_multi_avg_fn(self.config.training.average)
        self.step = 0

    def epoch(self) -> None:
        with_kernels(self.kernels, self._epoch)()

    def _epoch(self) -> None:
        torch.manual_seed(self.seed * 1_000_003 + self.step)  # whoever drew numbers since the last epoch
        self.tagger.train()
        for _ in range(self.batches.per_pass):
            batch = {TARGET: self.batches[self.step]}
            loss, _ = objective(METHODS["non-transfer"], self.tagger, self.table, batch, self.config.transfer)
            self.optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.tagger.parameters(), CLIP)
            self.optimizer.step()
            with torch.no_grad():
                self.average(list(self.averaged.parameters()), list(self.tagger.parameters()), 0)
            self.step += 1

    def predict(self, sentences: Sequence[Sentence]) -> Tags:
        """With the running mean of the weights, as after the library's training."""
        tagger = self.averaged
        return with_kernels(self.kernels, lambda: predict_tags(tagger, *prepare(tagger, sentences)))()
