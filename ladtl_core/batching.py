"""Tensors of sentences, prepared once, and batches of similar length in a random order.

A word form is spelled out once: sentences hold numbers of forms, and a table gives each form's word and characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from ladtl_core.records import Sentence
from ladtl_core.vocab import Vocabulary

# Batches of one bucket are cut from this many batches' worth of shuffled sentences sorted by length.
_BUCKET = 20


@dataclass(frozen=True)
class Forms:
    """Word forms: `words` (forms,) and `chars` (forms, length) are ids, padded with 0."""

    words: Tensor
    chars: Tensor


@dataclass(frozen=True)
class Batch:
    """Padded sentences: `forms` and `tags` (batch, time) ints, `mask` (batch, time) bool, `tags` -1 where unknown.

    `weights` (batch,) is how much each sentence counts in the loss.
    """

    forms: Tensor
    tags: Tensor
    mask: Tensor
    weights: Tensor


class Prepared:
    """Sentences as tensors of form numbers and tag numbers; `weights` (sentences,) are 1 unless a method sets them."""

    def __init__(self, sentences: Sequence[Sentence], tags: Sequence[str], numbers: dict[str, int]) -> None:
        tag_ids = {tag: i for i, tag in enumerate(tags)}
        self.sentences = list(sentences)
        self.forms = [torch.tensor([numbers[t] for t in s.tokens]) for s in sentences]
        self.tags = [torch.tensor([tag_ids.get(t, -1) for t in s.tags or ("",) * len(s.tokens)]) for s in sentences]
        self.lengths = np.array([len(s.tokens) for s in sentences], dtype=np.int64)
        self.weights = torch.ones(len(sentences))

    def __len__(self) -> int:
        return len(self.sentences)

    def batch(self, rows: Sequence[int]) -> Batch:
        """The sentences with these numbers, padded to the longest."""
        forms = pad_sequence([self.forms[i] for i in rows], batch_first=True)
        tags = pad_sequence([self.tags[i] for i in rows], batch_first=True, padding_value=-1)
        lengths = torch.from_numpy(self.lengths[list(rows)])
        return Batch(forms, tags, torch.arange(forms.shape[1]) < lengths.unsqueeze(1), self.weights[list(rows)])

    def in_order_of_length(self, batch_size: int) -> Iterator[tuple[list[int], Batch]]:
        """Every sentence once, for prediction: numbers and batch."""
        order = np.argsort(self.lengths, kind="stable")
        for begin in range(0, len(order), batch_size):
            rows = order[begin : begin + batch_size].tolist()
            yield rows, self.batch(rows)


class Batches:
    """An endless row of training batches; number i follows from the seed and i, so that a run can resume anywhere."""

    def __init__(self, data: Prepared, batch_size: int, seed: int) -> None:
        self.data, self.batch_size, self.seed = data, batch_size, seed
        self.per_pass = -(-len(data) // batch_size)
        self._pass, self._order = -1, list[list[int]]()

    def __getitem__(self, number: int) -> Batch:
        number_of_pass, position = divmod(number, self.per_pass)
        if number_of_pass != self._pass:
            self._pass, self._order = number_of_pass, self._shuffled(number_of_pass)
        return self.data.batch(self._order[position])

    def _shuffled(self, number_of_pass: int) -> list[list[int]]:
        random = np.random.default_rng((self.seed, number_of_pass))
        order = random.permutation(len(self.data))
        batches = []
        for begin in range(0, len(order), _BUCKET * self.batch_size):
            bucket = order[begin : begin + _BUCKET * self.batch_size]
            bucket = bucket[np.argsort(self.data.lengths[bucket], kind="stable")]
            batches += [bucket[i : i + self.batch_size].tolist() for i in range(0, len(bucket), self.batch_size)]
        return [batches[i] for i in random.permutation(len(batches))]


def number_forms(groups: Sequence[Sequence[Sentence]]) -> dict[str, int]:
    """A number for each word form of these sentences; 0 is padding."""
    forms = dict.fromkeys(token for group in groups for sentence in group for token in sentence.tokens)
    return {form: i for i, form in enumerate(forms, start=1)}


def form_table(numbers: dict[str, int], vocabulary: Vocabulary) -> Forms:
    """Words and spellings of numbered forms."""
    spellings = [torch.zeros(1, dtype=torch.long), *(torch.tensor(vocabulary.spelling(form)) for form in numbers)]
    words = torch.tensor([0, *(vocabulary.word_id(form) for form in numbers)])
    return Forms(words, pad_sequence(spellings, batch_first=True))
