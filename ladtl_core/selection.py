"""Which records to label next: those that a tagger is unsure of, that close the gap, or that are unlike the others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ladtl_core.batching import padded
from ladtl_core.duplicates import near_duplicates
from ladtl_core.methods import SOURCE, TARGET
from ladtl_core.mmd import squared_distances
from ladtl_core.prediction import prepare
from ladtl_core.records import Record
from ladtl_core.tagger import Tagger
from ladtl_core.text import to_sentences
from ladtl_core.witness import Witness, sampled_states, witnesses

UNLABELLED = "O"
MOST_CHOSEN = 1000  # that are ranked one after the other; the rest go by their distance from all of these
_AT_ONCE = 200  # records
_BATCH = 64
_TINY = 1e-37


@dataclass(frozen=True)
class RecordScore:
    """What speaks for labelling one record.

    `uncertainty`: the mean over its tokens of the entropy of their marginals, over that of the uniform distribution
    (0-1). `close` counts tokens whose second tag has at least half the probability of the first; `doubtful` are the
    labels, at most two, that have most of the probability there. `gap`: the mean over its tokens of
    sum_y p(y|x) |witness_y(h)|, None without a source; `gap_parts` is what each label adds to it, O for none.
    `rank` counts from 1 in the order in which unlike records are taken, None for one that is labelled. `near_to` is the
    index of the first record that says nearly the same.
    """

    tokens: int
    uncertainty: float
    close: int
    doubtful: tuple[str, ...]
    gap: float | None
    gap_parts: dict[str, float] = field(default_factory=dict)
    rank: int | None = None
    near_to: int = 0


def score(
    tagger: Tagger,
    records: Sequence[Record],
    source: Sequence[Record],
    target: Sequence[Record],
    told: Callable[[int], None] = lambda done: None,
    seed: int = 0,
) -> list[RecordScore]:
    """The scores of `records`, in their order.

    `source` and `target` are what the tagger learned from; their unlabelled records, and the source of a tagger without
    one, change nothing. A record with the id of a labelled one in `target` counts as labelled. `told` hears every few
    records how many are done. The seed draws the states that witnesses compare with.
    """
    of_tags = gap_witnesses(tagger, source, target, seed)
    sums, texts = [], []
    for first in range(0, len(records), _AT_ONCE):
        told(first)
        found, tokens = _sums(tagger, records[first : first + _AT_ONCE], of_tags)
        sums.append(found)
        texts += tokens
    if not records:
        return []
    means = torch.cat(sums)
    labelled = {record.id for record in target if record.entities is not None}
    taken = [i for i, record in enumerate(records) if record.id in labelled]
    size = 2 * tagger.config.model.hidden_size
    ranks, groups = farthest_first(means[:, -size:].float(), taken), near_duplicates(texts)
    tags = tagger.tags[TARGET]
    return [
        _record_score(row[:-size].tolist(), tags, bool(of_tags), len(tokens), rank, near_to)
        for row, tokens, rank, near_to in zip(means, texts, ranks, groups, strict=True)
    ]


def gap_witnesses(
    tagger: Tagger, source: Sequence[Record], target: Sequence[Record], seed: int = 0
) -> dict[str, Witness]:
    """The witness of each of the target's tags with labelled tokens on both sides; none without a source."""
    if SOURCE not in tagger.tags:
        return {}
    sides = [sampled_states(tagger, part, domain, seed) for part, domain in ((source, SOURCE), (target, TARGET))]
    found = witnesses(*sides)
    return {tag: found[tag] for tag in tagger.tags[TARGET] if tag in found}


