"""Where two domains differ: the witness function of the MMD, tag by tag.

witness_y(h) = mean k(h, source states of y) - mean k(h, target states of y). It is the function for which the means
over the two domains differ most (Gretton et al., JMLR 2012, section 2.3); far from zero, a hidden state h lies where
one domain has more of y's tokens than the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ladtl_core.data import TRAINING_SPLITS
from ladtl_core.mmd import squared_distances
from ladtl_core.prediction import prepare
from ladtl_core.records import Record, Sentence
from ladtl_core.tagger import Tagger
from ladtl_core.text import to_sentences

STATES_A_TAG = 100
_BATCH = 64


@dataclass(frozen=True)
class Witness:
    """The witness of one tag. `source` (n, size) and `target` (m, size) are hidden states, `median` of their squared
    distances: k(a, b) = exp(-|a - b|^2 / median), the kernel of `mmd.reported_gap`.
    """

    source: Tensor
    target: Tensor
    median: float

    @classmethod
    def of(cls, source: Tensor, target: Tensor) -> Witness:
        return cls(source, target, float(squared_distances(source, target).median()))

    def __call__(self, hidden: Tensor) -> Tensor:
        """Its value (tokens,) at hidden states (tokens, size); 0 where the domains' states are all the same."""
        if self.median == 0:
            return hidden.new_zeros(len(hidden))
        near = [
            (-squared_distances(hidden, states) / self.median).exp().mean(1) for states in (self.source, self.target)
        ]
        return near[0] - near[1]


def witnesses(source: dict[str, Tensor], target: dict[str, Tensor]) -> dict[str, Witness]:
    """The witness of each tag that has states on both sides."""
    return {tag: Witness.of(source[tag], target[tag]) for tag in target if tag in source}


def sampled_states(
    tagger: Tagger, records: Sequence[Record], domain: str, seed: int, most: int = STATES_A_TAG
) -> dict[str, Tensor]:
    """Hidden states (tokens, size) of each tag in labelled records: all its tokens, or `most` that the seed draws.

    Dev and test records are left out: what is chosen or looked at by these states must not depend on them.
    """
    training = [record for record in records if (record.split or "train") in TRAINING_SPLITS]
    sentences = [s for record in training for s in to_sentences(record, tagger.config.model.scheme) if s.tags]
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row, sentence in enumerate(sentences):
        for place, tag in enumerate(sentence.tags or ()):
            places[tag].append((row, place))
    # A generator for each tag: the same tokens on both sides give the same draw, whatever other tags there are.
    chosen = {
        tag: [found[i] for i in np.random.default_rng(seed).permutation(len(found))[:most]]
        for tag, found in places.items()
    }
    rows = sorted({row for of_tag in chosen.values() for row, _ in of_tag})
    states = dict(zip(rows, _states(tagger, [sentences[row] for row in rows], domain), strict=True))
    return {tag: torch.stack([states[row][place] for row, place in of_tag]) for tag, of_tag in chosen.items()}


@torch.no_grad()
def _states(tagger: Tagger, sentences: Sequence[Sentence], domain: str) -> list[Tensor]:
    """Hidden states (tokens, size) of each sentence."""
    prepared, table = prepare(tagger, sentences)
    found: dict[int, Tensor] = {}
    tagger.eval()
    for rows, batch in prepared.in_order_of_length(_BATCH):
        hidden = tagger.hidden(table, {domain: batch})[domain]
        found |= zip(rows, hidden.split(prepared.lengths[rows].tolist()), strict=True)
    return [found[row] for row in range(len(sentences))]
