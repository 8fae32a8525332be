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
    dev = Scores.from_dict(metrics["dev"]) if metrics["dev"] else None
    parts = [
        f"# {method}: {_plain(title)}",
        f"{METHODS[method].description} ({METHODS[method].paper}.) Finds {_plain(', '.join(spec['labels']))}.",
        "## Measured",
        _measured(dev, _plain(target), metrics),
        "## Learned from",
        _learned_from(spec),
        "## Settings",
        *(f"{group}: {_listed(values)}." for group, values in spec["config"].items()),
        f"Trained {spec['trained']} with {spec['code_version']}, {metrics['steps']:,} steps; weights of epoch "
        f"{metrics['best_epoch']}. {metrics['selection']['text']}",
        "## Words",
        _words(spec["words"]),
        "## Limits",
        "\n".join(f"- {limit}" for limit in _limits(spec, metrics, dev)),
    ]
    return "\n\n".join(parts) + "\n"


def _measured(dev: Scores | None, target: str, metrics: Mapping[str, Any]) -> str:
    if dev is None:
        return "Not measured: no dev record was labelled when it was trained."
    interval = f"95 % interval {dev.interval[0]:.1f} to {dev.interval[1]:.1f}" if dev.interval else "no interval"
    said = (
        f"On the dev records of {target}, n = {dev.records} records with {dev.overall.support} spans: "
        f"F1 {dev.overall.f1:.1f} ({interval}, records drawn anew). All in percent."
    )
    rows = [
        (label, f"{score.precision:.1f}", f"{score.recall:.1f}", f"{score.f1:.1f}", str(score.support))
        for label, score in [*sorted(dev.per_label.items()), ("all", dev.overall)]
    ]
    return f"{said}\n\n{_table(('label', 'precision', 'recall', 'F1', 'spans'), rows)}"


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
        "that suggestions for records with rare words differ from those of the model that was measured."
    )


def _limits(spec: Mapping[str, Any], metrics: Mapping[str, Any], dev: Scores | None) -> list[str]:
    limits = [f"How good it is elsewhere than in {_plain(spec['target']['name'])} is not known before it is measured."]
    if dev is not None:
        limits.append("The figures were measured before words were left out.")
    if dev is not None and metrics["selection"]["kind"] == "dev":
        limits.append("The weights are those of the best epoch on the same dev records, so the figures flatter it.")
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


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in values.items() if name != "vectors")


def _value(value: Any) -> str:
    return f"({', '.join(f'{v:g}' for v in value)})" if isinstance(value, list | tuple) else str(value)


def _plain(text: str) -> str:
    """A name as it is, on one line, without what Markdown would read as a picture, a link or a cell's end."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#!" else c for c in " ".join(text.split()))
