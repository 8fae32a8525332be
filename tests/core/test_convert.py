"""The commands `formats` and `convert` as a person runs them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from ladtl_core.__main__ import main
from ladtl_core.formats import FORMATS

LINE = {
    "id": "n1",
    "department": "Cardiology",
    "text": "No  fever.\r\n",
    "entities": [{"start": 4, "end": 9, "label": "P"}, {"start": 5, "end": 8, "label": "Q"}],
}


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes.any"
    path.write_text(json.dumps(LINE) + "\n", encoding="utf-8")
    return path


def convert(source: Path, target: Path, *options: str) -> int:
    return main(["convert", str(source), str(target), *options])


def test_formats_prints_a_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["formats"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["name"] for row in rows] == list(FORMATS)
    names = {"jsonl", "conll", "brat", "doccano", "labelstudio", "docbin", "xmi", "csv", "text"}
    assert names <= {row["name"] for row in rows}
    for row in rows:
        assert list(row) == ["name", "reads", "writes", "keeps_text", "overlaps", "available"]
        assert all(isinstance(row[key], bool) for key in list(row)[1:])
    assert {row["name"] for row in rows if row["keeps_text"]} == names - {"conll", "text"}


@pytest.mark.parametrize("key", [key for key, form in FORMATS.items() if form.keeps_text])
def test_there_and_back_whatever_the_extension(key: str, notes: Path, tmp_path: Path) -> None:
    if package := FORMATS[key].package:
        pytest.importorskip(package)
    there, back = tmp_path / "there.xyz", tmp_path / "back"
    assert convert(notes, there, "--from", "jsonl", "--to", key) == 0
    assert there.is_dir() == FORMATS[key].folder
    assert convert(there, back, "--from", key, "--to", "jsonl") == 0
    found = json.loads(back.read_text(encoding="utf-8"))
    assert {**LINE, "department": found.get("department")} == {"department": None, **found}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back", "notes.any", "there.xyz"]


def test_what_is_not_carried_is_said(notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert(notes, tmp_path / "a", "--from", "jsonl", "--to", "conll") == 0
    told = capsys.readouterr().err
    assert "not carried by conll: spans left out or moved to the edges of words: 1\n" in told
    assert "not carried by conll: texts with other white space: 1\n" in told
    assert convert(notes, tmp_path / "b", "--from", "jsonl", "--to", "text") == 0
    told = capsys.readouterr().err
    assert "by text: spans left out or moved to the edges of words: 2\n" in told and "values of department: 1" in told
    assert convert(tmp_path / "a", tmp_path / "c", "--from", "conll", "--to", "jsonl") == 0
    assert "a: tags in BIO\n" in capsys.readouterr().err


def test_an_error_leaves_what_was_there(notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first error stops it; neither a half-written file nor a draft is left."""
    out = tmp_path / "out"
    out.write_text("before")
    notes.write_text(json.dumps(LINE) + '\n{"id": "n2", "text": 7}\n')
    for key in ("jsonl", "csv"):
        assert convert(notes, out, "--from", "jsonl", "--to", key) == 1
        assert "error: notes.any, line 2, column 14: text is a number; expected text" in capsys.readouterr().err
    assert convert(notes, tmp_path / "folder", "--from", "jsonl", "--to", "brat") == 1
    assert out.read_text() == "before" and sorted(tmp_path.iterdir()) == [notes, out]


def test_without_the_package_of_a_format_nothing_is_left(
    notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("spacy", "spacy.tokens", "cassis"):
        monkeypatch.setitem(sys.modules, name, None)
    for key, package in (("docbin", "spacy"), ("xmi", "dkpro-cassis")):
        assert convert(notes, tmp_path / "out", "--from", "jsonl", "--to", key) == 1
        assert f"needs the package {package}: pip install {package}" in capsys.readouterr().err
        assert convert(notes, tmp_path / "out", "--from", key, "--to", "jsonl") == 1
        assert f"needs the package {package}: pip install {package}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [notes]


def test_a_file_may_be_converted_in_place(notes: Path) -> None:
    before = notes.read_text()
    assert convert(notes, notes, "--from", "jsonl", "--to", "csv") == 0
    assert convert(notes, notes, "--from", "csv", "--to", "jsonl") == 0
    assert json.loads(notes.read_text()) == json.loads(before)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["{notes}", "{tmp}", "--from", "jsonl", "--to", "csv"], "this folder exists; expected a file"),
        (["{notes}", "{tmp}", "--from", "jsonl", "--to", "brat"], "this folder exists; expected an empty or a new"),
        (["{notes}", "{tmp}/no/x", "--from", "jsonl", "--to", "csv"], "cannot be written: No such file or directory"),
        (["{tmp}/none", "{tmp}/x", "--from", "jsonl", "--to", "csv"], "none: cannot be read: No such file"),
        (["{tmp}", "{tmp}/x", "--from", "jsonl", "--to", "csv"], "this is a folder; JSON lines, character spans is"),
        (["{tmp}", "{tmp}/x", "--from", "brat", "--to", "csv"], "holds no file with the extension .txt or .ann"),
        (["{notes}", "{tmp}/x", "--from", "brat", "--to", "csv"], "expected a folder with .txt and .ann files"),
        (["{notes}", "{tmp}/x", "--from", "jsonl", "--to", "csv", "--encoding", "x"], "the encoding is 'x'"),
    ],
)
def test_mistakes_are_told(
    options: list[str], message: str, notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", *(option.format(notes=notes, tmp=tmp_path) for option in options)]) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: ") and message in told
    assert list(tmp_path.iterdir()) == [notes]


def test_sighan_in_another_encoding_becomes_a_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "msra.txt", tmp_path / "train.conll"
    source.write_bytes("北\tB-LOC\n京\tI-LOC\n好\tN\n".encode("gb18030"))
    options = ("--from", "sighan", "--to", "conll")
    assert convert(source, target, *options) == 1
    assert "is not UTF-8" in capsys.readouterr().err
    assert convert(source, target, *options, "--encoding", "gb18030") == 0
    assert target.read_text(encoding="utf-8") == "# doc = msra-1\n北\tB-LOC\n京\tI-LOC\n好\tO\n\n"
    source.write_bytes("北\tB-LOC\n".encode("gb18030") + b"\xff\tN\n")
    assert convert(source, target, *options, "--encoding", "gb18030") == 1
    assert "msra.txt, line 2, column 1: these bytes are not gb18030" in capsys.readouterr().err
