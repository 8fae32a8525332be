"""Files as other tools write them: what is taken from them, what is said not to be, and which errors they get."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ladtl_core.errors import DataError
from ladtl_core.formats import FORMATS, Located, csv_rows, in_memory
from ladtl_core.records import Entity, Prediction, Record
from tests.core.formats_kit import again, errors, records_in, remarks, written

EMOJI = "👩\u200d⚕️ saw L5 metastasis"  # a surrogate pair in UTF-16
AT = EMOJI.index("L5")


def brat(text: str, annotations: str) -> list[tuple[str, bytes]]:
    return [("n1.txt", text.encode()), ("n1.ann", annotations.encode())]


def test_brat_reads_spans_and_counts_the_rest() -> None:
    annotations = (
        "T1\tProblem 0 13\tL5 metastasis\r\nT2\tSite 0 2\tL5\nT3\tProblem 0 2;9 13\tL5 asis\n"
        "R1\tAt Arg1:T1 Arg2:T2\nA1\tNegated T1\nE1\tFinding:T1\n#1\tAnnotatorNotes T1\tunsure\n*\tEquiv T1 T2\n\n"
    )
    [record] = records_in("brat", *brat("L5 metastasis", annotations))
    assert (record.id, record.entities) == ("n1", (Entity(0, 2, "Site"), Entity(0, 13, "Problem")))
    [said] = remarks("brat", *brat("L5 metastasis", annotations))
    for part in ("relations 1", "attributes 1", "events 1", "notes 1", "equivalences 1", "last character) 1"):
        assert part in said


def test_brat_spans_over_line_ends_are_in_parts_as_brat_has_them() -> None:
    text = "renal\r\nfailure\n\nnow"
    record = Record("n1", text, (Entity(0, 14, "P"), Entity(5, 8, "Q"), Entity(7, 19, "R")))
    (_, _), (_, data) = written("brat", [record])
    assert [line.split("\t")[1] for line in data.decode().splitlines()] == ["P 0 6;7 14", "Q 5 6;7 8", "R 7 14;16 19"]
    assert again("brat", [record]) == [record] and remarks("brat", *written("brat", [record])) == []


def test_brat_offsets_in_utf16_are_taken_as_such_if_only_so_they_fit() -> None:
    points, units = f"T1\tP {AT} {AT + 2}\tL5\n", f"T1\tP {AT + 1} {AT + 3}\tL5\n"
    for lines in (points, units):
        assert records_in("brat", *brat(EMOJI, lines))[0].entities == (Entity(AT, AT + 2, "P"),)
    assert remarks("brat", *brat(EMOJI, points)) == []
    assert "UTF-16" in remarks("brat", *brat(EMOJI, units))[0]


@pytest.mark.parametrize(
    ("annotations", "line", "message"),
    [
        ("T1\tP 0 2\tL5\nT2\tP 1 3\tL5\n", 2, "the span 1-3 covers '5 ' but is said to cover 'L5'"),
        ("T1\tP 0 2\tL5\n\nT2\tP 0\n", 3, "expected 'T1<TAB>label start end<TAB>text'"),
        ("T1\tP 0 99\n", 1, "span 0-99 lies outside the text"),
        ("x", 1, "the line is 'x'"),
    ],
)
def test_brat_errors_name_the_line_of_the_annotation(annotations: str, line: int, message: str) -> None:
    [error] = [
        e for e in FORMATS["brat"].scan(in_memory(brat("L5 metastasis", annotations))) if isinstance(e, DataError)
    ]
    assert (error.file, error.line, error.column) == ("n1.ann", line, 1) and message in error.message


def test_brat_needs_the_text_of_every_annotation_file() -> None:
    [error] = FORMATS["brat"].scan(in_memory([("sub/n1.ann", b"")]))
    assert str(error) == "sub/n1.ann: there is no sub/n1.txt beside it, which is its text"
    [record] = records_in("brat", ("sub/n1.txt", b"x"), ("sub/n1.ann", b""), ("annotation.conf", b"[entities]"))
    assert (record.id, record.entities) == ("sub/n1", ())


@pytest.mark.parametrize(
    "line",
    [
        {"id": 7, "text": "L5 metastasis", "label": [[0, 13, "P"]], "Comments": []},
        {"id": 7, "text": "L5 metastasis", "labels": [[0, 13, "P"]]},
        {
            "id": 7,
            "text": "L5 metastasis",
            "entities": [{"id": 3, "label": "P", "start_offset": 0, "end_offset": 13}],
            "relations": [],
        },
    ],
)
def test_doccano_in_its_three_spellings(line: dict[str, Any]) -> None:
    [record] = records_in("doccano", ("x.jsonl", json.dumps(line).encode()))
    assert (record.id, record.entities) == ("7", (Entity(0, 13, "P"),))
    assert remarks("doccano", ("x.jsonl", json.dumps(line).encode())) == []


def test_doccano_says_what_it_does_not_read() -> None:
    data = b'{"id": 1, "text": "x", "label": [], "relations": [{}], "ward": 7}\n{"text": "y", "ward": 8}\n'
    assert [(r.id, r.entities) for r in records_in("doccano", ("a.jsonl", data))] == [("1", ()), ("a-2", None)]
    assert remarks("doccano", ("a.jsonl", data)) == ["keys that are not read: relations (1 lines), ward (2 lines)"]


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ('{"id": 1, "text": "x", "label": [[0, 9, "P"]]}', 24, "span 0-9 lies outside"),
        ('{"id": 1, "text": "x", "label": [[0, 1]]}', 24, "expected [start, end"),
        ('{"id": 1, "text": "x", "label": [], "entities": []}', 37, "both label and entities"),
        ('{"id": 1}', 1, "text is missing"),
    ],
)
def test_doccano_errors_have_line_and_column(line: str, column: int, message: str) -> None:
    [found] = errors("doccano", b"\n" + line.encode())
    assert found.startswith(f"notes, line 2, column {column}: ") and message in found


def test_csv_of_other_programs() -> None:
    data = b'Ward;text;id\nA;"Fever; ""high""\r\nCough";n1\n\n;no;\n'
    assert [(r.id, r.text, r.entities) for r in records_in("csv", ("a.csv", data))] == [
        ("n1", 'Fever; "high"\r\nCough', None),
        ("a-5", "no", None),
    ]
    assert remarks("csv", ("a.csv", data)) == ["columns that are not read: Ward"]
    assert [r.text for r in records_in("csv", ("a.tsv", b"text\tid\na,b\t1\n"))] == ["a,b"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            "id,entities\n1,[]\n",
            "notes, line 1, column 1: the columns are id, entities; expected one with the name text",
        ),
        ("id,text\n1,x\n2,x,y\n", "notes, line 3, column 1: the row has 3 cells; expected 2"),
        ('id,text,entities\n1,"a\nb","[[0, 9, ""P""]]"\n', "notes, line 2, column 3: span 0-9 lies outside"),
        ('id,text,entities\n1,x,"[[0,"\n', "notes, line 2, column 3: entities is not JSON"),
        ("id,text,split\n1,x,late\n", "notes, line 2, column 3: split is 'late'"),
        ('id,text\n1,"x\n', "notes, line 2, column 1: this is not CSV"),
        ("text,text\nx,y\n", "notes, line 1, column 1: there are 2 columns with the name text"),
    ],
)
def test_csv_errors_have_line_and_column(data: str, message: str) -> None:
    [found] = errors("csv", data.encode())
    assert found.startswith(message)


def test_offsets_alone_hold_no_text() -> None:
    items = [Record("n1", "L5 metastasis", (Entity(0, 13, "P"),), patient="p"), Record("n2", "secret")]
    assert "".join(csv_rows.write_offsets(items)) == "id,start,end,label\r\nn1,0,13,P\r\n"


def test_a_long_text_is_no_csv_error() -> None:
    record = Record("1", "fever " * 50_000)
    assert again("csv", [record]) == [record]


def test_predictions_survive_label_studio_and_json_lines() -> None:
    record = Record("1", EMOJI, None, predictions=(Prediction(AT, AT + 2, "P", 0.5), Prediction(0, 1, "Q")))
    for key in ("labelstudio", "jsonl"):
        [after] = again(key, [record])
        assert after == record
    assert FORMATS["conll"].losses(record)["predictions"] == 2
    assert isinstance(next(FORMATS["jsonl"].scan(in_memory(written("jsonl", [record])))), Located)
