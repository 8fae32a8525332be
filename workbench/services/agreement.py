"""How far people agree who labelled the same records: F1 of their spans, pair by pair, and alpha on tokens.

Exact F1 counts spans with the same edges and label. Overlapping F1 counts spans of one label that share a character;
each is matched once at most, and as many as can be. F1 is the same whichever of the two is taken for the gold.

Krippendorff's alpha takes each token for a unit and its label, or `O`, for the value; who did not submit a record has
no value for its tokens. Of overlapping spans a token has the one that training would learn. 1 is perfect agreement, 0
what chance gives. Most tokens of most records are `O` for everybody, which raises it: it is told without them, too.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ladtl_core.formats.csv_rows import no_formula
from ladtl_core.records import Entity
from ladtl_core.text import Offsets, spans_to_bio
from workbench.services.roles import Act, needs
from workbench.store import departments, versions
from workbench.store.database import Database

OUTSIDE = "O"


@dataclass(frozen=True, slots=True)
class SharedRecord:
    """A record's tokens, and the spans of each person who submitted it."""

    tokens: Offsets
    spans: Mapping[str, Sequence[Entity]]


@dataclass(frozen=True, slots=True)
class SpanAgreement:
    """Matches between the spans of two people, or summed over pairs; `spans` counts those of both sides."""

    spans: int = 0
    exact_matches: int = 0
    overlapping_matches: int = 0

    @property
    def exact(self) -> float | None:
        """F1 in percent; None where neither side has a span, so that it cannot be told."""
        return 200 * self.exact_matches / self.spans if self.spans else None

    @property
    def overlapping(self) -> float | None:
        """F1 in percent, or None."""
        return 200 * self.overlapping_matches / self.spans if self.spans else None

    def __add__(self, other: SpanAgreement) -> SpanAgreement:
        return SpanAgreement(
            self.spans + other.spans,
            self.exact_matches + other.exact_matches,
            self.overlapping_matches + other.overlapping_matches,
        )


@dataclass(frozen=True, slots=True)
class TokenAgreement:
    """Alpha over all tokens, and over `labelled_tokens`, which somebody gave a label; None where it cannot be told."""

    tokens: int
    alpha: float | None
    labelled_tokens: int
    labelled_alpha: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Overall, for two people each with the records that both submitted, and for each label (on tokens: it or not).

    `records` have two or more versions. `left_out` spans overlap longer ones, or have no token; they count in F1 alone.
    """

    records: int
    people: tuple[str, ...]
    spans: SpanAgreement
    tokens: TokenAgreement
    pairs: dict[tuple[str, str], tuple[int, SpanAgreement]]
    labels: dict[str, tuple[SpanAgreement, TokenAgreement]]
    left_out: int


@needs(Act.REVIEW)
def of_department(database: Database, department_id: int) -> Agreement:
    """Over the department's records that two or more people submitted."""
    with database.reading() as session:
        names = {label.id: label.name for label in departments.labels(session, department_id)}
        found = versions.of_department(session, department_id)
    return measure(
        [
            SharedRecord(
                tuple((start, end) for start, end in shared.record.tokens),
                {
                    version.author: [Entity(span.start, span.end, names[span.label_id]) for span in version.spans]
                    for version in shared.people
                },
            )
            for shared in found
        ]
    )


def rows(found: Agreement) -> list[dict[str, Any]]:
    """A table: `all`, then each `pair` and `label`. F1 in percent; None is what cannot be told, or not of a pair."""
    table = [_row("all", "all", found.records, found.spans, found.tokens)]
    table += [_row("pair", " and ".join(pair), *of_pair, None) for pair, of_pair in found.pairs.items()]
    return table + [_row("label", label, found.records, *of_label) for label, of_label in found.labels.items()]


def _row(kind: str, name: str, records: int, spans: SpanAgreement, tokens: TokenAgreement | None) -> dict[str, Any]:
    return {
        "kind": kind,
        "of": name,
        "records": records,
        "spans": spans.spans,
        "exact F1": spans.exact,
        "overlapping F1": spans.overlapping,
        "tokens": tokens and tokens.tokens,
        "alpha": tokens and tokens.alpha,
        "tokens with a label": tokens and tokens.labelled_tokens,
        "alpha without O": tokens and tokens.labelled_alpha,
    }


def to_csv(found: Agreement) -> str:
    """The table as CSV, without a cell that a spreadsheet would run; what cannot be told is empty."""
    table, text = rows(found), StringIO()
    writer = csv.DictWriter(text, table[0])
    writer.writeheader()
    writer.writerows({name: no_formula(cell) for name, cell in row.items()} for row in table)
    return text.getvalue()


