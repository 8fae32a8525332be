"""Formats: what is read, what is refused and on which line, and that nothing is lost on the way out and in again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladtl_core.errors import DataError
from ladtl_core.formats import FORMATS, Located, conll, format_of, jsonl, read_file
from ladtl_core.records import Entity, Record
from ladtl_core.text import tokenize
from tests.core.formats_kit import again, errors, found_in, read, unique
from tests.core.strategies import records

CORPORA = Path(__file__).parents[2].parent / "shared" / "corpora"


@given(st.lists(records(), min_size=1, max_size=4).map(unique))
def test_jsonl_out_and_in_again_is_identity(items: list[Record]) -> None:
    tokenized = [replace(items[0], tokens=(t := tokenize(items[0].text))[0], sentence_starts=t[1]), *items[1:]]
    assert again("jsonl", tokenized) == tokenized


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
        assert again(format_of(path.name), found) == found, path.name
        assert all(record.text[e.start : e.end].strip() for record in found for e in record.entities or ())


def test_jsonl_reads_what_it_documents() -> None:
    spans = [{"start": 9, "end": 19, "label": "Problem"}, {"start": 0, "end": 2, "label": "Test"}] * 2
    place = {"department": "Cardiology", "split": "dev", "patient": "p1"}
    tokens = {"tokens": [[0, 2], [3, 7], [9, 19]], "sentence_starts": [0, 2]}
    line = {"id": 7, "text": "L5 👩\u200d⚕️\r\nmetastasis\u2028", "entities": spans, **place, **tokens}
    second_line = b'\r\n\r\n{"id": "8", "text": "x", "entities": []}\n'
    data = b"\xef\xbb\xbf" + json.dumps(line, ensure_ascii=False).encode() + second_line
    first, second = read("jsonl", data)
    assert first.id == "7" and first.split == "dev" and first.patient == "p1"
    assert first.entities == (Entity(0, 2, "Test"), Entity(9, 19, "Problem"))
    assert [first.text[a:b] for a, b in first.tokens or ()] == ["L5", "👩\u200d⚕️", "metastasis"]
    assert second.entities == () and second.tokens is None
    [unlabelled] = read("jsonl", b'{"id": "1", "text": "x", "entities": null}')
    assert unlabelled.entities is None


def test_jsonl_writes_separators_escaped_for_readers_that_take_them_for_line_ends() -> None:
    [line] = jsonl.write([Record("1", "a\u2028b\x85c\u2029d\x0be")])
    assert line.splitlines() == [line.removesuffix("\n")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", ": this is not JSON"),
        ("[1]", ": expected a JSON object on every line, {...}; this line is a list"),
        ('{"text": "x"}', ": id is missing"),
        ('{"id": true, "text": "x"}', ": id is a true or false; expected text"),
        ('{"id": "2"}', ": text is missing"),
        ('{"id": "2", "text": " "}', ": the record '2' has no text"),
        ('{"id": "2 ", "text": "x"}', ": the id is '2 '"),
        ('{"id": "2", "text": "x", "entites": []}', ": the record has the key 'entites', which is not read"),
        ('{"id": "2", "text": "x", "entities": {}}', ": entities is a JSON object; expected a list"),
        ('{"id": "2", "text": "x", "entities": [[0, 1, "P"]]}', ": an entity is a list; expected {"),
        ('{"id": "2", "text": "x", "entities": [{"start": 0, "end": 1.0, "label": "P"}]}', "entity's end is 1.0"),
        ('{"id": "2", "text": "x", "entities": [{"start": 0, "end": 1}]}', ": an entity's label is missing"),
        (
            '{"id": "2", "text": "x", "entities": [{"start": 0, "end": 2, "label": "P"}]}',
            ": span 0-2 lies outside",
        ),
        ('{"id": "2", "text": "x", "entities": [{"start": 0, "end": 1, "label": "P\\n"}]}', ": the label is 'P"),
        ('{"id": "2", "text": "x", "split": "validation"}', ": split is 'validation'; expected one of pool"),
        ('{"id": "2", "text": "x", "tokens": [[0, 2]]}', ": token 0-2 lies outside"),
        ('{"id": "2", "text": "x y", "tokens": [[0, 3], [2, 3]]}', ": token 2-3 begins before"),
        ('{"id": "2", "text": "x\\ty", "tokens": [[0, 3]]}', ": the token 0-3 is"),
        ('{"id": "2", "text": "x", "tokens": []}', ": tokens is empty"),
        ('{"id": "2", "text": "x", "sentence_starts": [0]}', ": there are sentence_starts but no tokens"),
        ('{"id": "2", "text": "x", "tokens": [[0, 1]], "sentence_starts": [1]}', ": sentence starts must ascend"),
        ('{"id": "2", "text": "\\ud83d"}', "half of a surrogate pair"),
        ('{"id": "2", "text": "a\\u0000"}', "a null"),
        ('{"id": "1", "text": "x"}', ": the id '1' was used on line 1 already"),
        ('{"id": "2", "text": "caf\udce9"}', "line 2, column 25: the byte 0xe9 is not UTF-8"),
        ("[" * 100_000, ": this is not JSON"),
        ('{"id": ' + "1" * 5000 + "}", ": this is not JSON"),
    ],
)
def test_jsonl_refuses_with_the_line_and_goes_on(line: str, message: str) -> None:
    data = b'{"id": "1", "text": "x"}\n' + line.encode("utf-8", "surrogateescape") + b'\n{"id": "3", "text": "x"}'
    found = found_in("jsonl", data, "notes.jsonl")
    assert [item.record.id for item in found if isinstance(item, Located)] == ["1", "3"]
    [error] = [item for item in found if isinstance(item, DataError)]
    assert message in str(error) and str(error).startswith("notes.jsonl, line 2, column ")
    with pytest.raises(DataError, match=r"notes\.jsonl, line 2"):
        read("jsonl", data, "notes.jsonl")


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ('{"id": "1", "text": "x" "y"}', 25),
        ('{"id": "1", "text": "the \\"entities\\": x", "entities": {}}', 44),
        ('{"id": "1", "text": "x", "entities": [{"start": 0, "end": 2, "label": "P"}]}', 26),
        ('{"id": "1", "text": "x", "tokens": [[0, 2]]}', 26),
        ('{"id": "1", "text": "x", "predictions": [{"start": 0, "end": 1, "label": "P", "confidence": "high"}]}', 26),
        ('{"text": "x"}', 1),
    ],
)
def test_jsonl_says_in_which_column(line: str, column: int) -> None:
    [error] = [item for item in found_in("jsonl", line.encode()) if isinstance(item, DataError)]
    assert (error.line, error.column) == (1, column)


def test_one_id_may_be_used_in_two_departments() -> None:
    data = b'{"id": "1", "text": "x", "department": "A"}\n{"id": "1", "text": "x", "department": "B"}'
    assert [record.department for record in read("jsonl", data)] == ["A", "B"]


def test_plain_text() -> None:
    data = "\ufeffFever.\r\n\r\n  Cough\u2028now. \n".encode()
    lines = read("lines", data, "notes.txt")
    assert [(record.id, record.text) for record in lines] == [("notes-1", "Fever."), ("notes-3", "Cough\u2028now.")]
    [whole] = found_in("text", data, "notes.txt")
    assert isinstance(whole, Located) and whole.file == "notes.txt"
    assert (whole.record.id, whole.record.text) == ("notes", "Fever.\r\n\r\n  Cough\u2028now.")
    assert errors("text", b"a\nb\xff", "x.txt") == [
        "x.txt, line 2, column 2: the byte 0xff is not UTF-8; save the file as UTF-8"
    ]


@pytest.mark.parametrize("key", [key for key, form in FORMATS.items() if key != "brat" and not form.package])
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
