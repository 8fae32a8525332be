"""What the helper finds, what it leaves alone, and that labels and tokens move with the replaced text."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladtl_core.identifiers import KINDS, Finding, find
from ladtl_core.records import Entity, Prediction, Record, check_record
from ladtl_core.replacing import replaced, touched


def found(text: str, *words: str) -> list[tuple[str, str]]:
    return [(one.kind, text[one.start : one.end]) for one in find(text, words)]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        *(("date", words) for words in ("12/05/2020", "2020-05-12", "12.05.20", "12 / 05 / 2020", "05/2020")),
        *(("date", words) for words in ("12 May 2020", "May 12, 2020", "3rd of March 2021", "Jan. 2019", "4 June")),
        *(("date", words) for words in ("12 de mayo de 2020", "1 Ene 2021", "marzo de 2019", "2 de agosto")),
        *(("date", words) for words in ("2020年5月12日", "5月12日")),
        *(("id", words) for words in ("ES91 2100 0418 4502 0005 1332", "123-45-6789", "12345678Z", "X1234567L")),
        *(("id", words) for words in ("28/12345678/40", "110101199003072316", "48210077")),
        *(("phone", words) for words in ("+34 612 345 678", "(555) 123-4567", "555-123-4567", "91 123 45 67")),
        ("phone", "612 345 678"),
        ("email", "ana.perez+x@hospital.example.org"),
        ("url", "https://hospital.example/p?id=7"),
    ],
)
def test_what_is_found(kind: str, words: str) -> None:
    assert found(f"Seen , {words} , again.") == [(kind, words)]


def test_numbers_behind_their_name() -> None:
    assert found("MRN: 4821, NHC 99-12/a, historia clínica A77") == [("id", "4821"), ("id", "99-12/a"), ("id", "A77")]
    assert found("ext. tel. 4411 or busca: 12 34") == [("phone", "4411"), ("phone", "12 34")]


def test_what_is_no_name_stays() -> None:
    for text in (
        "BP 120/80, HR 72, T 37.5, SpO2 98 %",
        "potassium 4.1 mmol/l, 500 mg twice a day for 10 days",
        "she may march on; L4-L5; ratio 1.2.3; T2 N1 M0; 1-2-1",
        "MRN unknown; historia clínica sin datos; phone broken",
    ):
        assert found(text) == [], text


def test_words_of_a_list() -> None:
    text = "Dr. GARCÍA and Garcia, not Garciaparra; Jose\u0301  Pérez, STRASSE"
    words = ("garcía", "José Perez", "straße", " ", "")
    assert [words for _, words in found(text, *words)] == ["GARCÍA", "Garcia", "Jose\u0301  Pérez", "STRASSE"]
    assert [words for _, words in found("由王医生诊治", "王医生")] == ["王医生"]
    assert found("see a.b and axb", "a.b") == [("name", "a.b")]


def test_of_what_overlaps_one_is_found() -> None:
    assert found("write to may12@clinic.example", "clinic") == [("email", "may12@clinic.example")]
    assert found("May Flower, 12 May 2020", "may") == [("name", "May"), ("date", "12 May 2020")]


WORDS = (
    "12/05/2020",
    "García",
    "612 345 678",
    "a@b.example",
    "fever",
    "😷",
    "é",
    "\r\n",
    " ",
    "x",
    "王医生",
    "MRN 48210",
)


@given(
    st.text() | st.lists(st.sampled_from(WORDS)).map("".join), st.lists(st.text(max_size=6) | st.sampled_from(WORDS))
)
def test_findings_are_inside_in_order_and_apart(text: str, words: list[str]) -> None:
    places = find(text, words)
    assert all(0 <= one.start < one.end <= len(text) and one.kind in KINDS for one in places)
    assert all(one.end <= other.start for one, other in pairwise(places))


@given(st.text(alphabet="abcÁéñüß ", min_size=1, max_size=12).filter(lambda word: word.strip()))
def test_a_word_is_found_in_any_spelling(word: str) -> None:
    word = " ".join(word.split())
    plain = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    for spelling in (word, word.upper(), unicodedata.normalize("NFD", word), plain):
        assert [text for _, text in found(f"({spelling}) x", word)] == [spelling]


@st.composite
def cases(draw: st.DrawFn) -> tuple[Record, list[Finding]]:
    """A record with labels and tokens anywhere, and findings in order."""
    text = draw(st.text(min_size=1, max_size=40))
    place = st.integers(0, len(text))
    cuts = sorted(draw(st.sets(place, max_size=10)))
    findings = [Finding(a, b, draw(st.sampled_from(KINDS))) for a, b in pairwise(cuts) if draw(st.booleans())]
    stretches = st.tuples(place, place).filter(lambda p: p[0] < p[1])
    entities = tuple(Entity(a, b, "L") for a, b in draw(st.lists(stretches, max_size=5, unique=True)))
    predictions = tuple(Prediction(a, b, "L") for a, b in draw(st.lists(stretches, max_size=3, unique=True)))
    token_cuts = sorted(draw(st.sets(place, max_size=12)))
    tokens = tuple((a, b) for a, b in pairwise(token_cuts) if draw(st.booleans()))
    further = sorted(draw(st.sets(st.integers(1, len(tokens) - 1)))) if len(tokens) > 1 else []
    starts = (0, *further) if tokens else ()
    return Record("r", text, entities, predictions=predictions, tokens=tokens, sentence_starts=starts), findings


@given(cases())
def test_labels_and_tokens_move_with_the_text(case: tuple[Record, list[Finding]]) -> None:
    record, findings = case
    new = replaced(record, findings)
    check_record(new)

    def marked(start: int, end: int) -> str:
        """What a stretch should be, letter by letter: the first letter of a replaced part stands for all of it."""
        parts, seen = [], set()
        for place in range(start, end):
            inside = next((one for one in findings if one.start <= place < one.end), None)
            if inside is None:
                parts.append(record.text[place])
            elif inside not in seen:
                seen.add(inside)
                parts.append(inside.placeholder)
        return "".join(parts)

    def place(start: int, end: int) -> tuple[int, int]:
        first = next((one.start for one in findings if one.start <= start < one.end), start)
        return len(marked(0, first)), len(marked(0, end))

    assert new.text == marked(0, len(record.text))
    entities, predictions, tokens = record.entities or (), record.predictions, record.tokens or ()
    assert new.entities == tuple(dict.fromkeys(Entity(*place(one.start, one.end), "L") for one in entities))
    assert new.predictions == tuple(dict.fromkeys(Prediction(*place(p.start, p.end), "L") for p in predictions))
    for start, end in (place(*token) for token in tokens):
        assert sum(a <= start and end <= b for a, b in new.tokens or ()) == 1
    assert {a for a, _ in new.tokens or ()} <= {place(*token)[0] for token in tokens}
    assert replaced(record, []) == record


def test_a_label_on_a_replaced_part_stays_on_the_placeholder() -> None:
    record = Record("r", "on 12 May 2020 fever", (Entity(3, 5, "Day"), Entity(6, 9, "Day"), Entity(6, 20, "Problem")))
    findings = find(record.text)
    new = replaced(record, findings)
    assert new.text == "on [DATE] fever" and touched(record, findings) == 3
    assert new.entities == (Entity(3, 9, "Day"), Entity(3, 15, "Problem"))
