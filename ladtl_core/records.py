"""Records, their entities and their sentences. Offsets are code points of the text, end exclusive."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from ladtl_core.errors import DataError

SPLITS = ("pool", "train", "dev", "test")
PLACE = ("department", "split", "patient")  # fields of a record that say where it belongs


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """A labelled stretch `text[start:end]` of a record."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True, order=True)
class Prediction:
    """What a model took `text[start:end]` for; `confidence` is its score, mostly 0 to 1, None where it gave none."""

    start: int
    end: int
    label: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One clinical text.

    `entities` is None while nobody has labelled the record; an empty tuple says "labelled, nothing found".
    `tokens` are (start, end) offsets and `sentence_starts` indices into them; both None unless the source gave them.
    `predictions` of a model are never taken for labels.
    """

    id: str
    text: str
    entities: tuple[Entity, ...] | None = None
    department: str | None = None
    split: str | None = None
    patient: str | None = None
    tokens: tuple[tuple[int, int], ...] | None = None
    sentence_starts: tuple[int, ...] | None = None
    predictions: tuple[Prediction, ...] = ()

    @property
    def place(self) -> dict[str, str]:
        """Those of its fields in PLACE that are known."""
        return {name: value for name in PLACE if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class Sentence:
    """Tokens of one sentence with their offsets into the record's text, and BIO tags where the record is labelled."""

    record_id: str
    tokens: tuple[str, ...]
    offsets: tuple[tuple[int, int], ...]
    tags: tuple[str, ...] | None = None


def check_record(record: Record) -> None:
    """Raise DataError (without a place) if an offset, a split or an identifier cannot be right."""
    if not record.id:
        raise DataError("the record has no id; every record needs one of its own", field="id")
    if record.split is not None and record.split not in SPLITS:
        raise DataError(f"split is {record.split!r}; expected one of {', '.join(SPLITS)}", field="split")
    for field, spans in (("entities", record.entities or ()), ("predictions", record.predictions)):
        for span in spans:
            if not span.label:
                raise DataError(f"the span {span.start}-{span.end} has no label", field=field)
            check_stretch("span", span.start, span.end, record.text, field)
    if record.tokens is not None:
        check_tokens(record.text, record.tokens, record.sentence_starts or (0,))


def check_stretch(what: str, start: int, end: int, text: str, field: str = "entities") -> None:
    """Raise DataError unless 0 <= start < end <= len(text)."""
    if not 0 <= start < end <= len(text):
        raise DataError(
            f"{what} {start}-{end} lies outside the text, which has {len(text)} characters; "
            "expected 0 <= start < end <= length, counted in code points",
            field=field,
        )


def check_tokens(text: str, tokens: Iterable[tuple[int, int]], sentence_starts: tuple[int, ...]) -> None:
    """Raise DataError unless tokens are ordered and disjoint and sentence starts ascend from 0."""
    previous, count = 0, 0
    for start, end in tokens:
        check_stretch("token", start, end, text, "tokens")
        if start < previous:
            raise DataError(f"token {start}-{end} begins before the previous one ends at {previous}", field="tokens")
        previous, count = end, count + 1
    ascending = all(a < b for a, b in pairwise(sentence_starts))
    if count and (not sentence_starts or sentence_starts[0] != 0 or not ascending or sentence_starts[-1] >= count):
        raise DataError(
            f"sentence starts must ascend from 0 below {count}, the number of tokens", field="sentence_starts"
        )
