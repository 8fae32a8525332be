"""Mapping files, and training where the label sets differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from ladtl_core.errors import DataError
from ladtl_core.mapping import read_mapping
from ladtl_core.records import Entity, Record

RECORDS = [
    Record("r1", "aa bb cc", (Entity(0, 2, "PER"), Entity(3, 5, "LOC"), Entity(6, 8, "MISC"))),
    Record("r2", "dd"),
]


def written(folder: Path, text: str) -> Path:
    path = folder / "labels.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_labels_take_the_targets_names(tmp_path: Path) -> None:
    mapping = read_mapping(written(tmp_path, "# ours\n\nPER = Person\n LOC=geo location \r\n"))
    mapped = mapping.apply(RECORDS, {"Person", "geo location"})
    assert [entity.label for entity in mapped[0].entities or ()] == ["Person", "geo location", "MISC"]
    assert mapped[0].text == RECORDS[0].text and mapped[1] == RECORDS[1]


def test_labels_may_change_places(tmp_path: Path) -> None:
    mapped = read_mapping(written(tmp_path, "PER = LOC\nLOC = PER\n")).apply(RECORDS, {"PER", "LOC"})
    assert [entity.label for entity in mapped[0].entities or ()] == ["LOC", "PER", "MISC"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PER Person\n", "line 1: the line is 'PER Person'; expected 'source label = target label'"),
        ("PER = Person\nLOC = \n", "line 2: the line is 'LOC = '"),
        ("PER = A = B\n", "line 1: the line is 'PER = A = B'"),
        ("PER = Person\nPER = Human\n", "line 2: 'PER' was mapped on line 1 already"),
        ("PER = Person\n\nLOC = Person\n", "line 3: 'Person' was given to 'PER' on line 1"),
        ("# nothing\n", "labels.txt: names no label"),
    ],
)
def test_mistakes_name_file_and_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_mapping(written(tmp_path, text))
    assert message in str(caught.value) and "labels.txt" in str(caught.value)


def test_bytes_that_are_not_utf8_are_named(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(b"PER = Person\nLOC = \xff\n")
    with pytest.raises(DataError, match=r"labels\.txt, line 2: the byte 0xff"):
        read_mapping(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_mapping(tmp_path / "nowhere.txt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PER = Person\nORG = Person group\n", "line 2: the source has no label 'ORG'; it has LOC, MISC, PER"),
        ("PER = Preson\n", "line 1: the target has no label 'Preson'; it has LOC, Person, Person group"),
        ("PER = LOC\n", "line 1: the source has a label 'LOC' of its own"),
    ],
)
def test_labels_that_are_not_there_are_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        read_mapping(written(tmp_path, text)).apply(RECORDS, {"Person", "Person group", "LOC"})
