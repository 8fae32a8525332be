"""Scores of a tagger on labelled records, in percent."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class LabelScore:
    """Percent; `support` counts gold entities."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Scores:
    """`overall` and `per_label` scores; `interval` holds 95 % of F1 when records are drawn anew (None below 2 records).

    `confusion[gold][predicted]` counts tokens by label, `O` for none; `records` is how many were scored. `counts` holds
    correct, predicted and gold entities of each label in each record, in their order; empty in scores of before it.
    """

    overall: LabelScore
    per_label: dict[str, LabelScore]
    confusion: dict[str, dict[str, int]]
    interval: tuple[float, float] | None
    records: int
    counts: dict[str, list[list[int]]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Scores:
        interval = values["interval"]
        return cls(
            LabelScore(**values["overall"]),
            {label: LabelScore(**score) for label, score in values["per_label"].items()},
            values["confusion"],
            None if interval is None else (interval[0], interval[1]),
            values["records"],
            values.get("counts", {}),
        )
