"""The loss of one step: L = L_c + alpha L_LaMMD + beta L_p + gamma L_r (Wang et al. 2018), for every method."""

from __future__ import annotations

import torch
from torch import Tensor

from ladtl_core.batching import Batch, Forms
from ladtl_core.config import TransferConfig
from ladtl_core.memory import Recent
from ladtl_core.methods import SOURCE, TARGET, Method
from ladtl_core.mmd import label_aware_mmd, mmd2
from ladtl_core.tagger import Tagger, shared_tags


def objective(
    method: Method,
    tagger: Tagger,
    table: Forms,
    batches: dict[str, Batch],
    config: TransferConfig,
    *,
    alpha: float | None = None,
    recent: Recent | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss on one batch a domain, and its parts.

    `alpha` takes the place of the setting's while it is warmed up; `recent` adds states of earlier batches to the MMD.

    L_c weighs the mean negative log-likelihood a sentence by epsilon (source) and 1 - epsilon (target) if both train.
    A sentence's weight scales its own term and nothing else: the mean is over the number of sentences, whatever their
    weights add up to. Under plain SGD that is a learning rate of its own for each sentence, as He and Sun have it;
    adaptive optimisers take out a scale that all sentences share, so there it weighs sentences against each other.
    """
    hidden = tagger.hidden(table, batches)
    parts = {
        domain: -(batch.weights * tagger.head(domain).log_likelihood(hidden[domain], batch.tags, batch.mask)).mean()
        for domain, batch in batches.items()
    }
    if len(parts) == 2:
        loss = config.epsilon * parts[SOURCE] + (1 - config.epsilon) * parts[TARGET]
    else:
        loss = next(iter(parts.values()))
    alpha = config.alpha if alpha is None else alpha
    if method.mmd != "none" and alpha:
        parts["mmd"] = _aligned(method.mmd, tagger, hidden, batches, config, recent)
        loss = loss + alpha * parts["mmd"]
    if method.crf_l2:
        parts["crf_l2"] = tagger.crf_distance()
        if config.beta:
            loss = loss + config.beta * parts["crf_l2"]
    if config.gamma:
        parts["l2"] = remaining_l2(tagger)
        loss = loss + config.gamma * parts["l2"]
    if config.gamma_embeddings:
        parts["embedding_l2"] = embedding_l2(tagger, table, batches)
        loss = loss + config.gamma_embeddings * parts["embedding_l2"]
    return loss, parts


def remaining_l2(tagger: Tagger) -> Tensor:
    """L_r: squared norm of what is neither a CRF, which L_p is about, nor the words' embeddings, pre-trained ones."""
    chosen = [p for n, p in tagger.named_parameters() if not n.startswith(("heads.", "encoder.words."))]
    return torch.stack([(p**2).sum() for p in chosen]).sum()


def embedding_l2(tagger: Tagger, table: Forms, batches: dict[str, Batch]) -> Tensor:
    """Squared norm of the embeddings of the batch's words, each as often as it is there (the authors' code)."""
    words = torch.cat([table.words[batch.forms[batch.mask]] for batch in batches.values()])
    norms: Tensor = (tagger.encoder.words(words) ** 2).sum()
    return norms


def _aligned(
    kind: str,
    tagger: Tagger,
    hidden: dict[str, Tensor],
    batches: dict[str, Batch],
    config: TransferConfig,
    recent: Recent | None,
) -> Tensor:
    """MMD^2 between the batch's hidden states: of all tokens, or summed over the tags that both domains have."""
    states, tags = dict(hidden), {domain: batch.tags[batch.mask] for domain, batch in batches.items()}
    if recent is not None:
        for domain in states:
            states[domain], tags[domain] = recent.added(domain, states[domain], tags[domain])
    biased = config.estimate == "biased"
    if kind == "vanilla":
        return mmd2(states[SOURCE], states[TARGET], config.bandwidths, biased=biased).clamp_min(config.mmd_floor)
    names = tagger.tags
    mine, theirs = shared_tags(names[SOURCE], names[TARGET])
    source_tags = _renumber(tags[SOURCE], mine, len(names[SOURCE]))
    target_tags = _renumber(tags[TARGET], theirs, len(names[TARGET]))
    weights = [config.label_weight(names[SOURCE][i]) for i in mine.tolist()]
    if not config.mmd_floor:
        return label_aware_mmd(
            states[SOURCE], states[TARGET], source_tags, target_tags, len(mine),
            bandwidths=config.bandwidths, label_weights=weights, biased=biased,
        )  # fmt: skip
    total, fewest = states[SOURCE].new_zeros(()), 1 if biased else 2
    for label, weight in enumerate(weights):
        x, y = states[SOURCE][source_tags == label], states[TARGET][target_tags == label]
        if min(len(x), len(y)) >= fewest:
            # The authors' floor: a label that is nearer than this pulls no further.
            total = total + weight * mmd2(x, y, config.bandwidths, biased=biased).clamp_min(config.mmd_floor)
    return total


def mmd_by_label(
    method: Method, tagger: Tagger, table: Forms, batches: dict[str, Batch], config: TransferConfig
) -> dict[str, float]:
    """MMD^2 of each tag that both domains have in the batch, to tell which of them is no number."""
    if method.mmd != "label-aware":
        return {}
    with torch.no_grad():
        hidden = tagger.hidden(table, batches)
    tags = {domain: batch.tags[batch.mask] for domain, batch in batches.items()}
    mine, theirs = shared_tags(tagger.tags[SOURCE], tagger.tags[TARGET])
    found = {}
    for source, target in zip(mine.tolist(), theirs.tolist(), strict=True):
        x, y = hidden[SOURCE][tags[SOURCE] == source], hidden[TARGET][tags[TARGET] == target]
        if min(len(x), len(y)) > 0:
            found[tagger.tags[SOURCE][source]] = float(mmd2(x, y, config.bandwidths, biased=True))
    return found


def _renumber(labels: Tensor, kept: Tensor, size: int) -> Tensor:
    """Labels as positions in `kept`; -1 for the others."""
    places = torch.full((size,), -1)
    places[kept] = torch.arange(len(kept))
    return places[labels]
