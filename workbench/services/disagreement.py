"""Where versions of a record differ: the spans that all have, and place by place what each has instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workbench.store.annotations import SpanData

Spot = tuple[int, int, int]
"""Start, end and the label's id: two spans with the same are the same, whoever made them."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of text with the spans that each version, by its annotation's id, has there; it may be none."""

    start: int
    end: int
    options: Mapping[int, tuple[SpanData, ...]]

    @property
    def spots(self) -> dict[int, frozenset[Spot]]:
        """What stands to choice, to be compared with another time."""
        return {key: frozenset(map(spot, spans)) for key, spans in self.options.items()}


def spot(span: SpanData) -> Spot:
    return span.start, span.end, span.label_id


def compare(versions: Mapping[int, Iterable[SpanData]]) -> tuple[list[SpanData], list[Place]]:
    """The spans that all versions have, and the places where they differ, both in the order of the text.

    Differing spans that share a character, directly or through others, are one place: one version is taken whole.
    """
    by_spot = {key: {spot(span): span for span in spans} for key, spans in versions.items()}
    common = set.intersection(*map(set, by_spot.values())) if by_spot else set()
    first = next(iter(by_spot.values()), {})
    agreed = [first[one] for one in sorted(common)]
    differing = sorted({one for spans in by_spot.values() for one in spans} - common)
    stretches: list[list[int]] = []
    for start, end, _ in differing:
        if stretches and start < stretches[-1][1]:
            stretches[-1][1] = max(stretches[-1][1], end)
        else:
            stretches.append([start, end])
    return agreed, [_place(start, end, by_spot, common) for start, end in stretches]


def _place(start: int, end: int, by_spot: Mapping[int, Mapping[Spot, SpanData]], common: set[Spot]) -> Place:
    options = {
        key: tuple(spans[one] for one in sorted(spans) if one not in common and start <= one[0] < end)
        for key, spans in by_spot.items()
    }
    return Place(start, end, options)
