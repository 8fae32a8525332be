"""The gap between a run's departments tag by tag, before and after adaptation, beside F1 and spans of the label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ladtl_core.scores import Scores
from workbench.services.results import Result


@dataclass(frozen=True, slots=True)
class Gap:
    """Unbiased MMD^2 of a tag's hidden states and the p-value of its permutation test, None where not tested."""

    mmd2: float
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class TagGap:
    """One BIO tag. `source` and `target` count its tokens in the dev records, None where these were not tested.

    `before` and `after` adaptation on dev records of both departments; `first` epoch and `kept` one on training
    sentences, as watched while the run trained. F1 in percent and `spans` on the target's dev are those of the tag's
    label, None for O.
    """

    tag: str
    source: int | None
    target: int | None
    before: Gap | None
    after: Gap | None
    first: float | None
    kept: float | None
    f1_before: float | None
    f1_after: float | None
    spans: int | None


def unadapted(result: Result, others: Sequence[Result]) -> Result | None:
    """The newest of the others that is the run without adaptation: the same labels, sources and training, but both
    departments trained together with no weight on their gap (joint-training, or la-dtl with alpha = beta = 0).

    None where the gaps of either were not tested.
    """
    if not _tested(result) or _without(result):
        return None
    alike = [other for other in others if _without(other) and _learned_from(other) == _learned_from(result)]
    return max(filter(_tested, alike), key=lambda other: other.version, default=None)


def _without(result: Result) -> bool:
    transfer = result.settings["transfer"]
    return result.method == "joint-training" or (
        result.method == "la-dtl" and transfer["alpha"] == 0 and transfer["beta"] == 0
    )


def _learned_from(result: Result) -> Any:
    """What the run was given but for the transfer."""
    spec = result.run.spec
    sources = [(part["name"], part["snapshot_hash"], part.get("labels")) for part in spec["sources"]]
    return sources, result.snapshot, result.settings["model"], result.settings["training"]


def of_result(result: Result, before: Result | None, epochs: Sequence[Mapping[str, Any]]) -> list[TagGap]:
    """All tags whose gap is known, in their order; `epochs` of the result as `results.epochs` gives them."""
    after, earlier = _tested(result), _tested(before) if before else {}
    watched = [epoch["gap"] for epoch in epochs if epoch["gap"] and epoch["epoch"] <= result.best_epoch]
    first, kept = (watched[0], watched[-1]) if watched else ({}, {})
    tags = sorted({*after, *earlier, *first, *kept}, key=lambda tag: (tag == "O", tag[2:], tag))
    return [
        TagGap(
            tag,
            after[tag]["source"] if tag in after else None,
            after[tag]["target"] if tag in after else None,
            _gap(earlier.get(tag)),
            _gap(after.get(tag)),
            first.get(tag),
            kept.get(tag),
            _f1(before.dev if before else None, tag),
            _f1(result.dev, tag),
            result.dev.per_label[tag[2:]].support if result.dev and tag[2:] in result.dev.per_label else None,
        )
        for tag in tags
    ]


def _tested(result: Result) -> dict[str, Mapping[str, Any]]:
    """What the worker measured at the end of the run, by tag; nothing in runs of before it did."""
    return {gap["tag"]: gap for gap in (result.run.result or {}).get("gaps", ())}


def _gap(measured: Mapping[str, Any] | None) -> Gap | None:
    if measured is None or measured["mmd2"] is None:
        return None
    return Gap(measured["mmd2"], measured["p_value"])


def _f1(dev: Scores | None, tag: str) -> float | None:
    score = dev.per_label.get(tag[2:]) if dev else None
    return score.f1 if score else None
