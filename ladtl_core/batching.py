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

from ladtl_core.alike import COUNT, alike
from ladtl_core.records import Sentence
from ladtl_core.vocab import FIRST_WORD, UNKNOWN, Vocabulary, normal_form

# Batches of one bucket are cut from this many batches' worth of shuffled sentences sorted by length.
_BUCKET = 20


@dataclass(frozen=True)
class Forms:
    """Word forms: `words` (forms,) and `chars` (forms, length) are ids, padded with 0.

    Where a form's word is unknown, the words `alike` (forms, 10) stand for it, each with its share in `shares`.
    """

    words: Tensor
    chars: Tensor
    alike: Tensor
    shares: Tensor


@dataclass(frozen=True)
class Batch:
    """Padded sentences: `forms` and `tags` (batch, time) ints, `mask` (batch, time) bool, `tags` -1 where unknown.

    `weights` (batch,) is how much each sentence counts in the loss.
    """

    forms: Tensor
    tags: Tensor
    mask: Tensor
    weights: Tensor


def padded(values: Tensor, mask: Tensor) -> Tensor:
    """Values of tokens (tokens, size) as (batch, time, size), 0 under the mask."""
    spread = values.new_zeros(*mask.shape, values.shape[1])
    spread[mask] = values
    return spread


class Prepared:
    """Sentences as tensors of form numbers and tag numbers."""

    def __init__(self, sentences: Sequence[Sentence], tags: Sequence[str], numbers: dict[str, int]) -> None:
        tag_ids = {tag: i for i, tag in enumerate(tags)}
        self.sentences = list(sentences)
        self.lengths = np.array([len(s.tokens) for s in sentences], dtype=np.int64)
        self._starts = np.cumsum(self.lengths) - self.lengths
        self._forms = np.array([numbers[t] for s in sentences for t in s.tokens], dtype=np.int64)
        tags_of = (tag_ids.get(t, -1) for s in sentences for t in s.tags or ("",) * len(s.tokens))
        self._tags = np.fromiter(tags_of, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.sentences)

    def batch(self, rows: Sequence[int], weights: Tensor | None = None) -> Batch:
        """The sentences with these numbers, padded to the longest; they weigh 1 unless `weights` (rows,) says."""
        chosen = np.asarray(rows)
        lengths = self.lengths[chosen, None]
        steps = np.arange(lengths.max())
        mask, places = steps < lengths, np.minimum(self._starts[chosen, None] + steps, len(self._forms) - 1)
        forms, tags = np.where(mask, self._forms[places], 0), np.where(mask, self._tags[places], -1)
        weights = torch.ones(len(chosen)) if weights is None else weights
        return Batch(torch.from_numpy(forms), torch.from_numpy(tags), torch.from_numpy(mask), weights)

    def in_order_of_length(self, batch_size: int) -> Iterator[tuple[list[int], Batch]]:
        """Every sentence once, for prediction: numbers and batch."""
        order = np.argsort(self.lengths, kind="stable")
        for begin in range(0, len(order), batch_size):
            rows = order[begin : begin + batch_size].tolist()
            yield rows, self.batch(rows)


class Batches:
    """An endless row of training batches; number i follows from the seed and i, so that a run can resume anywhere.

    `weights` (sentences,) are 1 until a method changes them.
    """

    def __init__(self, data: Prepared, batch_size: int, seed: int) -> None:
        self.data, self.batch_size, self.seed = data, batch_size, seed
        self.weights = torch.ones(len(data))
        self.per_pass = -(-len(data) // batch_size)
        self._pass, self._order = -1, list[list[int]]()

    def __getitem__(self, number: int) -> Batch:
        number_of_pass, position = divmod(number, self.per_pass)
        if number_of_pass != self._pass:
            self._pass, self._order = number_of_pass, self._shuffled(number_of_pass)
        rows = self._order[position]
        return self.data.batch(rows, self.weights[rows])

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


def form_table(numbers: dict[str, int], vocabulary: Vocabulary, unknown: str = "alike") -> Forms:
    """Words and spellings of numbered forms; `unknown` is the setting of that name."""
    spellings = [torch.zeros(1, dtype=torch.long), *(torch.tensor(vocabulary.spelling(form)) for form in numbers)]
    words = torch.tensor([0, *(vocabulary.word_id(form) for form in numbers)])
    near = torch.nn.functional.pad(words.unsqueeze(1), (0, COUNT - 1))
    shares = torch.nn.functional.one_hot(torch.zeros_like(words), COUNT).float()
    strangers = {number: normal_form(form) for form, number in numbers.items() if words[number] == UNKNOWN}
    if unknown == "alike" and strangers:
        places, found = map(torch.from_numpy, alike(list(strangers.values()), vocabulary.words))
        has_some, rows = found.any(1), torch.tensor(list(strangers))
        near[rows[has_some]], shares[rows[has_some]] = places[has_some] + FIRST_WORD, found[has_some]
    return Forms(words, pad_sequence(spellings, batch_first=True), near, shares)
