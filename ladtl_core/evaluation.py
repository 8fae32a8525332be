"""Precision, recall and F1 of entities in percent, with the confusion of labels and an interval over records.

The headline is seqeval's default mode, which is conlleval's: an I- that continues nothing begins an entity.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from seqeval.metrics.sequence_labeling import get_entities, precision_recall_fscore_support

from ladtl_core.scores import LabelScore, Scores

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
    return Scores(_score(counts.sum(0)), per_label, _confusion(gold, predicted), _interval(counts), len(counts))


def f1(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> LabelScore:
    """The overall score alone."""
    return _score(_counts(gold, predicted, [""] * len(gold)).sum(0))


def _counts(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], records: Sequence[str]) -> np.ndarray:
    """(records, 3): correct, predicted and gold entities."""
    counts: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(3, dtype=np.int64))
    for record, gold_tags, predicted_tags in zip(records, gold, predicted, strict=True):
        truth, found = set(get_entities(list(gold_tags))), set(get_entities(list(predicted_tags)))
        counts[record] += (len(truth & found), len(found), len(truth))
    return np.stack(list(counts.values())) if counts else np.zeros((0, 3), dtype=np.int64)


def _score(counts: np.ndarray) -> LabelScore:
    correct, found, truth = (int(count) for count in counts)
    return LabelScore(
        100 * correct / max(found, 1), 100 * correct / max(truth, 1), 200 * correct / max(found + truth, 1), truth
    )


def _interval(counts: np.ndarray) -> tuple[float, float] | None:
    if len(counts) < 2:
        return None
    draws = (
        np.random.default_rng(0).multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=DRAWS) @ counts
    )
    scores = 200 * draws[:, 0] / np.maximum(draws[:, 1] + draws[:, 2], 1)
    low, high = np.percentile(scores, (2.5, 97.5))
    return float(low), float(high)


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