@torch.no_grad()
def _sums(tagger: Tagger, records: Sequence[Record], of_tags: dict[str, Witness]) -> tuple[Tensor, list[list[str]]]:
    """Means over each record's tokens, (records, 2 + 2 tags + size), and its tokens.

    The columns: entropy, close calls, probability of each tag at these, each tag's part of the gap, hidden state.
    """
    sentences = [to_sentences(record, tagger.config.model.scheme) for record in records]
    flat = [(number, sentence) for number, of_record in enumerate(sentences) for sentence in of_record]
    data, table = prepare(tagger, [sentence for _, sentence in flat])
    head = tagger.decoder()
    sums = torch.zeros(len(records), 2 + 2 * len(head.tags) + 2 * tagger.config.model.hidden_size).double()
    tagger.eval()
    for rows, batch in data.in_order_of_length(_BATCH):
        hidden = tagger.hidden(table, {TARGET: batch})[TARGET]
        p = head.crf.marginals(padded(head.emissions(hidden), batch.mask), batch.mask)[batch.mask]
        first, second = p.topk(2).values.T
        close = (second >= first / 2).float().unsqueeze(1)
        columns = [entropy(p).unsqueeze(1), close, close * p, gap_parts(p, hidden, head.tags, of_tags), hidden]
        owners = torch.tensor([flat[row][0] for row in rows]).repeat_interleave(batch.mask.sum(1))
        sums.index_add_(0, owners, torch.cat(columns, 1).double())
    tokens = [[token for sentence in of_record for token in sentence.tokens] for of_record in sentences]
    return sums / torch.tensor([[max(len(own), 1)] for own in tokens]), tokens


def entropy(p: Tensor) -> Tensor:
    """Entropy (tokens,) of distributions over tags (tokens, tags), over log(tags): 0 is certain, 1 uniform."""
    return -(p * p.clamp_min(_TINY).log()).sum(1) / math.log(p.shape[1])


def gap_parts(p: Tensor, hidden: Tensor, tags: Sequence[str], of_tags: dict[str, Witness]) -> Tensor:
    """p(y|x) |witness_y(h)|, (tokens, tags); 0 for a tag without a witness."""
    parts = torch.zeros_like(p)
    for tag, witness in of_tags.items():
        column = tags.index(tag)
        parts[:, column] = p[:, column] * witness(hidden).abs()
    return parts


def _record_score(
    means: list[float], tags: Sequence[str], with_gap: bool, tokens: int, rank: int | None, near_to: int
) -> RecordScore:
    uncertainty, close, *rest = means
    doubts, parts = _by_label(rest[: len(tags)], tags), _by_label(rest[len(tags) :], tags)
    likely = sorted(
        (label for label in doubts if label != UNLABELLED and doubts[label]), key=lambda name: -doubts[name]
    )
    gap = sum(parts.values()) if with_gap else None
    return RecordScore(
        tokens=tokens,
        uncertainty=uncertainty,
        close=round(close * tokens),
        doubtful=tuple(likely[:2]),
        gap=gap,
        gap_parts={label: part for label, part in parts.items() if part},
        rank=rank,
        near_to=near_to,
    )


def _by_label(values: Sequence[float], tags: Sequence[str]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for tag, value in zip(tags, values, strict=True):
        label = tag.partition("-")[2] or tag
        sums[label] = sums.get(label, 0.0) + value
    return sums


def farthest_first(vectors: Tensor, taken: Sequence[int], most: int = MOST_CHOSEN) -> list[int | None]:
    """The place of each row of `vectors` (n, size), from 1, when always the one farthest from all before is taken next.

    Rows of `taken` come before all others and have no place. Ties go to the earlier row, which is also the first where
    nothing is taken. After `most` rows the others follow by their distance to the nearest of those.
    Gonzalez, "Clustering to Minimize the Maximum Intercluster Distance", TCS 1985.
    """
    nearest = torch.full((len(vectors),), torch.inf)
    for begin in range(0, len(taken), _AT_ONCE):
        some = vectors[list(taken[begin : begin + _AT_ONCE])]
        nearest = torch.minimum(nearest, squared_distances(vectors, some).amin(1))
    places: list[int | None] = [None] * len(vectors)
    nearest[list(taken)] = -1.0
    left = len(vectors) - len(taken)
    for place in range(1, min(most, left) + 1):
        row = int(nearest.argmax())
        places[row] = place
        distances = ((vectors - vectors[row]) ** 2).sum(1)
        nearest = torch.where(nearest < 0, nearest, torch.minimum(nearest, distances))
        nearest[row] = -1.0
    rest: list[Any] = [row for row in nearest.argsort(descending=True, stable=True).tolist() if nearest[row] >= 0]
    for place, row in enumerate(rest, min(most, left) + 1):
        places[row] = place
    return places
