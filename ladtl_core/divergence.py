"""How far the source's CRF is from the target's on given sentences: the exact KL divergence, and what bounds it.

For one sentence with hidden states H, with unary and pairwise marginals of p^s,

    KL(p^s || p^t) = sum_y p^s(y) (s^s(H, y) - s^t(H, y)) - log Z^s + log Z^t
                   = sum_i <p^s(y_i), E^s_i - E^t_i> + sum_i <p^s(y_i, y_i+1), A^s - A^t> - log Z^s + log Z^t

and KL <= c L_p^(1/2) with c = 2 sqrt((sum_i |[h_i; 1]|)^2 + (n - 1)^2) for n tokens (after Wang et al. 2018):
both the mean score difference and that of the log partition functions are at most the largest difference of a path's
scores, which Cauchy and Schwarz bound.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ladtl_core.batching import Forms, Prepared, padded
from ladtl_core.crf import LinearChainCrf, log_partition
from ladtl_core.methods import SOURCE, TARGET
from ladtl_core.tagger import Head, Tagger, shared_tags

_SENTENCES = 32


def kl_divergence(
    source: LinearChainCrf, target: LinearChainCrf, source_scores: Tensor, target_scores: Tensor, mask: Tensor
) -> Tensor:
    """KL(p^s || p^t) of each sentence in nats, (batch,).

    `source_scores` and `target_scores` are emissions (batch, time, num_tags) over the same tags, `mask` (batch, time)
    as the CRF wants it. Numbers of some hundreds are subtracted: give float64 where small divergences matter.
    """
    unary, pairwise = source.pairwise_marginals(source_scores, mask)
    difference = (source_scores - target_scores).masked_fill(~mask.unsqueeze(2), 0.0)
    moved = (pairwise * (source.transitions - target.transitions)).sum((1, 2, 3))
    log_ratio = log_partition(target_scores, target.transitions, mask) - log_partition(
        source_scores, source.transitions, mask
    )
    return (unary * difference).sum((1, 2)) + moved + log_ratio


def kl_bound(hidden: Tensor, mask: Tensor, distance: Tensor) -> Tensor:
    """c L_p^(1/2) of each sentence, (batch,), from H (batch, time, size) and L_p."""
    norms = (1 + (hidden**2).sum(2)).sqrt() * mask
    c = 2 * (norms.sum(1) ** 2 + (mask.sum(1) - 1) ** 2).sqrt()
    return c * distance.sqrt()


class DivergenceProbe:
    """Measures both on the same few target sentences every time, over the tags that both domains have."""

    def __init__(self, sentences: Prepared, tagger: Tagger) -> None:
        self.sentences = sentences
        every = max(1, len(sentences) // _SENTENCES)
        self.rows = list(range(0, len(sentences), every))[:_SENTENCES] if tagger.method.two_crfs else []

    @torch.no_grad()
    def measure(self, tagger: Tagger, table: Forms) -> dict[str, float]:
        """Means a sentence of `kl` and its `bound`, and the `crf_l2` L_p; empty for methods without two CRFs."""
        if not self.rows:
            return {}
        tagger.eval()
        batch = self.sentences.batch(self.rows)
        hidden = padded(tagger.hidden(table, {TARGET: batch})[TARGET].double(), batch.mask)
        source, target = _common(tagger)
        kl = kl_divergence(source.crf, target.crf, source.emissions(hidden), target.emissions(hidden), batch.mask)
        distance = tagger.crf_distance().double()
        bound = kl_bound(hidden, batch.mask, distance)
        return {"kl": float(kl.mean()), "bound": float(bound.mean()), "crf_l2": float(distance)}


def _common(tagger: Tagger) -> tuple[Head, Head]:
    """Both heads cut to the tags that both have, in float64."""
    mine, _ = shared_tags(tagger.tags[TARGET], tagger.tags[SOURCE])
    tags = tuple(tagger.tags[TARGET][i] for i in mine.tolist())
    parts = []
    for domain in (SOURCE, TARGET):
        whole = tagger.head(domain)
        part = Head(whole.emissions.in_features, tags)
        part.copy_matching(whole)
        parts.append(part.double())
    return parts[0], parts[1]
