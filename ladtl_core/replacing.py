"""A record with parts of its text replaced: labels, predictions and tokens move with the text."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace

from ladtl_core.identifiers import Finding
from ladtl_core.records import Entity, Record


def replaced(record: Record, findings: Sequence[Finding]) -> Record:
    """The record with a placeholder for each of `findings`, which are in order and do not overlap.

    A span that shares a character with a replaced part has the whole placeholder afterwards; so none becomes empty.
    Of labels that become the same one is kept, and tokens that would share a placeholder become one.
    """
    if not findings:
        return record
    moves = _Moves(findings)
    parts, last = [], 0
    for one in findings:
        parts += [record.text[last : one.start], one.placeholder]
        last = one.end
    tokens, starts = _tokens(record, moves)
    entities = record.entities
    return replace(
        record,
        text="".join([*parts, record.text[last:]]),
        entities=None if entities is None else tuple(dict.fromkeys(moves.entity(one) for one in entities)),
        predictions=tuple(
            dict.fromkeys(
                replace(one, start=moves.start(one.start), end=moves.end(one.end)) for one in record.predictions
            )
        ),
        tokens=tokens,
        sentence_starts=starts,
    )


def touched(record: Record, findings: Sequence[Finding]) -> int:
    """How many labels of the record share a character with one of `findings`."""
    return sum(
        any(one.start < entity.end and entity.start < one.end for one in findings) for entity in record.entities or ()
    )


class _Moves:
    """Where a place of the text is afterwards."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._starts, self._ends = [one.start for one in findings], [one.end for one in findings]
        self._sizes = [len(one.placeholder) for one in findings]
        self._gained = [0]  # by how much the text has grown before each finding
        for one, size in zip(findings, self._sizes, strict=True):
            self._gained.append(self._gained[-1] + size - (one.end - one.start))

    def start(self, place: int) -> int:
        """Of where something begins: in a replaced part, where its placeholder begins."""
        index = bisect_right(self._ends, place)  # the first finding that ends behind the place
        inside = index < len(self._starts) and self._starts[index] < place
        return (self._starts[index] if inside else place) + self._gained[index]

    def end(self, place: int) -> int:
        """Of where something ends: in a replaced part, where its placeholder ends."""
        index = bisect_left(self._ends, place)
        if index < len(self._starts) and self._starts[index] < place:
            return self._starts[index] + self._gained[index] + self._sizes[index]
        return place + self._gained[index]

    def entity(self, one: Entity) -> Entity:
        return replace(one, start=self.start(one.start), end=self.end(one.end))


def _tokens(record: Record, moves: _Moves) -> tuple[tuple[tuple[int, int], ...] | None, tuple[int, ...] | None]:
    """Tokens and sentence starts afterwards; a sentence that began inside of a placeholder's token goes on."""
    if record.tokens is None:
        return None, record.sentence_starts
    tokens: list[tuple[int, int]] = []
    begin = set(record.sentence_starts or (0,))
    starts: list[int] = []
    for index, (first, last) in enumerate(record.tokens):
        start, end = moves.start(first), moves.end(last)
        if tokens and start < tokens[-1][1]:
            tokens[-1] = tokens[-1][0], max(end, tokens[-1][1])
            continue
        if index in begin:
            starts.append(len(tokens))
        tokens.append((start, end))
    return tuple(tokens), None if record.sentence_starts is None else tuple(starts)
