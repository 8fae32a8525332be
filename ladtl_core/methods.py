"""The systems side by side: which domains each phase trains on, and which terms pull the domains together."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ladtl_core.batching import Batch, Forms
from ladtl_core.config import TransferConfig
from ladtl_core.mmd import label_aware_mmd
from ladtl_core.tagger import SOURCE, TARGET, Tagger, shared_tags


@dataclass(frozen=True)
class Method:
    """`phases` names the domains of each phase in turn; `mmd` adds alpha * L_LaMMD, `crf_l2` adds beta * L_p."""

    description: str
    paper: str
    phases: tuple[tuple[str, ...], ...]
    mmd: bool = False
    crf_l2: bool = False

    @property
    def needs_source(self) -> bool:
        return any(SOURCE in phase for phase in self.phases)


METHODS = {
    "non-transfer": Method(
        "Bi-LSTM-CRF on the target's labelled records alone.", "Lample et al. 2016", phases=((TARGET,),)
    ),
    "re-training": Method(
        "Train on the source, then go on from there on the target.", "Lee et al. 2017", phases=((SOURCE,), (TARGET,))
    ),
    "joint-training": Method(
        "One shared Bi-LSTM, a CRF for each department, trained together.",
        "Yang et al. 2017",
        phases=((SOURCE, TARGET),),
    ),
    "la-dtl": Method(
        "Joint training; hidden states aligned label by label, CRFs pulled together.",
        "Wang et al. 2018",
        phases=((SOURCE, TARGET),),
        mmd=True,
        crf_l2=True,
    ),
}


def objective(
    method: Method, tagger: Tagger, table: Forms, batches: dict[str, Batch], config: TransferConfig
) -> tuple[Tensor, dict[str, Tensor]]:
    """L = L_c + alpha L_LaMMD + beta L_p + gamma L_r (Wang et al. 2018) on one batch a domain, and its parts.

    L_c weighs the mean negative log-likelihood a sentence by epsilon (source) and 1 - epsilon (target) if both train.
    """
    hidden = dict(zip(batches, tagger.hidden(table, *batches.values()), strict=True))
    parts = {
        domain: -tagger.head(domain).log_likelihood(hidden[domain], batch.tags, batch.mask).mean()
        for domain, batch in batches.items()
    }
    if len(parts) == 2:
        loss = config.epsilon * parts[SOURCE] + (1 - config.epsilon) * parts[TARGET]
    else:
        loss = next(iter(parts.values()))
    if method.mmd and config.alpha:
        parts["mmd"] = _aligned(tagger, hidden, batches, config)
        loss = loss + config.alpha * parts["mmd"]
    if method.crf_l2:
        parts["crf_l2"] = tagger.crf_distance()
        if config.beta:
            loss = loss + config.beta * parts["crf_l2"]
    if config.gamma:
        parts["l2"] = remaining_l2(tagger)
        loss = loss + config.gamma * parts["l2"]
    return loss, parts


def remaining_l2(tagger: Tagger) -> Tensor:
    """L_r: squared norm of the encoder's parameters besides the embeddings of words, which are pre-trained."""
    chosen = [p for name, p in tagger.encoder.named_parameters() if not name.startswith("words.")]
    return torch.stack([(p**2).sum() for p in chosen]).sum()


def _aligned(tagger: Tagger, hidden: dict[str, Tensor], batches: dict[str, Batch], config: TransferConfig) -> Tensor:
    """L_LaMMD between the batch's hidden states; a tag that only one domain knows is left out."""
    tags = tagger.tags
    mine, theirs = shared_tags(tags[SOURCE], tags[TARGET])
    source, target = batches[SOURCE], batches[TARGET]
    return label_aware_mmd(
        hidden[SOURCE],
        hidden[TARGET],
        _renumber(source.tags[source.mask], mine, len(tags[SOURCE])),
        _renumber(target.tags[target.mask], theirs, len(tags[TARGET])),
        len(mine),
        bandwidths=config.bandwidths,
    )


def _renumber(labels: Tensor, kept: Tensor, size: int) -> Tensor:
    """Labels as positions in `kept`; -1 for the others."""
    places = torch.full((size,), -1)
    places[kept] = torch.arange(len(kept))
    return places[labels]
