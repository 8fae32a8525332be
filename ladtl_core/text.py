"""Tokens with code-point offsets, sentence starts, and the way between spans and BIO tags."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from ladtl_core.errors import ConfigError
from ladtl_core.records import Entity, Record, Sentence

Offsets = tuple[tuple[int, int], ...]


def _combining_marks() -> str:
    """What joins the character before it, as the inside of a regular expression's character class."""
    marks = [code for code in range(0x20000) if unicodedata.category(chr(code)).startswith("M")]
    first = [code for code, before in zip(marks, [-1, *marks], strict=False) if code != before + 1]
    last = [code for code, after in zip(marks, [*marks[1:], -1], strict=True) if code != after - 1]
    soft_hyphen_joiners, skin_tones, variants = "\u00ad\u200c\u200d", "\U0001f3fb-\U0001f3ff", "\U000e0100-\U000e01ef"
    ranges = "".join(f"{chr(a)}-{chr(b)}" for a, b in zip(first, last, strict=True))
    return soft_hyphen_joiners + skin_tones + variants + ranges


# Letters carry their combining marks with them; a number keeps inner points and commas (1,204.5); emoji that a
# zero-width joiner ties together stay one token. Nothing follows these, so they never go back; a possessive repeat of a
# group would say so, but Python before 3.11.5 matches it wrongly.
_MARKS = rf"(?:(?![\0-\x7f])[{_combining_marks()}])*"  # ASCII, the usual case, is passed over at once
_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_NUMBER = rf"\d+(?:[.,]\d+)*{_MARKS}"
_LETTERS = rf"(?:[^\W\d_]++{_MARKS})+"
_OTHER = rf"\S{_MARKS}(?:(?<=\u200d)[^\w\s]{_MARKS})*"
SCHEMES: dict[str, re.Pattern[str]] = {
    "word": re.compile(rf"{_NUMBER}|{_LETTERS}|{_OTHER}"),
    "character": re.compile(_OTHER),
    "chinese": re.compile(rf"[{_HAN}]{_MARKS}|{_NUMBER}|(?:[^\W\d_{_HAN}]++{_MARKS})+|{_OTHER}"),
}
_HAN_CHARACTER = re.compile(f"[{_HAN}]")
TOKENIZER_VERSION = 1

# A run of closing punctuation before white space and a letter or digit, a CJK full stop, or the end of a line.
_SENTENCE_END = re.compile(
    r"(?<![.!?])[.!?]++[\"')\]”’»]*+(?=\s++[\"'(\[“‘«¿¡]*+\w)|[。！？]++[”』」]*+|\r\n|[\n\r\f\x85\u2028\u2029]"
)
_NEXT_WORD = re.compile(r"\s++[\"'(\[“‘«¿¡]*+(\w)")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:(?:[A-Za-z]\.)*[A-Za-z]|Dr|Dra|Mr|Mrs|Ms|Prof|Sr|Sra|St|vs|etc|approx|[Ff]ig|[Nn]o)\.$"
)


def tokenize(text: str, scheme: str = "word") -> tuple[Offsets, tuple[int, ...]]:
    """Offsets of the tokens of `text` and the indices of the tokens that begin a sentence.

    Schemes: `word` (numbers, runs of letters, other visible characters one by one), `character` (every visible
    character), `chinese` (Han characters one by one, the rest as words). Raises ConfigError for another scheme.
    """
    if scheme not in SCHEMES:
        raise ConfigError(f"token scheme is {scheme!r}; expected one of {', '.join(SCHEMES)}")
    offsets = tuple(match.span() for match in SCHEMES[scheme].finditer(text))
    breaks = [match.end() for match in _SENTENCE_END.finditer(text) if _ends_sentence(text, match)]
    starts, next_break = [], 0
    for index, (start, _) in enumerate(offsets):
        crossed = False
        while next_break < len(breaks) and breaks[next_break] <= start:
            next_break, crossed = next_break + 1, True
        if crossed or index == 0:
            starts.append(index)
    return offsets, tuple(starts)


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    """False after an abbreviation or before a word in lower case."""
    if match[0][0] not in ".!?":
        return True
    following = _NEXT_WORD.match(text, match.end())
    in_lower_case = following is not None and following[1].islower()
    return not in_lower_case and not _ABBREVIATION.search(text[max(0, match.start() - 9) : match.end()])


def han_share(text: str) -> float:
    """The share of Chinese characters among the letters of a text, 0 to 1."""
    letters = sum(map(str.isalpha, text))
    return len(_HAN_CHARACTER.findall(text)) / letters if letters else 0.0


def spans_to_bio(entities: Sequence[Entity], offsets: Offsets) -> tuple[list[str], list[Entity]]:
    """BIO tags of the tokens, and the entities that BIO could not carry.

    An edge inside a token moves out to the token's edge. Of entities that then overlap the longest stays (ties: the
    earlier start, then the label's name); one without any token is left out as well.
    """
    starts, ends = [start for start, _ in offsets], [end for _, end in offsets]
    placed = []
    for entity in entities:
        placed.append((entity, range(bisect_right(ends, entity.start), bisect_left(starts, entity.end))))
    placed.sort(key=lambda item: (-len(item[1]), item[0].start, item[0].label))
    tags, left_out = ["O"] * len(offsets), []
    for entity, inside in placed:
        if not inside or any(tags[i] != "O" for i in inside):
            left_out.append(entity)
            continue
        tags[inside.start : inside.stop] = [f"I-{entity.label}"] * len(inside)
        tags[inside.start] = f"B-{entity.label}"
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
    """The record's sentences: by its own tokens and sentence starts where it has them, else by `scheme`.

    A span that crosses a sentence's end is cut there: each part begins with B-.
    """
    if record.tokens is not None:
        offsets, starts = record.tokens, record.sentence_starts or (0,)
    else:
        offsets, starts = tokenize(record.text, scheme)
    tags = None if record.entities is None else spans_to_bio(record.entities, offsets)[0]
    sentences = []
    for begin, stop in zip(starts, (*starts, len(offsets))[1:], strict=True):
        part = offsets[begin:stop]
        if not part:
            continue
        words = tuple(record.text[start:end] for start, end in part)
        sentences.append(Sentence(record.id, words, part, None if tags is None else _cut(tags[begin:stop])))
    return sentences


def _cut(tags: list[str]) -> tuple[str, ...]:
    """A sentence's tags, with an I- at its beginning made a B-."""
    return (tags[0].replace("I-", "B-", 1) if tags[0].startswith("I-") else tags[0], *tags[1:])
