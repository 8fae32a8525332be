"""Export: every format out of the store and in again, what is not carried, and labels without text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ladtl_core.errors import DataError, LadtlError
from ladtl_core.formats import FORMATS
from ladtl_core.records import Entity
from workbench.services import exchange, importing, outgoing
from workbench.services.holdings import holdings
from workbench.services.incoming import File, Placed, Source, read
from workbench.services.uploads import sorted_out
from workbench.store.database import Database

ROOT = Path(__file__).parents[2]
TEXT = "👩\u200d⚕️ saw  L5 metastasis\r\nnow"
AT = TEXT.index("L5")
SPANS = [(AT, AT + 2, "Site"), (AT, AT + 13, "Problem"), (AT + 4, AT + 8, "Site")]


@pytest.fixture
def database(tmp_path: Path) -> Any:
    made = new_database(tmp_path / "first.db")
    yield made
    made.close()


def new_database(path: Path) -> Database:
    made = Database(f"sqlite:///{path}")
    made.migrate()
    return made


def line(identifier: str, text: str, spans: list[tuple[int, int, str]] | None, **more: Any) -> bytes:
    values: dict[str, Any] = {"id": identifier, "text": text, "department": "Ward/7", "split": "train", **more}
    if spans is not None:
        values["entities"] = [{"start": start, "end": end, "label": label} for start, end, label in spans]
    return json.dumps(values).encode() + b"\n"


NOTES = ("a.jsonl", line("n/1", TEXT, SPANS) + line("2", "fever", []) + line("3", "cough", None))


def imported(database: Database, files: list[File], **more: Any) -> exchange.Preview:
    upload = sorted_out(files)
    preview = exchange.preview(database, upload.files, more.pop("format", upload.format), splits=upload.splits, **more)
    assert [str(error) for error in preview.errors] == []
    importing.commit(database, preview, "local")
    return preview


def exported(database: Database, format: str) -> outgoing.Exported:
    return outgoing.export(database, holdings(database)[0].department.department_id, format)


@pytest.mark.parametrize("format", [key for key, form in FORMATS.items() if form.keeps_text])
def test_out_and_in_and_out_again_keeps_ids_texts_and_spans(database: Database, format: str, tmp_path: Path) -> None:
    if package := FORMATS[format].package:
        pytest.importorskip(package)
    imported(database, [NOTES])
    made = exported(database, format)
    assert (made.records, made.labelled) == (3, 2)
    assert sorted_out([(made.name, made.data)]).format == format
    empty = new_database(tmp_path / "second.db")
    imported(empty, [(made.name, made.data)], department="Ward/7", labels=["Site", "Problem"])
    again = sorted_out([(made.name, exported(empty, format).data)])
    for files in (sorted_out([(made.name, made.data)]).files, again.files):
        records = {
            item.record.id: item.record
            for item in read(Source(files, format, "Ward/7", {}))
            if isinstance(item, Placed)
        }
        assert records["n/1"].text == TEXT
        assert records["n/1"].entities == tuple(sorted(Entity(*span) for span in SPANS))
        assert records["2"].entities == () and records["3"].entities is None
    empty.close()


def test_what_a_format_loses_is_counted(database: Database) -> None:
    imported(database, [NOTES])
    assert exported(database, "jsonl").lost == {}
    assert exported(database, "brat").lost == {"values of department": 3, "values of split": 3}
    assert exported(database, "conll").lost["spans left out or moved to the edges of words"] == 2
    assert exported(database, "text").lost["spans left out or moved to the edges of words"] == 3


def test_offsets_hold_labels_and_no_text(database: Database) -> None:
    imported(database, [NOTES])
    made = exported(database, outgoing.OFFSETS)
    assert made.name == "Ward_7-offsets.csv" and made.lost == {}
    header, *rows = made.data.decode().splitlines()
    assert header == "id,start,end,label"
    assert rows == [f"n/1,{start},{end},{label}" for start, end, label in sorted(SPANS)]


def test_what_cannot_be_written_is_refused(database: Database) -> None:
    imported(database, [NOTES])
    for format in ("lines", "sighan"):
        with pytest.raises(DataError, match="cannot hold labels"):
            exported(database, format)
        assert format not in outgoing.TITLES


def test_predictions_and_remarks_are_told_at_import(database: Database) -> None:
    tasks = [
        {
            "data": {"id": "1", "text": "fever", "department": "A"},
            "annotations": [{"result": []}],
            "predictions": [{"result": [{"type": "labels", "value": {"start": 0, "end": 5, "labels": ["P"]}}]}],
        }
    ]
    preview = imported(database, [("a.json", json.dumps(tasks).encode())], labels=["P"])
    assert preview.remarks == ("predictions, which become suggestions and no labels: 1",)
    tagged = b"# doc = 2\n# department = A\nfever\tI-P\n"
    assert imported(database, [("b.conll", tagged)]).remarks == (
        "b.conll: tags in IOB1; an I- that continues nothing begins an entity",
    )


def test_a_file_of_brat_names_the_annotation_that_is_wrong(database: Database) -> None:
    imported(database, [NOTES])
    files = [("x.txt", b"fever"), ("x.ann", b"T1\tSite 0 5\tfever\nT2\tSign 0 5\tfever\n")]
    preview = exchange.preview(database, files, "brat", department="Ward/7")
    assert [str(error) for error in preview.errors] == [
        "x.ann, line 2: Ward/7 has no label 'Sign'; its labels are: Problem, Site"
    ]


@pytest.mark.skipif(FORMATS["docbin"].available, reason="spaCy is installed")
def test_without_spacy_the_error_says_what_to_install(database: Database) -> None:
    imported(database, [NOTES])
    with pytest.raises(LadtlError, match="The format docbin needs the package spacy: pip install spacy"):
        exported(database, "docbin")
    preview = exchange.preview(database, [("a.spacy", b"x")], "docbin", department="A")
    assert "needs the package spacy" in str(preview.errors[0])


def test_docbin_loads_no_torch_into_this_process(tmp_path: Path) -> None:
    pytest.importorskip("spacy")
    code = """
import sys
from ladtl_core.records import Entity, Record
from workbench.services import apart
from ladtl_core.formats import Located, Remark
record = Record("1", "no fever", (Entity(3, 8, "P"),), department="A")
data = apart.write([record], "docbin")
assert [found.record for found in apart.scan([("x.spacy", data)], "docbin")] == [record]
[error] = apart.scan([("x.spacy", b"text")], "docbin")
print(error)
print([name for name in ("torch", "spacy", "thinc") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.splitlines() == [
        "x.spacy, line 1, column 1: this is not a DocBin that spaCy can read",
        "[]",
    ], done.stderr
