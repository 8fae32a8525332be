"""CoNLL: what is read in which scheme, what is refused and where, and what BIO cannot carry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladtl_core.errors import DataError
from ladtl_core.formats import Located, conll
from ladtl_core.records import Entity, Record
from ladtl_core.text import tokenize
from tests.core.formats_kit import again, errors, found_in, read, records_in, remarks, unique
from tests.core.strategies import records

LABELLED = b"# doc = n1\n# split = dev\nL5\tB-Problem\nmetastasis\tI-Problem\n\nno O\nfever O\n"


@given(st.lists(records(), min_size=1, max_size=4).map(unique))
def test_conll_keeps_tokens_and_what_bio_can_carry_and_then_is_identity(items: list[Record]) -> None:
    first = again("conll", items)
    assert again("conll", first) == first
    for before, after in zip(items, first, strict=True):
        header = (after.id, after.department, after.split, after.patient)
        assert header == (before.id, before.department, before.split, before.patient)
        assert after.tokens is not None
        offsets, _ = tokenize(before.text)
        assert [after.text[a:b] for a, b in after.tokens] == [before.text[a:b] for a, b in offsets]
        assert (after.entities is None) == (before.entities is None)
        lost = conll.not_carried(before)
        carried = [entity for entity in before.entities or () if entity not in lost]
        place = dict(zip(offsets, after.tokens, strict=True))
        starts, ends = {a: place[a, b][0] for a, b in offsets}, {b: place[a, b][1] for a, b in offsets}
        kept = {Entity(starts[e.start], ends[e.end], e.label) for e in carried}
        assert kept <= set(after.entities or ())
        assert lost or kept == set(after.entities or ())


@given(st.lists(st.text("ab \r\x0b\u2028\u00a0#", min_size=1, max_size=4), min_size=1, max_size=5), st.booleans())
def test_conll_keeps_odd_tokens(words: list[str], labelled: bool) -> None:
    words = [word for word in words if word.strip()] or ["a"]
    text, ends = "|".join(words), [len("|".join(words[: i + 1])) for i in range(len(words))]
    tokens = tuple((end - len(word), end) for word, end in zip(words, ends, strict=True))
    [after] = again("conll", [Record("1", text, () if labelled else None, tokens=tokens, sentence_starts=(0,))])
    assert [after.text[a:b] for a, b in after.tokens or ()] == words
    assert (after.entities is not None) == labelled


def test_conll_reads_what_it_documents() -> None:
    for data in (LABELLED, b"\xef\xbb\xbf" + LABELLED.replace(b"\n", b"\r\n")):
        [record] = read("conll", data)
        assert record.text == "L5 metastasis\nno fever" and record.split == "dev"
        assert record.entities == (Entity(0, 13, "Problem"),)
        assert record.tokens == ((0, 2), (3, 13), (14, 16), (17, 22)) and record.sentence_starts == (0, 2)


def test_conll_without_documents_has_a_record_a_sentence() -> None:
    found = found_in("conll", b"\n# text = a b\na\nb\n\n\nc\n")
    assert [(f.record.id, f.record.text, f.record.entities, f.line) for f in found if isinstance(f, Located)] == [
        ("notes-1", "a b", None, 3),
        ("notes-2", "c", None, 7),
    ]


def test_conll_does_not_break_lines_at_odd_separators() -> None:
    [record] = read("conll", "# doc = 1\na\u2028b\tO\nc\x0bd\tO\n".encode())
    assert record.text == "a\u2028b c\x0bd"


@pytest.mark.parametrize(
    ("data", "line", "column", "message"),
    [
        # A B- that stands apart makes the file BIO, in which an I- that continues nothing is an error.
        (b"a\tO\nb\tI-P\nc\tO\nd\tB-P\n", 2, 3, "I-P after O continues nothing; an entity begins with B-P"),
        (b"a\tI-P\n\nb\tB-P\n", 1, 3, "I-P at the beginning of a sentence continues nothing"),
        (b"a\tB-P\n\nb\tI-P\n", 3, 3, "I-P at the beginning of a sentence continues nothing"),
        (b"a\tB-P\nb\tI-Q\n", 2, 3, "I-Q after B-P continues nothing"),
        (b"abc\tB-P\nd\tE-Q\n", 2, 3, "B-P is followed by E-Q; expected I-P or E-P"),
        (b"abc\tB-P\n\nd\tS-P\n", 1, 5, "B-P is followed by the end of the sentence; expected I-P or E-P"),
        (b"a\tS-P\nb\tI-P\n", 2, 3, "I-P after S-P continues nothing"),
        (b"abc def\tX-P\n", 1, 9, "the tag is 'X-P'; expected O, B-label, I-label"),
        (b"a\tB-\n", 1, 3, "the tag is 'B-'"),
        (b"a N -X- O\nb N O\n", 2, 1, "found 3 columns; expected 4 as on the first line"),
        (b"a\tNN\tO\n", 1, 1, "found 3 columns"),
        (b"a\tO\nb\n", 2, 1, "some tokens of this record have a tag and some have none"),
        (b"\tO\n", 1, 1, "there is no token before the tag 'O'"),
        (b"a\tO\n\nb\xe9\tO\n", 3, 2, "the byte 0xe9 is not UTF-8"),
        (b"# doc = 1\na\n# doc = 1\nb\n", 3, 1, "the id '1' was used on line 1 already"),
        (b"a\n# doc = 1\nb\n", 2, 1, "belong to no document"),
        (b"# doc = 1\n# doc = 2\nb\n", 1, 1, "the document '1' has no tokens"),
        (b"# doc = \nb\n", 1, 1, "the record has no id"),
        (b"# doc = 1\nb\n# split = dev\n", 3, 1, "expected '# split =' once, between"),
        (b"# split = dev\nb\n", 1, 1, "expected '# split =' once, between"),
        (b"# doc = 1\n# split = late\nb\n", 1, 1, "split is 'late'"),
        (b"# doc = 1\n# patient = \xe9\nb\n", 2, 1, "is not UTF-8"),
    ],
)
def test_conll_refuses_with_the_place(data: bytes, line: int, column: int, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read("conll", data, "notes.conll")
    assert (caught.value.file, caught.value.line, caught.value.column) == ("notes.conll", line, column)
    assert message in caught.value.message


def test_conll_reports_one_error_a_document() -> None:
    found = errors("conll", b"# doc = 1\na\tB-P\nb\tI-Q\n# doc = 2\nb\tO\n# doc = 3\nc\tX\n")
    assert [text.split(":")[0] for text in found] == ["notes, line 3, column 3", "notes, line 7, column 3"]


def test_conll_joins_sentences_that_a_span_crosses() -> None:
    record = Record("1", "Acute. Renal", (Entity(0, 12, "P"),))
    [after] = again("conll", [record])
    assert after.entities == (Entity(0, 14 - 1, "P"),) and after.text == "Acute . Renal"


def test_conll_tells_that_a_joined_sentence_changes_the_text() -> None:
    apart, crossed = Record("1", "acute\nrenal", ()), Record("1", "acute\nrenal", (Entity(0, 11, "P"),))
    for record in (apart, crossed):
        [after] = again("conll", [record])
        assert conll.changes_text(record) == (after.text != record.text) == (record is crossed)


def test_conll_names_the_spans_that_bio_cannot_carry() -> None:
    record = Record("1", "acute renal failure", (Entity(0, 19, "P"), Entity(6, 11, "Q")))
    assert conll.not_carried(record) == [Entity(6, 11, "Q")]
    assert conll.not_carried(Record("1", "fever", (Entity(1, 3, "P"),))) == [Entity(1, 3, "P")]


ENTITIES = {"BIO": "O B-P I-P B-P O B-Q", "IOB1": "O I-P I-P B-P O I-Q", "BIOES": "O B-P E-P S-P O S-Q"}


@pytest.mark.parametrize("scheme", [*ENTITIES, "BILOU", "BMES"])
def test_schemes_are_told_apart_and_said_and_read_alike(scheme: str) -> None:
    letters = {"BILOU": str.maketrans("ES", "LU"), "BMES": str.maketrans("I", "M")}.get(scheme, {})
    tags = [t[0].translate(letters) + t[1:] for t in ENTITIES.get(scheme, ENTITIES["BIOES"]).split()]
    data = "".join(f"w{index}\t{tag}\n" for index, tag in enumerate(tags)).encode()
    [record] = records_in("conll", ("notes.conll", data))
    assert record.entities == (Entity(3, 8, "P"), Entity(9, 11, "P"), Entity(15, 17, "Q"))
    [said] = remarks("conll", ("notes.conll", data))
    assert said.startswith(f"tags in {scheme if scheme in ENTITIES else 'BIOES'}")


def test_one_record_may_decide_the_scheme_of_another() -> None:
    iob1 = b"# doc = 1\na\tI-P\n\n# doc = 2\nb\tI-P\nc\tB-P\n"
    assert [len(record.entities or ()) for record in records_in("conll", ("x", iob1))] == [1, 2]
    mixed = b"# doc = 1\na\tI-P\n\n# doc = 2\nb\tO\nc\tB-P\n"
    assert errors("conll", mixed) == [
        "notes, line 2, column 3: I-P at the beginning of a sentence continues nothing; an entity begins with B-P"
    ]


def test_without_tags_there_is_no_scheme_to_say() -> None:
    assert remarks("conll", ("x", b"a\nb\n")) == []


CONLL_2003 = b"""-DOCSTART- -X- -X- O

