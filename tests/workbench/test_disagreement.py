"""Where versions differ: agreed spans, places, and that taking one version everywhere gives that version."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from workbench.services.disagreement import compare, spot
from workbench.store.annotations import SpanData


def version(name: str, *spans: tuple[int, int, int]) -> list[SpanData]:
    return [SpanData(f"{name}{number}", *span) for number, span in enumerate(spans)]


def test_places_are_what_overlaps_and_differs() -> None:
    ana = version("a", (0, 5, 1), (10, 20, 1), (30, 35, 2), (40, 45, 1))
    ben = version("b", (0, 5, 1), (10, 14, 1), (15, 20, 2), (30, 35, 1))
    agreed, places = compare({7: ana, 9: ben})
    assert [spot(span) for span in agreed] == [(0, 5, 1)]
    assert [(place.start, place.end) for place in places] == [(10, 20), (30, 35), (40, 45)]
    assert [[list(map(spot, spans)) for spans in place.options.values()] for place in places] == [
        [[(10, 20, 1)], [(10, 14, 1), (15, 20, 2)]],
        [[(30, 35, 2)], [(30, 35, 1)]],
        [[(40, 45, 1)], []],
    ]


def test_spans_that_touch_are_two_places() -> None:
    _, places = compare({1: version("a", (0, 5, 1), (5, 9, 1)), 2: []})
    assert [(place.start, place.end) for place in places] == [(0, 5), (5, 9)]


def test_nothing_to_compare() -> None:
    assert compare({}) == ([], [])
    assert compare({1: [], 2: []}) == ([], [])


spans = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 8), st.integers(1, 2)).map(lambda s: (s[0], s[0] + s[1], s[2])),
    max_size=7,
)


@given(st.lists(spans, min_size=2, max_size=4))
def test_one_version_taken_everywhere_is_that_version(found: list[list[tuple[int, int, int]]]) -> None:
    versions = {key: version(str(key), *own) for key, own in enumerate(found)}
    agreed, places = compare(versions)
    for key, own in versions.items():
        taken = [*agreed, *(span for place in places for span in place.options[key])]
        assert sorted(map(spot, taken)) == sorted(set(map(spot, own)))
    for place in places:
        assert len(set(place.spots.values())) > 1  # somebody differs there
        assert all(place.start <= start < end <= place.end for spots in place.spots.values() for start, end, _ in spots)
    assert all(one.end <= other.start for one, other in pairwise(places))