def measure(records: Sequence[SharedRecord]) -> Agreement:
    """Agreement over records; sums are over all pairs of people."""
    shared: Counter[tuple[str, str]] = Counter()
    found: dict[tuple[tuple[str, str], str], SpanAgreement] = {}  # by pair and label
    for record in records:
        for pair in combinations(sorted(record.spans), 2):
            shared[pair] += 1
            for label, part in _compared(record.spans[pair[0]], record.spans[pair[1]]).items():
                found[pair, label] = found.get((pair, label), SpanAgreement()) + part
    labels = sorted({label for _, label in found})
    counts, left_out = _token_counts(records, labels)
    return Agreement(
        records=len(records),
        people=tuple(sorted({person for record in records for person in record.spans})),
        spans=_summed(found.values()),
        tokens=_on_tokens(counts, counts),
        pairs={
            pair: (number, _summed(part for (of, _), part in found.items() if of == pair))
            for pair, number in sorted(shared.items())
        },
        labels={
            label: (
                _summed(part for (_, of), part in found.items() if of == label),
                _on_tokens(counts, _one_against_rest(counts, column)),
            )
            for column, label in enumerate(labels, 1)
        },
        left_out=left_out,
    )


def _summed(parts: Iterable[SpanAgreement]) -> SpanAgreement:
    return sum(parts, SpanAgreement())


def _compared(first: Iterable[Entity], second: Iterable[Entity]) -> dict[str, SpanAgreement]:
    """The agreement of two people on one record, by label. The same span twice is one."""
    one, other = set(first), set(second)
    found = {}
    for label in {span.label for span in one | other}:
        mine = sorted(span for span in one if span.label == label)
        theirs = sorted(span for span in other if span.label == label)
        found[label] = SpanAgreement(
            spans=len(mine) + len(theirs),
            exact_matches=len(set(mine) & set(theirs)),
            overlapping_matches=overlapping_matches(mine, theirs),
        )
    return found


def overlapping_matches(first: Sequence[Entity], second: Sequence[Entity]) -> int:
    """The largest number of pairs of overlapping spans, one of each side, with every span in one pair at most."""
    touching = [[i for i, b in enumerate(second) if a.start < b.end and b.start < a.end] for a in first]
    taken_by: dict[int, int] = {}  # index into second -> index into first

    def place(span: int, tried: set[int]) -> bool:
        """Whether the span finds a partner, if need be by giving another span's partner a new one."""
        for candidate in sorted(touching[span], key=taken_by.__contains__):  # free ones first
            if candidate not in tried:
                tried.add(candidate)
                if candidate not in taken_by or place(taken_by[candidate], tried):
                    taken_by[candidate] = span
                    return True
        return False

    return sum(place(span, set()) for span in range(len(first)))


def _token_counts(records: Sequence[SharedRecord], labels: Sequence[str]) -> tuple[NDArray[np.int64], int]:
    """How many people gave each token (row) no label (column 0) or each label; and spans that tokens cannot carry."""
    column = {label: number for number, label in enumerate(labels, 1)}
    parts = [np.zeros((0, len(labels) + 1), dtype=np.int64)]
    left_out = 0
    for record in records:
        counts = np.zeros((len(record.tokens), len(labels) + 1), dtype=np.int64)
        for spans in record.spans.values():
            tags, lost = spans_to_bio(sorted(set(spans)), record.tokens)
            left_out += len(lost)
            values = [0 if tag == OUTSIDE else column[tag[2:]] for tag in tags]
            counts[np.arange(len(values)), values] += 1
        parts.append(counts)
    return np.concatenate(parts), left_out


def _one_against_rest(counts: NDArray[np.int64], column: int) -> NDArray[np.int64]:
    own = counts[:, column]
    return np.stack([counts.sum(axis=1) - own, own], axis=1)


def _on_tokens(counts: NDArray[np.int64], values: NDArray[np.int64]) -> TokenAgreement:
    """Alpha of `values`; `counts` say which tokens everybody left without a label."""
    labelled = counts[:, 1:].any(axis=1)
    return TokenAgreement(len(values), _alpha(values), int(labelled.sum()), _alpha(values[labelled]))


def _alpha(values: NDArray[np.int64]) -> float | None:
    """Krippendorff's nominal alpha; None if all values are the same, or there are none.

    `values` (units, values) counts who gave a unit each value; units with one value alone say nothing. Krippendorff,
    Computing Krippendorff's Alpha-Reliability (2011), section C.
    """
    pairable = values[values.sum(axis=1) > 1]
    units, totals = pairable.sum(axis=1), pairable.sum(axis=0)
    expected = (totals.sum() ** 2 - (totals**2).sum()) / max(totals.sum() - 1, 1)
    if not expected:
        return None
    observed = ((units**2 - (pairable**2).sum(axis=1)) / (units - 1)).sum()
    return float(1 - observed / expected)
