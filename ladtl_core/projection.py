"""Hidden states of a tagger in two dimensions: where the tokens of each label lie in each domain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ladtl_core.methods import SOURCE, TARGET
from ladtl_core.records import Record
from ladtl_core.tagger import Tagger
from ladtl_core.witness import sampled_states

STATES_A_TAG = 40
_DECIMALS = 3


def projection(tagger: Tagger, source: Sequence[Record], target: Sequence[Record], seed: int = 0) -> dict[str, Any]:
    """The first two principal components of tokens' states in labelled training records, as numbers without a word.

    `points` has [x, y] of at most STATES_A_TAG tokens by domain and BIO tag, so that rare tags are seen beside O;
    `explained` is the share of these tokens' variance (0-1) that each axis has. A tagger without a source has the
    target's alone.
    """
    found = [
        (domain, tag, states)
        for domain, records in ((SOURCE, source), (TARGET, target))
        if domain in tagger.tags
        for tag, states in sampled_states(tagger, records, domain, seed, STATES_A_TAG).items()
    ]
    points: dict[str, dict[str, list[list[float]]]] = {}
    if not found:
        return {"explained": [0.0, 0.0], "points": points}
    places, explained = principal_components(torch.cat([states for *_, states in found]).double())
    parts = places.split([len(states) for *_, states in found])
    for (domain, tag, _), part in zip(found, parts, strict=True):
        points.setdefault(domain, {})[tag] = [[round(value, _DECIMALS) for value in row] for row in part.tolist()]
    return {"explained": [round(value, _DECIMALS) for value in explained], "points": points}


def principal_components(states: Tensor) -> tuple[Tensor, list[float]]:
    """States (n, size) along their two directions of most variance, (n, 2), and the share that each has.

    Of the two signs of a direction that one is taken for which its largest part is positive.
    """
    centred = states - states.mean(0)
    _, singular, directions = torch.linalg.svd(centred, full_matrices=False)
    missing = max(2 - len(directions), 0)  # a single token has one direction only
    first = torch.nn.functional.pad(directions[:2], (0, 0, 0, missing))
    largest = first.gather(1, first.abs().argmax(1, keepdim=True))
    shares = torch.nn.functional.pad(singular[:2] ** 2 / max(float((singular**2).sum()), 1e-12), (0, missing))
    return centred @ torch.where(largest < 0, -first, first).T, shares.tolist()
