"""Agreement against values computed by hand, alpha against its definition, and what cannot be told."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladtl_core.records import Entity, Record
from ladtl_core.text import spans_to_bio
from workbench.services import agreement
from workbench.services.agreement import SharedRecord, measure, overlapping_matches
from workbench.store import departments, records
from workbench.store.annotations import SpanData, save
from workbench.store.database import Database

TOKENS = tuple((start, start + 4) for start in range(0, 50, 5))  # ten tokens of four characters


def shared(**spans: list[tuple[int, int, str]]) -> SharedRecord:
    return SharedRecord(TOKENS, {person: [Entity(*span) for span in own] for person, own in spans.items()})


def test_two_people_by_hand() -> None:
    found = measure(
        [
            shared(
                ana=[(0, 4, "Drug"), (5, 14, "Test"), (20, 24, "Drug")],
                ben=[(0, 4, "Drug"), (10, 19, "Test"), (20, 24, "Test")],
            )
        ]
    )
    assert found.pairs == {("ana", "ben"): (1, found.spans)}
    assert found.spans.spans == 6
    assert found.spans.exact == pytest.approx(100 * 2 * 1 / 6)  # the first alone
    assert found.spans.overlapping == pytest.approx(100 * 2 * 2 / 6)  # Test overlaps; the third differs in its label
    drug, test = found.labels["Drug"][0], found.labels["Test"][0]
    assert [drug.exact, drug.overlapping] == pytest.approx([200 / 3, 200 / 3])
    assert [test.exact, test.overlapping] == pytest.approx([0, 200 / 3])
    # Tokens: Drug-Drug, Test-O, Test-Test, O-Test, Drug-Test, and five O-O: O 12 times, Drug 3, Test 5. Three of ten
    # differ, so D_o = 6 / 20; D_e = 2 * (12 * 3 + 12 * 5 + 3 * 5) / (20 * 19).
    assert found.tokens.alpha == pytest.approx(1 - (6 / 20) / (222 / 380))
    # Without the five: O 2 times, Drug 3, Test 5.
    assert (found.tokens.tokens, found.tokens.labelled_tokens) == (10, 5)
    assert found.tokens.labelled_alpha == pytest.approx(1 - (6 / 10) / (62 / 90))
    # Drug or not: 3 against 17, one unit differs.
    assert found.labels["Drug"][1].alpha == pytest.approx(1 - (2 / 20) / (102 / 380))


def test_pairs_are_summed_and_each_counts_what_both_submitted() -> None:
    span = (0, 4, "Drug")
    found = measure([shared(ana=[span], ben=[span], cem=[]), shared(ana=[span], cem=[span])])
    assert {pair: (number, f.spans, f.exact) for pair, (number, f) in found.pairs.items()} == {
        ("ana", "ben"): (1, 2, 100),
        ("ana", "cem"): (2, 3, pytest.approx(200 / 3)),
        ("ben", "cem"): (1, 1, 0),
    }
    assert (found.records, found.people) == (2, ("ana", "ben", "cem"))
    assert found.spans.exact == pytest.approx(200 * 2 / 6)


def test_a_span_is_matched_once() -> None:
    long, parts = [Entity(0, 20, "A")], [Entity(0, 4, "A"), Entity(5, 9, "A")]
    assert overlapping_matches(long, parts) == overlapping_matches(parts, long) == 1
    # The first could take either, the second only the first's: taking greedily would find one.
    assert overlapping_matches([Entity(0, 9, "A"), Entity(0, 4, "A")], parts) == 2
    assert overlapping_matches([Entity(0, 5, "A")], [Entity(5, 9, "A")]) == 0  # they touch and share nothing
    staggered = [Entity(10 * i, 10 * i + 10, "A") for i in range(3000)]
    assert overlapping_matches(staggered, [Entity(s.start + 5, s.end + 5, "A") for s in staggered]) == 3000


def test_what_cannot_be_told() -> None:
    nothing = measure([])
    assert (nothing.spans.exact, nothing.tokens.alpha, nothing.labels, nothing.pairs) == (None, None, {}, {})
    empty = measure([shared(ana=[], ben=[])])
    assert (empty.spans.overlapping, empty.tokens.alpha, empty.tokens.labelled_alpha) == (None, None, None)
    assert empty.tokens.tokens == 10
    same = measure([shared(ana=[(0, 4, "Drug")], ben=[(0, 4, "Drug")])])
    assert (same.tokens.alpha, same.tokens.labelled_alpha) == (1, None)  # one value alone is left without O


def test_of_overlapping_spans_tokens_have_the_longest() -> None:
    nested = [(0, 14, "Drug"), (5, 9, "Test")]
    found = measure([shared(ana=nested, ben=nested, cem=[(0, 14, "Drug"), (15, 19, "Test")])])
    assert found.left_out == 2 and found.labels["Test"][0].spans == 6
    # On tokens Test is cem's alone: one of 30 values.
    assert found.labels["Test"][1].alpha == pytest.approx(1 - (2 / 30) / (2 * 29 / (30 * 29)))


spans = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 3), st.sampled_from("AB")).map(
        lambda s: (5 * s[0], min(5 * (s[0] + s[1]) + 4, 49), s[2])
    ),
    max_size=5,
)


@given(spans, spans)
def test_f1_is_symmetric(one: list[tuple[int, int, str]], two: list[tuple[int, int, str]]) -> None:
    found, turned = measure([shared(ana=one, ben=two)]), measure([shared(ana=two, ben=one)])
    assert found.spans == turned.spans and found.tokens == turned.tokens
    assert {label: parts[0] for label, parts in found.labels.items()} == {
        label: parts[0] for label, parts in turned.labels.items()
    }
    if found.spans.spans:
        assert 0 <= (found.spans.exact or 0) <= (found.spans.overlapping or 0) <= 100
        itself = measure([shared(ana=one, ben=one, cem=one)]).spans
        assert itself.exact in (100, None) and itself.overlapping == itself.exact


def defined_alpha(units: list[list[str]]) -> float | None:
    """Krippendorff's alpha as it is defined: disagreeing pairs within units against those among all values."""
    units = [unit for unit in units if len(unit) > 1]
    values = [value for unit in units for value in unit]
    if len(set(values)) < 2:
        return None
    observed = sum(sum(a != b for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units) / len(values)
    expected = sum(a != b for a, b in permutations(values, 2)) / (len(values) * (len(values) - 1))
    return 1 - observed / expected


people = st.dictionaries(st.sampled_from(["ana", "ben", "cem", "dia"]), spans, min_size=2)


@given(st.lists(people, min_size=1, max_size=3))
def test_alpha_is_as_defined(found: list[dict[str, list[tuple[int, int, str]]]]) -> None:
    items = [shared(**one) for one in found]
    units: list[list[str]] = []
    for record in items:
        tags = [spans_to_bio(sorted(set(own)), TOKENS)[0] for own in record.spans.values()]
        units += [[tag.removeprefix("B-").removeprefix("I-") for tag in token] for token in zip(*tags, strict=True)]
    measured = measure(items)
    assert measured.tokens.alpha == pytest.approx(defined_alpha(units))
    labelled = [unit for unit in units if set(unit) != {"O"}]
    assert measured.tokens.labelled_alpha == pytest.approx(defined_alpha(labelled))
    assert measured.tokens.labelled_tokens == len(labelled)
    for label, (_, tokens) in measured.labels.items():
        assert tokens.alpha == pytest.approx(defined_alpha([[str(v == label) for v in unit] for unit in units]))


def test_only_what_two_people_submitted_counts(database: Database) -> None:
    with database.session() as session:
        ward = departments.create(session, "Ward", "clinical", ("Drug",))
        records.add(session, ward.id, [Record(f"r{i}", "aspirin daily", split="pool") for i in range(3)], "local")
        ids = records.ids(session, ward.id)
        for record, author, status in (
            *(("r0", "ana", "submitted"), ("r0", "ben", "submitted"), ("r0", "cem", "draft")),
            *(("r1", "ana", "submitted"), ("r1", "ben", "draft"), ("r2", "ana", "submitted")),
        ):
            save(session, ids[record], author, 0, status, [SpanData(f"{record}{author}", 0, 7, 1)])
    found = agreement.of_department(database, ward.id)
    assert (found.records, found.people, found.spans.exact, found.tokens.tokens) == (1, ("ana", "ben"), 100, 2)
    header, overall, pair, label = agreement.to_csv(found).splitlines()
    assert header.startswith("kind,of,records,spans,exact F1")
    assert overall == "all,all,1,2,100.0,100.0,2,1.0,1,"  # with one token, which both call Drug, alpha has no meaning
    assert pair == "pair,ana and ben,1,2,100.0,100.0,,,,"
    assert label.startswith("label,Drug,1,2,100.0")


def test_no_name_is_a_formula_in_the_table() -> None:
    found = measure([shared(**{"=ana": [(0, 4, "+P")], "ben": [(0, 4, "+P")]})])
    assert [line.split(",")[1] for line in agreement.to_csv(found).splitlines()] == [
        "of",
        "all",
        "'=ana and ben",
        "'+P",
    ]
