"""The gap between two domains label by label, watched over training on a fixed sample of tokens."""

from __future__ import annotations

import numpy as np
import torch

from ladtl_core.batching import Batch, Forms, Prepared
from ladtl_core.methods import SOURCE, TARGET
from ladtl_core.mmd import reported_gap
from ladtl_core.tagger import Tagger

_SENTENCES = 64
_TOKENS_A_TAG = 150


class GapProbe:
    """Measures `reported_gap` of the hidden states of each tag on the same training sentences every time."""

    def __init__(self, parts: dict[str, Prepared], tagger: Tagger, seed: int) -> None:
        self.tags = [tag for tag in tagger.tags[TARGET] if tag in tagger.tags.get(SOURCE, ())]
        self.samples: dict[str, Batch] = {}
        if SOURCE in parts:
            random = np.random.default_rng(seed)
            for domain in (SOURCE, TARGET):
                rows = random.permutation(len(parts[domain]))[:_SENTENCES]
                self.samples[domain] = parts[domain].batch(rows.tolist())

    def measure(self, tagger: Tagger, table: Forms) -> dict[str, float]:
        """Unbiased MMD^2 of every tag with two tokens on both sides; empty without a source."""
        if not self.samples:
            return {}
        states = {}
        tagger.eval()
        with torch.no_grad():
            hidden = tagger.hidden(table, self.samples)
            for domain, batch in self.samples.items():
                states[domain] = (hidden[domain], batch.tags[batch.mask])
        gaps = {}
        for tag in self.tags:
            sides = []
            for domain, (of_domain, tags) in states.items():
                sides.append(of_domain[tags == tagger.head(domain).tags.index(tag)][:_TOKENS_A_TAG])
            gap = reported_gap(*sides)
            if gap is not None:
                gaps[tag] = gap
        return gaps
