"""How far departments are apart, by their words: no model is needed, so it is known before the first training."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import fsum, log2

from ladtl_core.vocab import normal_form
from workbench.services.roles import Act, needs, visible
from workbench.store import departments
from workbench.store import words as of_store
from workbench.store.database import Database
from workbench.store.words import Told

Words = Counter[str]
State = tuple[int, ...]
Labels = tuple[dict[tuple[int, int], dict[int, int | None]], dict[int, str]]
"""For two departments the second's label for each of the first's, by ids, or None; and the labels' names."""


@dataclass(frozen=True)
class Counted:
    """The words of a department's training records, and of the spans with each label, by the label's id."""

    text: Words = field(default_factory=Counter)
    spans: dict[int, Words] = field(default_factory=dict)


@dataclass(frozen=True)
class Apart:
    """The divergence of so many words of one department from so many of another; None where one has none."""

    bits: float | None
    words: tuple[int, int]


@dataclass(frozen=True)
class Distance:
    """From one department to another: of all words, and of those in spans by label.

    Labels have the names of the second department's, and are those that the first has, too.
    """

    text: Apart
    labels: dict[str, Apart]


def divergence(one: Words, other: Words) -> float | None:
    """The Jensen-Shannon divergence of two distributions of words, in bits: 0 the same, 1 no word in common.

    JSD(p, q) = KL(p || m) / 2 + KL(q || m) / 2, where m = (p + q) / 2 and p and q are each word's share; symmetric.
    From Lin, "Divergence measures based on the Shannon entropy", IEEE Trans. Inf. Theory 37, 1991; Plank and van Noord,
    "Effective measures of domain similarity for parsing", ACL 2011, choose sources by it. Small samples lie farther
    apart than what they were drawn from. None if one has no word.
    """
    total, others = one.total(), other.total()
    if not total or not others:
        return None
    shares = ((one[word] / total, other[word] / others) for word in one.keys() | other.keys())
    bits = fsum(part / 2 * log2(2 * part / (p + q)) for p, q in shares for part in (p, q) if part)
    return min(1.0, max(0.0, bits))  # fsum rounds once: the order of the words changes nothing


@needs(Act.RESEARCH)
def state(database: Database) -> dict[int, State]:
    """By department what its words depend on: as long as it is the same, `counted` is."""
    with database.reading() as session:
        sees = visible(session)
        return {one: state for one, state in of_store.state(session).items() if sees(one)}


@needs(Act.RESEARCH)
def counted(database: Database, department_id: int) -> Counted:
    """The department's words in the form in which a tagger looks them up; reads all its training records."""
    with database.reading() as session:
        records = of_store.told(session, department_id)
    found = Counted()
    for record in records:
        _count(record, found)
    return found


def _count(record: Told, into: Counted) -> None:
    words = [normal_form(record.text[start:end]) for start, end in record.tokens]
    into.text.update(words)
    starts, ends = [start for start, _ in record.tokens], [end for _, end in record.tokens]
    for start, end, label_id in record.spans:
        inside = words[bisect_right(ends, start) : bisect_left(starts, end)]
        into.spans.setdefault(label_id, Counter()).update(inside)


@needs(Act.RESEARCH)
def names(database: Database) -> dict[int, str]:
    """All departments, in the order in which they were made."""
    with database.reading() as session:
        sees = visible(session)
        return {one.id: one.name for one in departments.all_departments(session) if sees(one.id)}


@needs(Act.RESEARCH)
def labels(database: Database) -> Labels:
    """Which labels departments have, and which stand for each other."""
    with database.reading() as session:
        sees = visible(session)
        same = {pair: meant for pair, meant in of_store.same_labels(session).items() if all(map(sees, pair))}
        used = {label for meant in same.values() for pair in meant.items() for label in pair}
        return same, {label: name for label, name in of_store.label_names(session).items() if label in used}


def between(words: Callable[[int], Counted], of_departments: Labels) -> dict[tuple[int, int], Distance]:
    """The distance of every two departments, by their ids; `words` gives the words of one."""
    same, label_names = of_departments
    counts = {department_id: words(department_id) for pair in same for department_id in pair}
    bits = {(a, b): divergence(counts[a].text, counts[b].text) for a, b in same if a < b}
    return {
        (a, b): Distance(
            Apart(bits[min(a, b), max(a, b)], (counts[a].text.total(), counts[b].text.total())),
            _of_labels(counts[a], counts[b], meant, label_names),
        )
        for (a, b), meant in same.items()
    }


def _of_labels(
    one: Counted, other: Counted, meant: Mapping[int, int | None], label_names: Mapping[int, str]
) -> dict[str, Apart]:
    found = {}
    for own, theirs in meant.items():
        if theirs is not None:
            here, there = one.spans.get(own, Counter()), other.spans.get(theirs, Counter())
            found[label_names[theirs]] = Apart(divergence(here, there), (here.total(), there.total()))
    return found
