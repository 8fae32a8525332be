"""Precision, recall and F1 of entities in percent, with the confusion of labels and an interval over records.

The headline is seqeval's default mode, which is conlleval's: an I- that continues nothing begins an entity.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from seqeval.metrics.sequence_labeling import get_entities, precision_recall_fscore_support

from ladtl_core.scores import LabelScore, Scores
from ladtl_core.significance import f1_interval

DRAWS = 1000


def evaluate(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], records: Sequence[str]) -> Scores:
    """Scores of predicted BIO tags, sentence by sentence; `records` names each sentence's record."""
    gold, predicted = [list(tags) for tags in gold], [list(tags) for tags in predicted]
    labels = sorted({tag[2:] for tags in (*gold, *predicted) for tag in tags if tag != "O"})
    per_label = {}
    if labels:
        columns = precision_recall_fscore_support(gold, predicted, average=None, zero_division=0)
        rows = zip(labels, *(column.tolist() for column in columns), strict=True)
        per_label = {label: LabelScore(100 * p, 100 * r, 100 * f, int(n)) for label, p, r, f, n in rows}
    counts = _counts(gold, predicted, records)
    return Scores(
        _score(counts.sum(0)),
        per_label,
        _confusion(gold, predicted),
        f1_interval([counts[:, None]], DRAWS),
        len(counts),
        _counts_by_label(gold, predicted, records, labels),
    )


def f1(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> LabelScore:
    """The overall score alone."""
    return _score(_counts(gold, predicted, [""] * len(gold)).sum(0))


def counts_by_record(
    gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], records: Sequence[str]
) -> dict[str, tuple[int, int, int]]:
    """Correct, predicted and gold entities of each record, in the order in which they come first."""
    counts: dict[str, tuple[int, int, int]] = {}
    for record, gold_tags, predicted_tags in zip(records, gold, predicted, strict=True):
        truth, found = set(get_entities(list(gold_tags))), set(get_entities(list(predicted_tags)))
        correct, predictions, entities = counts.get(record, (0, 0, 0))
        counts[record] = (correct + len(truth & found), predictions + len(found), entities + len(truth))
    return counts


def _counts_by_label(
    gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], records: Sequence[str], labels: Sequence[str]
) -> dict[str, list[list[int]]]:
    rows = {record: row for row, record in enumerate(dict.fromkeys(records))}
    counts = {label: [[0, 0, 0] for _ in rows] for label in labels}
    for record, gold_tags, predicted_tags in zip(records, gold, predicted, strict=True):
        truth, found = set(get_entities(list(gold_tags))), set(get_entities(list(predicted_tags)))
        for column, entities in enumerate((truth & found, found, truth)):
            for label, _, _ in entities:
                counts[label][rows[record]][column] += 1
    return counts


def f1_of(counts: Iterable[tuple[int, int, int]]) -> float:
    """Micro-F1 in percent of correct, predicted and gold entities of records."""
    return _score(np.array(list(counts), dtype=np.int64).reshape(-1, 3).sum(0)).f1


def _counts(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], records: Sequence[str]) -> np.ndarray:
    """The same, (records, 3)."""
    counts = counts_by_record(gold, predicted, records)
    return np.array(list(counts.values()), dtype=np.int64).reshape(-1, 3)


def _score(counts: np.ndarray) -> LabelScore:
    correct, found, truth = (int(count) for count in counts)
    return LabelScore(
        100 * correct / max(found, 1), 100 * correct / max(truth, 1), 200 * correct / max(found + truth, 1), truth
    )


def _confusion(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> dict[str, dict[str, int]]:
    pairs = Counter(
        (before.partition("-")[2] or "O", after.partition("-")[2] or "O")
        for gold_tags, predicted_tags in zip(gold, predicted, strict=True)
        for before, after in zip(gold_tags, predicted_tags, strict=True)
    )
    table: dict[str, dict[str, int]] = defaultdict(dict)
    for (before, after), count in sorted(pairs.items()):
        table[before][after] = count
    return dict(table)
