"""Shares of a training step: each part runs alone, forward and backward, on the same batches as the whole."""

from __future__ import annotations

import copy
import statistics

import torch
from torch import Tensor

from benchmarks.interleaved import interleave
from benchmarks.switch import COMPILED, with_kernels
from ladtl_core.batching import Batch, Forms
from ladtl_core.methods import METHODS, SOURCE, TARGET
from ladtl_core.mmd import label_aware_mmd
from ladtl_core.objective import objective
from ladtl_core.tagger import Tagger


def profile(tagger: Tagger, table: Forms, pairs: list[dict[str, Batch]], clip: float, rounds: int) -> dict[str, float]:
    """Shares of the whole step's time by part; they sum to 1. The LSTM is the encoder less its embeddings."""
    parts = _Parts(copy.deepcopy(tagger).train(), table, pairs, clip)
    calls = {
        "whole": parts.whole,
        "embeddings": parts.embeddings,
        "encoder": parts.encoder,
        "crf": parts.crf,
        "mmd": parts.mmd,
        "optimiser": parts.optimiser,
    }
    under = {name: with_kernels(COMPILED, call) for name, call in calls.items()}
    times = {name: statistics.median(of) for name, of in interleave(under, rounds, fill=0).items()}
    whole, embeddings, encoder, crf, mmd, optimiser = times.values()
    shares = {
        "embeddings and characters": embeddings / whole,
        "LSTM": (encoder - embeddings) / whole,
        "emissions and CRF": crf / whole,
        "MMD": mmd / whole,
        "optimiser": optimiser / whole,
    }
    return {**shares, "rest": 1 - sum(shares.values())}


class _Parts:
    """The parts of a step as calls, each over all batches."""

    def __init__(self, tagger: Tagger, table: Forms, pairs: list[dict[str, Batch]], clip: float) -> None:
        self.tagger, self.table, self.pairs, self.clip = tagger, table, pairs, clip
        self.optimizer = torch.optim.Adam(tagger.parameters(), lr=tagger.config.training.learning_rate, fused=True)
        with torch.no_grad():
            self.states = [tagger.hidden(table, batches) for batches in pairs]

    def whole(self) -> None:
        for batches in self.pairs:
            loss, _ = objective(METHODS["la-dtl"], self.tagger, self.table, batches, self.tagger.config.transfer)
            self._back(loss)
            self._update()

    def embeddings(self) -> None:
        for batches in self.pairs:
            forms = torch.cat([batch.forms[batch.mask] for batch in batches.values()])
            self._back(self.tagger.encoder.embed(self.table, forms).sum())

    def encoder(self) -> None:
        for batches in self.pairs:
            self._back(torch.stack([of.sum() for of in self.tagger.hidden(self.table, batches).values()]).sum())

    def crf(self) -> None:
        for batches, states in zip(self.pairs, self.states, strict=True):
            losses = [
                self.tagger.head(domain).log_likelihood(_leaf(states[domain]), batch.tags, batch.mask).mean()
                for domain, batch in batches.items()
            ]
            self._back(torch.stack(losses).sum())

    def mmd(self) -> None:
        """With the tags' numbers as labels, which both departments nearly share."""
        bandwidths = self.tagger.config.transfer.bandwidths
        num_labels = max(len(tags) for tags in self.tagger.tags.values())
        for batches, states in zip(self.pairs, self.states, strict=True):
            x, y = (_leaf(states[domain]) for domain in (SOURCE, TARGET))
            mine, theirs = (batches[domain].tags[batches[domain].mask] for domain in (SOURCE, TARGET))
            self._back(label_aware_mmd(x, y, mine, theirs, num_labels, bandwidths=bandwidths))

    def optimiser(self) -> None:
        for parameter in self.tagger.parameters():
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        for _ in self.pairs:
            self._update()

    def _back(self, loss: Tensor) -> None:
        self.tagger.zero_grad()
        loss.backward()

    def _update(self) -> None:
        torch.nn.utils.clip_grad_norm_(self.tagger.parameters(), self.clip)
        self.optimizer.step()


def _leaf(states: Tensor) -> Tensor:
    return states.detach().requires_grad_()
