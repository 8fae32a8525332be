"""Formats: what is read, what is refused and on which line, and that nothing is lost on the way out and in again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ladtl_core.errors import DataError
from ladtl_core.formats import FORMATS, Located, conll, format_of, jsonl, plain, read_file
from ladtl_core.records import Entity, Record
from ladtl_core.text import tokenize
from tests.core.strategies import records

CORPORA = Path(__file__).parents[2].parent / "shared" / "corpora"
LABELLED = b"# doc = n1\n# split = dev\nL5\tB-Problem\nmetastasis\tI-Problem\n\nno O\nfever O\n"


def unique(items: list[Record]) -> list[Record]:
    return list({(record.department, record.id): record for record in items}.values())


def jsonl_again(items: list[Record]) -> list[Record]:
    return list(jsonl.read("".join(jsonl.write(items)).encode(), "again.jsonl"))


def conll_again(items: list[Record]) -> list[Record]:
    return list(conll.read("".join(conll.write(items)).encode(), "again.conll"))


def errors(key: str, data: bytes, name: str = "notes") -> list[str]:
    return [str(found) for found in FORMATS[key].scan(data, name) if isinstance(found, DataError)]


@given(st.lists(records(), min_size=1, max_size=4).map(unique))
def test_jsonl_out_and_in_again_is_identity(items: list[Record]) -> None:
    tokenized = [replace(items[0], tokens=(t := tokenize(items[0].text))[0], sentence_starts=t[1]), *items[1:]]
    assert jsonl_again(tokenized) == tokenized


@given(st.lists(records(), min_size=1, max_size=4).map(unique))
def test_conll_keeps_tokens_and_what_bio_can_carry_and_then_is_identity(items: list[Record]) -> None:
    first = conll_again(items)
    assert conll_again(first) == first
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
    [after] = conll_again([Record("1", text, () if labelled else None, tokens=tokens, sentence_starts=(0,))])
    assert [after.text[a:b] for a, b in after.tokens or ()] == words
    assert (after.entities is not None) == labelled


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,#=\n\r\tOBI- 1x', max_size=60).map(str.encode))
def test_no_bytes_end_in_another_exception(data: bytes) -> None:
    for form in FORMATS.values():
        for found in form.scan(data, "any"):
            assert isinstance(found, (Located, DataError))


def corpus_files() -> Iterator[Path]:
    yield from sorted(CORPORA.glob("*/records*.jsonl"))
    yield from sorted(CORPORA.glob("es_clinical4/R/*.conll"))
    yield from sorted(CORPORA.glob("*/dev.conll"))


@pytest.mark.skipif(not CORPORA.exists(), reason="the corpora are not beside this project")
def test_the_corpora_are_read_as_they_are_and_written_again() -> None:
    files = list(corpus_files())
    assert len(files) > 8
    for path in files:
        found = list(read_file(path))
        again = jsonl_again(found) if path.suffix == ".jsonl" else conll_again(found)
        assert again == found, path.name
        assert all(record.text[e.start : e.end].strip() for record in found for e in record.entities or ())


def test_jsonl_reads_what_it_documents() -> None:
    spans = [{"start": 9, "end": 19, "label": "Problem"}, {"start": 0, "end": 2, "label": "Test"}] * 2
    place = {"department": "Cardiology", "split": "dev", "patient": "p1"}
    tokens = {"tokens": [[0, 2], [3, 7], [9, 19]], "sentence_starts": [0, 2]}
    line = {"id": 7, "text": "L5 👩\u200d⚕️\r\nmetastasis\u2028", "entities": spans, **place, **tokens}
    second_line = b'\r\n\r\n{"id": "8", "text": "x", "entities": []}\n'
    data = b"\xef\xbb\xbf" + json.dumps(line, ensure_ascii=False).encode() + second_line
    first, second = jsonl.read(data, "x")
    assert first.id == "7" and first.split == "dev" and first.patient == "p1"
    assert first.entities == (Entity(0, 2, "Test"), Entity(9, 19, "Problem"))
    assert [first.text[a:b] for a, b in first.tokens or ()] == ["L5", "👩\u200d⚕️", "metastasis"]
    assert second.entities == () and second.tokens is None
    [unlabelled] = jsonl.read(b'{"id": "1", "text": "x", "entities": null}', "x")
    assert unlabelled.entities is None


def test_jsonl_writes_separators_escaped_for_readers_that_take_them_for_line_ends() -> None:
    [line] = jsonl.write([Record("1", "a\u2028b\x85c\u2029d\x0be")])
    assert line.splitlines() == [line.removesuffix("\n")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: this is not JSON"),
        ("[1]", "line 2: expected a JSON object on every line, {...}; this line is a list"),
        ('{"text": "x"}', "line 2: id is missing"),
        ('{"id": true, "text": "x"}', "line 2: id is a true or false; expected text"),
        ('{"id": "2"}', "line 2: text is missing"),
        ('{"id": "2", "text": " "}', "line 2: the record '2' has no text"),
        ('{"id": "2 ", "text": "x"}', "line 2: the id is '2 '"),
        ('{"id": "2", "text": "x", "entites": []}', "line 2: the record has the key 'entites', which is not read"),
        ('{"id": "2", "text": "x", "entities": {}}', "line 2: entities is a JSON object; expected a list"),
        ('{"id": "2", "text": "x", "entities": [[0, 1, "P"]]}', "line 2: an entity is a list; expected {"),
        ('{"id": "2", "text": "x", "entities": [{"start": 0, "end": 1.0, "label": "P"}]}', "entity's end is 1.0"),
        ('{"id": "2", "text": "x", "entities": [{"start": 0, "end": 1}]}', "line 2: an entity's label is missing"),
        (
            '{"id": "2", "text": "x", "entities": [{"start": 0, "end": 2, "label": "P"}]}',
            "line 2: span 0-2 lies outside",
        ),
        ('{"id": "2", "text": "x", "entities": [{"start": 0, "end": 1, "label": "P\\n"}]}', "line 2: the label is 'P"),
        ('{"id": "2", "text": "x", "split": "validation"}', "line 2: split is 'validation'; expected one of pool"),
        ('{"id": "2", "text": "x", "tokens": [[0, 2]]}', "line 2: token 0-2 lies outside"),
        ('{"id": "2", "text": "x y", "tokens": [[0, 3], [2, 3]]}', "line 2: token 2-3 begins before"),
        ('{"id": "2", "text": "x\\ty", "tokens": [[0, 3]]}', "line 2: the token 0-3 is"),
        ('{"id": "2", "text": "x", "tokens": []}', "line 2: tokens is empty"),
        ('{"id": "2", "text": "x", "sentence_starts": [0]}', "line 2: there are sentence_starts but no tokens"),
        ('{"id": "2", "text": "x", "tokens": [[0, 1]], "sentence_starts": [1]}', "line 2: sentence starts must ascend"),
        ('{"id": "2", "text": "\\ud83d"}', "half of a surrogate pair"),
        ('{"id": "2", "text": "a\\u0000"}', "a null"),
        ('{"id": "1", "text": "x"}', "line 2: the id '1' was used on line 1 already"),
        ('{"id": "2", "text": "caf\udce9"}', "line 2: the byte 0xe9 at character 25 is not UTF-8"),
        ("[" * 100_000, "line 2: this is not JSON"),
        ('{"id": ' + "1" * 5000 + "}", "line 2: this is not JSON"),
    ],
)
def test_jsonl_refuses_with_the_line_and_goes_on(line: str, message: str) -> None:
    data = b'{"id": "1", "text": "x"}\n' + line.encode("utf-8", "surrogateescape") + b'\n{"id": "3", "text": "x"}'
    found = list(jsonl.scan(data, "notes.jsonl"))
    assert [item.record.id for item in found if isinstance(item, Located)] == ["1", "3"]
    [error] = [item for item in found if isinstance(item, DataError)]
    assert message in str(error) and str(error).startswith("notes.jsonl, line 2: ")
    with pytest.raises(DataError, match=r"notes\.jsonl, line 2"):
        list(jsonl.read(data, "notes.jsonl"))


def test_one_id_may_be_used_in_two_departments() -> None:
    data = b'{"id": "1", "text": "x", "department": "A"}\n{"id": "1", "text": "x", "department": "B"}'
    assert [record.department for record in jsonl.read(data, "x")] == ["A", "B"]


def test_conll_reads_what_it_documents() -> None:
    for data in (LABELLED, b"\xef\xbb\xbf" + LABELLED.replace(b"\n", b"\r\n")):
        [record] = conll.read(data, "x.conll")
        assert record.text == "L5 metastasis\nno fever" and record.split == "dev"
        assert record.entities == (Entity(0, 13, "Problem"),)
        assert record.tokens == ((0, 2), (3, 13), (14, 16), (17, 22)) and record.sentence_starts == (0, 2)


def test_conll_without_documents_has_a_record_a_sentence() -> None:
    found = list(conll.scan(b"\n# text = a b\na\nb\n\n\nc\n", "notes.conll"))
    assert [(f.record.id, f.record.text, f.record.entities, f.line) for f in found if isinstance(f, Located)] == [
        ("notes-1", "a b", None, 3),
        ("notes-2", "c", None, 7),
    ]


def test_conll_does_not_break_lines_at_odd_separators() -> None:
    [record] = conll.read("# doc = 1\na\u2028b\tO\nc\x0bd\tO\n".encode(), "x")
    assert record.text == "a\u2028b c\x0bd"


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"a\tO\nb\tI-P\n", 2, "I-P after O continues nothing; an entity begins with B-P"),
        (b"a\tI-P\n", 1, "I-P at the beginning of a sentence continues nothing"),
        (b"a\tB-P\n\nb\tI-P\n", 3, "I-P at the beginning of a sentence continues nothing"),
        (b"a\tB-P\nb\tI-Q\n", 2, "I-Q after B-P continues nothing"),
        (b"a\tS-P\n", 1, "the tag is 'S-P'; expected O, B-label or I-label"),
        (b"a\tB-\n", 1, "the tag is 'B-'"),
        (b"a\tNN\tO\n", 1, "found 3 columns"),
        (b"a\tO\nb\n", 2, "some tokens of this record have a tag and some have none"),
        (b"\tO\n", 1, "there is no token before the tag 'O'"),
        (b"a\tO\n\nb\xe9\tO\n", 3, "the byte 0xe9 at character 2 is not UTF-8"),
        (b"# doc = 1\na\n# doc = 1\nb\n", 3, "the id '1' was used on line 1 already"),
        (b"a\n# doc = 1\nb\n", 2, "belong to no document"),
        (b"# doc = 1\n# doc = 2\nb\n", 1, "the document '1' has no tokens"),
        (b"# doc = \nb\n", 1, "the record has no id"),
        (b"# doc = 1\nb\n# split = dev\n", 3, "expected '# split =' once, between"),
        (b"# split = dev\nb\n", 1, "expected '# split =' once, between"),
        (b"# doc = 1\n# split = late\nb\n", 1, "split is 'late'"),
        (b"# doc = 1\n# patient = \xe9\nb\n", 2, "is not UTF-8"),
    ],
)
def test_conll_refuses_with_the_line(data: bytes, line: int, message: str) -> None:
    with pytest.raises(DataError) as caught:
        list(conll.read(data, "notes.conll"))
    assert (caught.value.file, caught.value.line) == ("notes.conll", line)
    assert message in caught.value.message


def test_conll_reports_one_error_a_document() -> None:
    found = errors("conll", b"# doc = 1\na\tI-P\n# doc = 2\nb\tO\n# doc = 3\nc\tX\n")
    assert [text.split(":")[0] for text in found] == ["notes, line 2", "notes, line 6"]


def test_conll_joins_sentences_that_a_span_crosses() -> None:
    record = Record("1", "Acute. Renal", (Entity(0, 12, "P"),))
    [after] = conll_again([record])
    assert after.entities == (Entity(0, 14 - 1, "P"),) and after.text == "Acute . Renal"


def test_conll_names_the_spans_that_bio_cannot_carry() -> None:
    record = Record("1", "acute renal failure", (Entity(0, 19, "P"), Entity(6, 11, "Q")))
    assert conll.not_carried(record) == [Entity(6, 11, "Q")]
    assert conll.not_carried(Record("1", "fever", (Entity(1, 3, "P"),))) == [Entity(1, 3, "P")]


def test_plain_text() -> None:
    data = "\ufeffFever.\r\n\r\n  Cough\u2028now. \n".encode()
    lines = list(plain.read(data, "notes.txt"))
    assert [(record.id, record.text) for record in lines] == [("notes-1", "Fever."), ("notes-3", "Cough\u2028now.")]
    [whole] = plain.scan_file(data, "notes.txt")
    assert isinstance(whole, Located)
    assert (whole.record.id, whole.record.text) == ("notes", "Fever.\r\n\r\n  Cough\u2028now.")
    assert errors("text", b"a\nb\xff", "x.txt") == [
        "x.txt, line 2: the byte 0xff at character 2 is not UTF-8; save the file as UTF-8"
    ]


@pytest.mark.parametrize("key", FORMATS)
@pytest.mark.parametrize("data", [b"", b"\n \r\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_error(key: str, data: bytes) -> None:
    assert errors(key, data) == ["notes: the file is empty; expected at least one record"]


def test_the_format_comes_from_the_extension(tmp_path: Path) -> None:
    assert [format_of(name) for name in ("a.JSONL", "b.conll", "c.txt")] == ["jsonl", "conll", "lines"]
    with pytest.raises(DataError, match=r"x\.docx: the extension is '\.docx'; expected one of \.jsonl"):
        format_of("x.docx")
    with pytest.raises(DataError, match=r"none\.jsonl: cannot be read: No such file"):
        read_file(tmp_path / "none.jsonl")


@pytest.mark.parametrize("write", [jsonl.write, conll.write])
def test_what_could_not_be_read_again_is_not_written(write: object) -> None:
    assert callable(write)
    for record in (Record("a\nb", "x"), Record("1", "x\ny", tokens=((0, 3),)), Record("1", "x", (Entity(0, 9, "P"),))):
        with pytest.raises(DataError):
            list(write([record]))
