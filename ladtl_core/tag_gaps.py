"""The gap between two domains tag by tag as a trained tagger has it, on labelled records that it did not learn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ladtl_core.methods import SOURCE, TARGET
from ladtl_core.permutation import GapTest, gap_test
from ladtl_core.prediction import prepare
from ladtl_core.records import Record, Sentence
from ladtl_core.tagger import Tagger
from ladtl_core.text import to_sentences

_BATCH = 64


@dataclass(frozen=True)
class MeasuredGap:
    """One BIO tag that both domains have: its tokens on each side, unbiased MMD^2 of their hidden states and its p.

    `mmd2` and `p_value` are None with fewer than two tokens on a side.
    """

    tag: str
    source: int
    target: int
    mmd2: float | None
    p_value: float | None


def dev_gaps(tagger: Tagger, sources: Iterable[Record], target: Iterable[Record], seed: int = 0) -> list[MeasuredGap]:
    """The gap on the labelled dev records of both sides; empty where a side has none, or the tagger has no source."""
    here, there = (_dev(records, tagger.config.model.scheme) for records in (sources, target))
    if SOURCE not in tagger.tags or not here or not there:
        return []
    source, of_target = (Counter(tag for s in side for tag in s.tags or ()) for side in (here, there))
    return [
        MeasuredGap(tag, source[tag], of_target[tag], *((test.mmd2, test.p_value) if test else (None, None)))
        for tag, test in tag_gaps(tagger, here, there, seed).items()
    ]


def _dev(records: Iterable[Record], scheme: str) -> list[Sentence]:
    """Sentences of the labelled dev records, told apart where two sources call a record the same."""
    return [
        sentence
        for record in records
        if record.split == "dev" and record.entities is not None
        for sentence in to_sentences(replace(record, id=f"{record.department}\n{record.id}"), scheme)
    ]


def tag_gaps(
    tagger: Tagger, source: Sequence[Sentence], target: Sequence[Sentence], seed: int
) -> dict[str, GapTest | None]:
    """The test of every tag that both domains have; None with fewer than two tokens on a side."""
    sides = {SOURCE: _states(tagger, source, SOURCE), TARGET: _states(tagger, target, TARGET)}
    gaps = {}
    for tag in tagger.tags[TARGET]:
        if tag in tagger.tags[SOURCE]:
            chosen = [
                (hidden[rows], records[rows])
                for hidden, records, tags in sides.values()
                for rows in [[i for i, name in enumerate(tags) if name == tag]]
            ]
            (mine, my_records), (theirs, their_records) = chosen
            gaps[tag] = gap_test(mine, theirs, my_records, their_records, seed=seed)
    return gaps


@torch.no_grad()
def _states(tagger: Tagger, sentences: Sequence[Sentence], domain: str) -> tuple[Tensor, Tensor, list[str]]:
    """Hidden states (tokens, size) of all tokens, the number of each one's record, and its tag."""
    prepared, table = prepare(tagger, sentences)
    numbers = {record: i for i, record in enumerate(dict.fromkeys(s.record_id for s in sentences))}
    tagger.eval()
    states, records, tags = [], list[int](), list[str]()
    for rows, batch in prepared.in_order_of_length(_BATCH):
        states.append(tagger.hidden(table, {domain: batch})[domain])
        for row in rows:
            sentence = sentences[row]
            records += [numbers[sentence.record_id]] * len(sentence.tokens)
            tags += sentence.tags or ()
    return torch.cat(states), torch.tensor(records), tags