EU NNP I-NP I-ORG
rejects VBZ I-VP O
German JJ I-NP I-MISC

Peter NNP I-NP I-PER
Blackburn NNP I-NP I-PER

-DOCSTART- -X- O O

Bonn NNP I-NP I-LOC
Berlin NNP I-NP B-LOC
"""


def test_conll_2003_as_it_is_distributed() -> None:
    first, second = records_in("conll", ("eng.train", CONLL_2003))
    assert (first.id, first.text, first.sentence_starts) == ("eng-1", "EU rejects German\nPeter Blackburn", (0, 3))
    assert first.entities == (Entity(0, 2, "ORG"), Entity(11, 17, "MISC"), Entity(18, 33, "PER"))
    assert second.entities == (Entity(0, 4, "LOC"), Entity(5, 11, "LOC"))
    columns, scheme = remarks("conll", ("eng.train", CONLL_2003))
    assert columns.startswith("4 columns as in CoNLL 2003") and scheme.startswith("tags in IOB1")
    assert again("conll", [first, second]) == [first, second]


def test_conll_2003_in_german_has_a_column_for_the_lemma() -> None:
    [record] = records_in("conll", ("deu.train", "-DOCSTART- -X- -X- -X- O\n\nKöln Köln NE I-NC I-LOC\n".encode()))
    assert (record.text, record.entities) == ("Köln", (Entity(0, 4, "LOC"),))


@pytest.mark.parametrize("outside", ["N", "0", "O", "o"])
def test_sighan_2006_has_no_spaces_between_characters(outside: str) -> None:
    lines = f"我 {outside}\n在 {outside}\n北 B-LOC\n京 I-LOC\n\n李\tB-PER\n好\t{outside}\n"
    first, second = records_in("sighan", ("msra.txt", lines.encode()))
    assert (first.text, first.entities) == ("我在北京", (Entity(2, 4, "LOC"),))
    assert first.tokens == ((0, 1), (1, 2), (2, 3), (3, 4))
    assert (second.id, second.text, second.entities) == ("msra-2", "李好", (Entity(0, 1, "PER"),))
    assert remarks("sighan", ("msra.txt", lines.encode())) == ["tags in BIO"]
