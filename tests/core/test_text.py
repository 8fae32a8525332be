"""Tokens, sentences and BIO: offsets hold at every boundary, whatever the script."""

from __future__ import annotations

import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladtl_core.errors import ConfigError
from ladtl_core.records import Entity, Record, check_tokens
from ladtl_core.text import SCHEMES, bio_to_spans, spans_to_bio, to_sentences, tokenize
from tests.core.strategies import LABELS, texts

schemes = st.sampled_from(sorted(SCHEMES))


def words(text: str, scheme: str = "word") -> list[str]:
    return [text[start:end] for start, end in tokenize(text, scheme)[0]]


def sentences(text: str, scheme: str = "word") -> list[str]:
    offsets, starts = tokenize(text, scheme)
    ends = [*starts, len(offsets)][1:]
    return [text[offsets[a][0] : offsets[b - 1][1]] for a, b in zip(starts, ends, strict=True)]


@given(texts, schemes)
def test_tokens_cover_every_visible_character_once(text: str, scheme: str) -> None:
    offsets, starts = tokenize(text, scheme)
    check_tokens(text, offsets, starts)
    covered = {i for start, end in offsets for i in range(start, end)}
    assert covered == {i for i, character in enumerate(text) if not character.isspace()}


@given(texts, schemes)
def test_no_token_begins_with_a_mark_unless_nothing_visible_precedes_it(text: str, scheme: str) -> None:
    for start, _ in tokenize(text, scheme)[0]:
        is_mark = unicodedata.category(text[start]).startswith("M")
        assert not is_mark or start == 0 or text[start - 1].isspace()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T2N0, 1,204.5 mg", ["T", "2", "N", "0", ",", "1,204.5", "mg"]),
        ("x-ray.", ["x", "-", "ray", "."]),
        ("cafe\u0301s e\u0301\u0323", ["cafe\u0301s", "e\u0301\u0323"]),
        ("👩\u200d⚕️👍🏽", ["👩\u200d⚕️", "👍🏽"]),
        ("מַחֲלָה כُتِبَ", ["מַחֲלָה", "כُتِبَ"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("1️⃣ 5\u0301", ["1️⃣", "5\u0301"]),
        ("a\r\nb", ["a", "b"]),
        ("_x_", ["_", "x", "_"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_schemes_differ_on_chinese() -> None:
    text = "CT显示3.5cm肿块"
    assert words(text, "chinese") == ["CT", "显", "示", "3.5", "cm", "肿", "块"]
    assert words(text, "character") == list(text)
    with pytest.raises(ConfigError, match=r"'words'; expected one of word"):
        tokenize(text, "words")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He left. She stayed.", ["He left.", "She stayed."]),
        ("Seen by Dr. House. BP 1.5 vs. 2.", ["Seen by Dr. House.", "BP 1.5 vs. 2."]),
        ("Give e.g. Aspirin (approx. 100 mg). Stop.", ["Give e.g. Aspirin (approx. 100 mg).", "Stop."]),
        ("no dolor. fiebre. Alta", ["no dolor. fiebre.", "Alta"]),
        ("Dolor. ¿Fiebre? Ёж.", ["Dolor.", "¿Fiebre?", "Ёж."]),
        ("Боль. кашель", ["Боль. кашель"]),
        ("one\r\ntwo\n\nthree\rfour\u2028five", ["one", "two", "three", "four", "five"]),
        ("患者发热。肺炎！无", ["患者发热。", "肺炎！", "无"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_long_runs_of_points_take_no_time() -> None:
    begin = time.perf_counter()
    tokenize("." * 50_000 + " x" + ". " * 10_000 + " " * 50_000)
    assert time.perf_counter() - begin < 5  # quadratic work would take minutes


@given(texts, schemes, st.data())
def test_bio_round_trip_of_spans_on_token_edges(text: str, scheme: str, data: st.DataObject) -> None:
    offsets, _ = tokenize(text, scheme)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(offsets)), max_size=8)))
    entities = [
        Entity(offsets[a][0], offsets[b - 1][1], data.draw(st.sampled_from(LABELS)))
        for a, b in pairwise(cuts)
        if data.draw(st.booleans())
    ]
    tags, left_out = spans_to_bio(entities, offsets)
    assert left_out == []
    assert bio_to_spans(tags, offsets) == entities


@given(texts, st.data())
def test_every_span_is_carried_or_left_out(text: str, data: st.DataObject) -> None:
    edges = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).filter(lambda pair: pair[0] < pair[1])
    pairs = data.draw(st.lists(edges, max_size=6, unique=True)) if text else []
    entities = [Entity(start, end, "Problem") for start, end in pairs]
    offsets, _ = tokenize(text)
    tags, left_out = spans_to_bio(entities, offsets)
    found = bio_to_spans(tags, offsets)
    carried = set(entities) - set(left_out)
    assert len(found) == len(carried)
    assert all(any(_inside(text, e, f) for f in found) for e in carried)
    for entity in left_out:
        blank = not text[entity.start : entity.end].strip()
        assert blank or any(f.start < entity.end and entity.start < f.end for f in found)


def _inside(text: str, entity: Entity, found: Entity) -> bool:
    """True if `found` holds all of the entity but white space, which belongs to no token."""
    outside = set(range(entity.start, entity.end)) - set(range(found.start, found.end))
    return all(text[i].isspace() for i in outside)


def test_of_overlapping_spans_the_longest_stays() -> None:
    text = "acute renal failure"
    offsets, _ = tokenize(text)
    inner, outer, twin = Entity(6, 11, "Part"), Entity(0, 19, "Problem"), Entity(0, 19, "Alarm")
    assert spans_to_bio([inner, outer, twin], offsets) == (["B-Alarm", "I-Alarm", "I-Alarm"], [outer, inner])


def test_an_edge_inside_a_token_moves_out() -> None:
    offsets, _ = tokenize("no metastasis")
    assert spans_to_bio([Entity(5, 8, "Problem")], offsets) == (["O", "B-Problem"], [])


def test_many_spans_take_no_quadratic_time() -> None:
    text = "fever " * 40_000
    offsets, _ = tokenize(text)
    entities = [Entity(start, end, "Problem") for start, end in offsets]
    begin = time.perf_counter()
    tags, _ = spans_to_bio(entities, offsets)
    assert time.perf_counter() - begin < 5  # 1.6 billion comparisons would take minutes
    assert set(tags) == {"B-Problem"}


def test_a_stray_inside_tag_begins_an_entity() -> None:
    offsets = ((0, 1), (2, 3), (4, 5))
    assert bio_to_spans(["I-A", "I-B", "B-B"], offsets) == [Entity(0, 1, "A"), Entity(2, 3, "B"), Entity(4, 5, "B")]


def test_sentences_of_a_record_carry_valid_bio_and_its_offsets() -> None:
    record = Record("1", "Acute. Renal failure", (Entity(0, 20, "Problem"),))
    first, second = to_sentences(record)
    assert (first.tokens, first.tags) == (("Acute", "."), ("B-Problem", "I-Problem"))
    assert (second.tokens, second.tags) == (("Renal", "failure"), ("B-Problem", "I-Problem"))
    assert [record.text[start:end] for start, end in second.offsets] == list(second.tokens)


def test_sentences_use_the_tokens_of_the_record() -> None:
    record = Record("1", "x-ray now", tokens=((0, 5), (6, 9)), sentence_starts=(0, 1))
    assert [(s.tokens, s.tags) for s in to_sentences(record)] == [(("x-ray",), None), (("now",), None)]
    assert to_sentences(Record("2", " \n")) == []
