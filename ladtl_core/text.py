"""Tokens with code-point offsets, sentence starts, and the way between spans and BIO tags."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from ladtl_core.errors import ConfigError
from ladtl_core.records import Entity, Record, Sentence

Offsets = tuple[tuple[int, int], ...]

# Letters carry their combining marks with them; a number keeps inner points and commas (1,204.5).
_MARKS = "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0900-\u0903\u093a-\u094f\u200d\ufe0f"
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_NUMBER = r"\d+(?:[.,]\d+)*"
_LETTERS = rf"(?:[^\W\d_][{_MARKS}]*)+"
_OTHER = rf"\S[{_MARKS}]*"
SCHEMES: dict[str, re.Pattern[str]] = {
    "word": re.compile(rf"{_NUMBER}|{_LETTERS}|{_OTHER}"),
    "character": re.compile(_OTHER),
    "chinese": re.compile(rf"[{_HAN}]|{_NUMBER}|(?:[^\W\d_{_HAN}][{_MARKS}]*)+|{_OTHER}"),
}
TOKENIZER_VERSION = 1

_SENTENCE_END = re.compile(r"[.!?]+[\"')\]]*(?=\s+[\"'(\[]?[^\W_a-zß-öø-ÿ])|[。！？]+[”』」]*|\r?\n|\r")
_ABBREVIATION = re.compile(r"(?:^|\s)(?:[A-Za-z]|Dr|Dra|Mr|Mrs|Ms|Prof|Sr|Sra|St|vs|etc|approx|fig|Fig|No|no)\.$")


def tokenize(text: str, scheme: str = "word") -> tuple[Offsets, tuple[int, ...]]:
    """Offsets of the tokens of `text` and the indices of the tokens that begin a sentence.

    Schemes: `word` (numbers, runs of letters, other visible characters one by one), `character` (every visible
    character), `chinese` (Han characters one by one, the rest as words). Raises ConfigError for another scheme.
    """
    if scheme not in SCHEMES:
        raise ConfigError(f"token scheme is {scheme!r}; expected one of {', '.join(SCHEMES)}")
    offsets = tuple(match.span() for match in SCHEMES[scheme].finditer(text))
    breaks = [
        m.end() for m in _SENTENCE_END.finditer(text) if not _ABBREVIATION.search(text[max(0, m.start() - 9) : m.end()])
    ]
    starts, next_break = [], 0
    for index, (start, _) in enumerate(offsets):
        crossed = False
        while next_break < len(breaks) and breaks[next_break] <= start:
            next_break, crossed = next_break + 1, True
        if crossed or index == 0:
            starts.append(index)
    return offsets, tuple(starts)


def spans_to_bio(entities: Sequence[Entity], offsets: Offsets) -> tuple[list[str], list[Entity]]:
    """BIO tags of the tokens, and the entities that BIO could not carry.

    An edge inside a token moves out to the token's edge. Of entities that then overlap the longest stays (ties: the
    earlier start, then the label's name); one without any token is left out as well.
    """
    token_starts, token_ends = [start for start, _ in offsets], [end for _, end in offsets]
    placed = []
    for entity in entities:
        inside = range(bisect_right(token_ends, entity.start), bisect_left(token_starts, entity.end))
        placed.append((entity, inside))
    placed.sort(key=lambda item: (-len(item[1]), item[0].start, item[0].label))
    tags, left_out = ["O"] * len(offsets), []
    for entity, inside in placed:
        if not inside or any(tags[i] != "O" for i in inside):
            left_out.append(entity)
            continue
        for i in inside:
            tags[i] = f"I-{entity.label}"
        tags[inside[0]] = f"B-{entity.label}"
    return tags, sorted(left_out)


def bio_to_spans(tags: Sequence[str], offsets: Offsets) -> list[Entity]:
    """Entities of BIO tags, read as conlleval reads them: an I- that continues nothing begins an entity."""
    entities: list[Entity] = []
    open_label: str | None = None
    for tag, (start, end) in zip(tags, offsets, strict=True):
        prefix, _, label = tag.partition("-")
        if prefix == "I" and label == open_label:
            entities[-1] = Entity(entities[-1].start, end, label)
        elif prefix in ("B", "I"):
            entities.append(Entity(start, end, label))
        open_label = label if prefix in ("B", "I") else None
    return entities


def to_sentences(record: Record, scheme: str = "word") -> list[Sentence]:
    """The record's sentences: by its own tokens and sentence starts where it has them, else by `scheme`."""
    if record.tokens is not None:
        offsets, starts = record.tokens, record.sentence_starts or (0,)
    else:
        offsets, starts = tokenize(record.text, scheme)
    if not offsets:
        return []
    tags = None if record.entities is None else spans_to_bio(record.entities, offsets)[0]
    sentences = []
    for begin, stop in zip(starts, (*starts[1:], len(offsets)), strict=True):
        part = offsets[begin:stop]
        if part:
            words = tuple(record.text[start:end] for start, end in part)
            sentences.append(Sentence(record.id, words, part, None if tags is None else tuple(tags[begin:stop])))
    return sentences
