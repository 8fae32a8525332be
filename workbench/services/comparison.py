"""Two trainings of one department side by side: settings, F1 label by label, sentences that one alone gets right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ladtl_core.records import Record
from ladtl_core.scores import Scores
from ladtl_core.significance import difference_intervals
from ladtl_core.text import bio_to_spans, to_sentences
from workbench.services.results import Result
from workbench.services.roles import Act, needs
from workbench.store import records, snapshots, trained
from workbench.store.database import Database

DRAWS = 1000
ALL = "all"
Span = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class LabelDifference:
    """F1 in percent and gold spans of a label in both runs, None where a run knows no such label.

    `interval` holds 95 % of `difference` (one minus other, in points) when the records are drawn anew, None where that
    cannot be told; `records` counts those with a gold span of the label, None where the runs were scored on others.
    """

    label: str
    one: float | None
    other: float | None
    spans: int | None
    other_spans: int | None
    interval: tuple[float, float] | None = None
    records: int | None = None

    @property
    def difference(self) -> float | None:
        return None if self.one is None or self.other is None else self.one - self.other


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A sentence that one of the runs tags without an error; `right` is that run, "one" or "other".

    `gold`, `one` and `other` list the spans as words and labels.
    """

    record_id: int
    record: str
    sentence: str
    right: str
    gold: str
    one: str
    other: str


@dataclass(frozen=True)
class Sentences:
    """How many sentences of so many dev records both runs, or neither, tag without an error, and all others."""

    records: int
    both: int
    neither: int
    differing: Sequence[Disagreement]

    @property
    def count(self) -> int:
        return self.both + self.neither + len(self.differing)


def settings(one: Result, other: Result) -> list[tuple[str, Any, Any]]:
    """Name and both values of each field of the two specs that differs; None where a spec has no such field."""
    mine, theirs = (dict(_fields("", _said(result.run.spec))) for result in (one, other))
    names = [*mine, *(name for name in theirs if name not in mine)]
    return [(name, mine.get(name), theirs.get(name)) for name in names if mine.get(name) != theirs.get(name)]


def _said(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec as people know it: sources by their names, and no number of the database."""
    sources = {part["name"]: _part(part) for part in spec["sources"]}
    return {**spec["config"], "source": sources, "target": _part(spec["target"])}


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    return {"snapshot": part["snapshot_hash"][:12], "label mapping": part.get("labels")}


def _fields(before: str, values: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _fields(f"{before}{name}.", value)
        else:
            yield before + name, value


@needs(Act.RESULTS)
def same_evaluation(database: Database, one: Result, other: Result) -> bool:
    """Whether both were scored on the same dev records with the same labels."""
    with database.reading() as session:
        first, second = (
            snapshots.split_hash(session, result.run.spec["target"]["snapshot"], "dev") for result in (one, other)
        )
    return first == second


def labels(one: Scores, other: Scores, paired: bool) -> list[LabelDifference]:
    """Every label that a run was scored for, and `all` of them; `paired` if both were scored on the same records."""
    names = sorted({*one.per_label, *other.per_label})
    intervals: dict[str, tuple[float, float] | None] = {}
    counted: dict[str, int] = {}
    if paired and names and one.counts and other.counts:
        mine, theirs = _cells(one, names), _cells(other, names)
        intervals = dict(zip([*names, ALL], difference_intervals(mine, theirs, DRAWS), strict=True))
        counted = dict(zip([*names, ALL], (mine[..., 2] > 0).sum(0).tolist(), strict=True))
    first, second = ({**scores.per_label, ALL: scores.overall} for scores in (one, other))
    return [
        LabelDifference(
            label,
            first[label].f1 if label in first else None,
            second[label].f1 if label in second else None,
            first[label].support if label in first else None,
            second[label].support if label in second else None,
            intervals.get(label),
            counted.get(label),
        )
        for label in [*names, ALL]
    ]


def _cells(scores: Scores, names: Sequence[str]) -> np.ndarray:
    """Counts (records, labels + 1, 3), the last of all labels together."""
    nothing = [[0, 0, 0]] * scores.records
    counts = np.array([scores.counts.get(name, nothing) for name in names], dtype=np.int64).swapaxes(0, 1)
    return np.concatenate([counts, counts.sum(1, keepdims=True)], axis=1)


@needs(Act.RESULTS)
def sentences(database: Database, one: Result, other: Result) -> Sentences:
    """The dev records that `one` was scored on, with its labels, sentence by sentence; only those that both have read.

    A sentence is right when exactly its gold spans were found, as evaluation counts them.
    """
    with database.reading() as session:
        target = one.run.spec["target"]
        dev = [record for record in snapshots.records_today(session, target["snapshot"]) if record.split == "dev"]
        ids = records.ids(session, target["department"])
        found = [trained.suggestions(session, result.model_id, ("dev",)) for result in (one, other)]
    read = [record for record in dev if all(ids[record.id] in of_run for of_run in found)]
    rights = {True: 0, False: 0}
    differing = []
    for record in read:
        key = ids[record.id]
        predicted = [{(span["start"], span["end"], span["label"]) for span in of_run[key]} for of_run in found]
        for start, end, gold in _gold(record):
            mine, theirs = ({span for span in spans if start <= span[0] < end} for spans in predicted)
            if (mine == gold) == (theirs == gold):
                rights[mine == gold] += 1
                continue
            said = (_words(record.text, spans) for spans in (gold, mine, theirs))
            right = "one" if mine == gold else "other"
            differing.append(Disagreement(key, record.id, record.text[start:end], right, *said))
    return Sentences(len(read), rights[True], rights[False], differing)


def _gold(record: Record) -> Iterable[tuple[int, int, set[Span]]]:
    """Start, end and gold spans of each sentence."""
    for sentence in to_sentences(record):
        spans = bio_to_spans(sentence.tags or (), sentence.offsets)
        gold = {(span.start, span.end, span.label) for span in spans}
        yield sentence.offsets[0][0], sentence.offsets[-1][1], gold


def _words(text: str, spans: Iterable[Span]) -> str:
    return "; ".join(f"{text[start:end]} ({label})" for start, end, label in sorted(spans)) or "no span"
