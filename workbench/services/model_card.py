"""The model card: who learned what from which labels, how good it was, and what nobody should expect of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ladtl_core.methods import METHODS
from ladtl_core.scores import Scores


def card(spec: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Markdown from the contents of spec.json and metrics.json alone; nothing of a record is in these."""
    method, target = spec["method"], spec["target"]["name"]
    sources = " + ".join(part["name"] for part in spec["sources"])
    title = f"{sources} → {target}" if sources else target
    dev, whole = (
        Scores.from_dict(found) if (found := metrics[name]) else None for name in ("dev", "dev_with_all_words")
    )
    parts = [
        f"# {method}: {_plain(title)}",
        f"{METHODS[method].description} ({METHODS[method].paper}.) Finds {_plain(', '.join(spec['labels']))}.",
        "## Measured",
        _measured(dev, whole, _plain(target)),
        "## Learned from",
        _learned_from(spec),
        "## Settings",
        *(f"{group}: {_listed(values, METHODS[method].unused)}." for group, values in spec["config"].items()),
        f"Trained {spec['trained']} with {spec['code_version']}, {metrics['steps']:,} steps; weights of epoch "
        f"{metrics['best_epoch']}. {metrics['selection']['text']}",
        "## Words",
        _words(spec["words"]),
        "## Limits",
        "\n".join(f"- {limit}" for limit in _limits(spec, metrics)),
    ]
    return "\n\n".join(parts) + "\n"


def _measured(dev: Scores | None, whole: Scores | None, target: str) -> str:
    if whole is None:
        return "Not measured: no dev record was labelled when it was trained."
    before = f"With all the words that it knew where it was trained: F1 {_f1(whole)}."
    if dev is None:
        return f"This copy was not measured. {before} These are records of {target} held out of training."
    rows = [
        (label, f"{score.precision:.1f}", f"{score.recall:.1f}", f"{score.f1:.1f}", str(score.support))
        for label, score in [*sorted(dev.per_label.items()), ("all", dev.overall)]
    ]
    said = f"This copy, on the dev records of {target}: F1 {_f1(dev)}. {before}"
    drawn = "Figures are percent; intervals come from drawing the records anew."
    return f"{said} {drawn}\n\n{_table(('label', 'precision', 'recall', 'F1', 'spans'), rows)}"


def _f1(scores: Scores) -> str:
    interval = f"95 % interval {scores.interval[0]:.1f} to {scores.interval[1]:.1f}, " if scores.interval else ""
    return f"{scores.overall.f1:.1f} ({interval}n = {scores.records} records with {scores.overall.support} spans)"


def _learned_from(spec: Mapping[str, Any]) -> str:
    rows = [
        (part["name"], role, str(part["labelled"]), part["snapshot_hash"])
        for role, parts in (("source", spec["sources"]), ("target", [spec["target"]]))
        for part in parts
    ]
    return _table(("department", "role", "labelled records", "snapshot of the labels (SHA-256)"), rows)


def _words(words: Mapping[str, int]) -> str:
    return (
        f"{words['kept']:,} of the {words['of']:,} words that the model knew are in its vocabulary: those that its "
        f"training text has at least {words['times']} times, in records of at least {words['patients']} patients "
        "(records, where no patient is given). The others are unknown words here, known by their spelling alone, so "
        "that suggestions for records with rare words differ from those of the model with all its words."
    )


def _limits(spec: Mapping[str, Any], metrics: Mapping[str, Any]) -> list[str]:
    limits = [f"How good it is elsewhere than in {_plain(spec['target']['name'])} is not known before it is measured."]
    if metrics["selection"]["kind"] != "fixed":
        limits.append("The weights are those of the best epoch on the same records, so the figures flatter it.")
    return [
        *limits,
        "Spans do not overlap, do not cross sentences, and begin and end with a token.",
        "A name in the records of several patients, a physician's say, may be among the words. The weights were "
        "learned from clinical text and are not anonymous: hand them only to those who may know of it.",
        "No medical device: it suggests, a person decides.",
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_plain, line))} |" for line in lines)


def _listed(values: Mapping[str, Any], unused: set[str]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in values.items() if name not in {"vectors", *unused})


def _value(value: Any) -> str:
    return f"({', '.join(f'{v:g}' for v in value)})" if isinstance(value, list | tuple) else str(value)


def _plain(text: str) -> str:
    """A name as it is, on one line, without what Markdown would read as a picture, a link or a cell's end."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#!" else c for c in " ".join(text.split()))
