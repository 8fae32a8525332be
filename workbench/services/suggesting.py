"""Suggestions for one record from all their sources: propagated mentions, rules, the current model, imported files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from ladtl_core.errors import DataError
from workbench.services import access, patterns
from workbench.services.patterns import Spans
from workbench.services.roles import Act, needs
from workbench.store import audit, departments, imported, records, rules, trained
from workbench.store.database import Database
from workbench.store.gold import gold
from workbench.store.labels import by_name
from workbench.store.models import Rule
from workbench.store.records import LABELLING_SPLITS

# Of suggestions that overlap the earlier source is offered: what a person said first.
SOURCES = ("propagated", "rule", "model", "import")
CONTEXT = 30  # characters shown on each side of a match
Suggestion = dict[str, Any]
Place = tuple[int, int, int]
"""Start, end and the label's id."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Where a rule's words stand, by whether they have its label: record, text before, words, text after.

    `slow` are records to which a regular expression was not applied, because it takes too long.
    """

    places: dict[bool, list[tuple[str, str, str, str]]] = field(default_factory=lambda: {True: [], False: []})
    slow: list[str] = field(default_factory=list)


def expressions(found: Iterable[Rule]) -> list[str]:
    """The regular expressions among rules, as `patterns.find` takes them."""
    return [rule.text for rule in found if rule.kind == "pattern"]


def matches(
    text: str, tokens: Sequence[Sequence[int]], found: Iterable[Rule], of_patterns: Spans | None = None
) -> list[Suggestion]:
    """Where the rules' words stand, as suggestions without confidence; in the order of the text.

    Terms and mentions are whole tokens, whatever their case and the white space between their words. `of_patterns` are
    the matches of the rules that are regular expressions.
    """
    starts, ends = {start for start, _ in tokens}, {end for _, end in tokens}
    places: dict[Place, str] = {}
    for rule in found:
        origin = "propagated" if rule.kind == "propagated" else "rule"
        whole = rule.kind != "pattern"
        for start, end in _stretches(rule, text) if whole else (of_patterns or {}).get(rule.text) or ():
            if start < end and (not whole or (start in starts and end in ends)):
                places.setdefault((start, end, rule.label_id), origin)
    return [
        {"start": start, "end": end, "label": label, "confidence": None, "model": None, "origin": origin}
        for (start, end, label), origin in sorted(places.items())
    ]


def offered(suggestions: Iterable[Suggestion], rejected: set[Place]) -> list[Suggestion]:
    """Those of `suggestions` that overlap none of an earlier source or place; rejected ones stay, for an undo."""
    by_source = sorted(suggestions, key=lambda one: (SOURCES.index(one["origin"]), one["start"], -one["end"]))
    kept: dict[Place, Suggestion] = {}
    taken: list[Suggestion] = []
    for one in by_source:
        if place_of(one) in rejected:
            kept.setdefault(place_of(one), one)
        elif not any(one["start"] < other["end"] and other["start"] < one["end"] for other in taken):
            kept[place_of(one)] = one
            taken.append(one)
    return sorted(kept.values(), key=place_of)


def place_of(suggestion: Mapping[str, Any]) -> Place:
    return suggestion["start"], suggestion["end"], suggestion["label"]


def of_models_and_files(session: Session, department_id: int, splits: Sequence[str]) -> dict[int, list[Suggestion]]:
    """What the current model suggests for records of `splits`, and imported files for all, by record id.

    Each span is {start, end, label (its name), confidence (0-1, or None in a file)}.
    """
    model = trained.current(session, department_id)
    spans = trained.suggestions(session, model.id, splits) if model is not None else {}
    names = {label.id: label.name for label in departments.labels(session, department_id)}
    for record_id, found in imported.of_department(session, department_id).items():
        spans.setdefault(record_id, []).extend({**span, "label": names[span["label"]]} for span in found)
    return spans


@needs(Act.ANNOTATE)
def propagate(database: Database, record_id: int, start: int, end: int, label_id: int, author: str) -> int:
    """Suggest these words of a record with this label wherever else they stand in the author's queue.

    Returns in how many records that are not done they stand. Raises NotFound, and DataError for a stretch that does
    not begin and end with a token.
    """
    with database.session() as session:
        row = records.get(session, record_id)
        if start not in (begin for begin, _ in row.tokens) or end not in (stop for _, stop in row.tokens):
            raise DataError(f"the stretch {start}-{end} does not begin and end with a word, so it cannot be propagated")
        words = row.text[start:end]
        rule = rules.add(session, row.department_id, "propagated", words, label_id, author)
        items = records.queue(session, row.department_id, author, evaluation=False)
        open_ids = {item.record_id for item in items if item.status in ("pending", "draft")} - {record_id}
        others = records.of_department(session, row.department_id, LABELLING_SPLITS)
        return sum(bool(matches(other.text, other.tokens, [rule])) for other in others if other.id in open_ids)


@needs(Act.LABELS)
def rules_of(database: Database, department_id: int) -> list[dict[str, Any]]:
    """The department's rules as {id, kind, text, label (its name), author}."""
    with database.reading() as session:
        names = {label.id: label.name for label in departments.labels(session, department_id)}
        return [
            {"id": rule.id, "kind": rule.kind, "text": rule.text, "label": names[rule.label_id], "author": rule.author}
            for rule in rules.of_department(session, department_id)
        ]


@needs(Act.LABELS)
def try_rules(database: Database, department_id: int) -> dict[int, Trial]:
    """How each rule, by its id, does on the submitted pool and training records of its department."""
    with database.reading() as session:
        found = rules.of_department(session, department_id)
        names = {label.id: label.name for label in departments.labels(session, department_id)}
        labelled = gold(session, department_id, LABELLING_SPLITS)
    trials = {rule.id: Trial() for rule in found}
    of_patterns = patterns.find(expressions(found), [item.record.text for item in labelled])
    for item, spans_of in zip(labelled, of_patterns, strict=True):
        row = item.record
        spans = {(span.start, span.end, span.label) for span in item.entities}
        for rule in found:
            if rule.kind == "pattern" and spans_of[rule.text] is None:
                trials[rule.id].slow.append(row.external_id)
            for one in matches(row.text, row.tokens, [rule], spans_of):
                start, end = one["start"], one["end"]
                around = row.text[max(0, start - CONTEXT) : start], row.text[start:end], row.text[end : end + CONTEXT]
                hit = (start, end, names[rule.label_id]) in spans
                trials[rule.id].places[hit].append((row.external_id, *around))
    return trials


@needs(Act.LABELS)
def add_rule(database: Database, department_id: int, kind: str, text: str, label: str, author: str) -> None:
    """A term or a regular expression. Raises DataError for what it cannot be."""
    with database.session() as session:
        ids = {name: found.id for name, found in by_name(departments.labels(session, department_id)).items()}
        rules.add(session, department_id, kind, text, ids[label], author)
        audit.note(session, author, "add rule", f"department {department_id}", {"kind": kind, "label": label})


@needs(Act.LABELS)
def remove_rule(database: Database, department_id: int, rule_id: int) -> None:
    """Its words are suggested no more; labels that came from it stay."""
    with database.session() as session:
        rules.remove(session, department_id, rule_id)
        audit.note(session, access.who(), "remove rule", f"department {department_id}", {"rule": rule_id})


def _stretches(rule: Rule, text: str) -> Iterable[tuple[int, int]]:
    words = r"\s+".join(map(re.escape, rule.text.split()))
    return [match.span() for match in re.finditer(words, text, re.IGNORECASE)]
