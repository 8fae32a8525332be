"""Uploads: zips are unpacked, or refused where they would do harm; splits are told from records, formats guessed."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from ladtl_core.errors import DataError
from workbench.services import uploads
from workbench.services.uploads import sorted_out


def zipped(*files: tuple[str, bytes]) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return made.getvalue()


@pytest.mark.parametrize(
    ("files", "format"),
    [
        ([("a.jsonl", b'{"id": "1", "text": "x", "entities": []}')], "jsonl"),
        ([("a.jsonl", b'{"id": 1, "text": "x", "label": []}')], "doccano"),
        ([("a.jsonl", b'\n{"id": 1, "text": "x", "entities": [{"start_offset": 0}]}')], "doccano"),
        ([("a.jsonl", b"{")], "jsonl"),
        ([("a.json", b'\xef\xbb\xbf\n[{"data": {}}]')], "labelstudio"),
        ([("a.CONLL", b"")], "conll"),
        ([("eng.train", b"")], "conll"),
        ([("a.txt", b"")], "lines"),
        ([("a.txt", b""), ("b.txt", b"")], "text"),
        ([("a.txt", b""), ("a.ann", b""), ("annotation.conf", b"")], "brat"),
        ([("a.xmi", b""), ("TypeSystem.xml", b"")], "xmi"),
        ([("a.csv", b""), ("b.tsv", b"")], "csv"),
        ([("a.spacy", b"")], "docbin"),
    ],
)
def test_the_format_is_guessed(files: list[tuple[str, bytes]], format: str) -> None:
    assert sorted_out(files).format == format
    assert sorted_out([("all.zip", zipped(*files))]).format == format


def test_splits_are_told_from_records() -> None:
    splits = ("splits.json", b' {"1": {"split": "dev"}}')
    found = sorted_out([("tasks.json", b"[]"), splits])
    assert found.files == (("tasks.json", b"[]"),) and found.splits == splits
    for given in ([splits], [("a.csv", b""), splits, ("b.json", b"{}")], [("a.csv", b""), ("a.jsonl", b"")]):
        with pytest.raises(DataError, match="choose records in one format, and at most one splits file"):
            sorted_out(given)


def test_a_zip_is_unpacked_without_the_folder_around_it_and_what_systems_add() -> None:
    inside = [("ward/a.txt", b"x"), ("ward/sub/b.txt", b"y")]
    added = [("__MACOSX/ward/._a.txt", b"z"), ("ward/.DS_Store", b"z")]
    assert sorted_out([("w.zip", zipped(*inside, *added))]).files == (("a.txt", b"x"), ("sub/b.txt", b"y"))


@pytest.mark.parametrize("name", ["../a.txt", "/etc/a.txt", "sub/../../a.txt", "..\\a.txt", "C:\\a.txt"])
def test_names_that_lead_out_of_a_zip_are_refused(name: str) -> None:
    with pytest.raises(DataError, match=r"w\.zip: the name .* leads out of the zip"):
        sorted_out([("w.zip", zipped(("a.txt", b"x"), (name, b"x")))])


def test_a_zip_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped(*((f"{number}.txt", b"\0" * 1_000_000) for number in range(4)))
    assert len(bomb) < 10_000
    sorted_out([("w.zip", bomb)])
    monkeypatch.setattr(uploads, "MOST_BYTES", 3_000_000)
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(DataError, match=r"would unpack to 4 files of 4,000,000 bytes; expected at most"):
        sorted_out([("w.zip", bomb)])


def test_more_files_than_expected_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_FILES", 2)
    with pytest.raises(DataError, match="would unpack to 3 files"):
        sorted_out([("w.zip", zipped(("a.txt", b""), ("b.txt", b""), ("c.txt", b"")))])


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04 no", zipped(("a.txt", b"x"))[:-30], zipped()], ids=["empty", "broken", "cut", "no files"]
)
def test_a_broken_or_empty_zip_is_an_error(data: bytes) -> None:
    with pytest.raises(DataError, match=r"w\.zip: this zip"):
        sorted_out([("w.zip", data)])


def test_a_size_that_lies_does_not_unpack_more() -> None:
    """A zip may say of a file that it is small; no more than that is ever read."""
    honest = zipped(("a.txt", b"x" * 100_000))
    size = (100_000).to_bytes(4, "little")
    with pytest.raises(DataError, match="cannot be unpacked"):
        sorted_out([("w.zip", honest.replace(size, (10).to_bytes(4, "little")))])


def test_a_guess_survives_any_json() -> None:
    for line in (b"null", b"1", b"[]", b'{"entities": [1]}', b'{"entities": null}', b"[" * 100_000):
        assert sorted_out([("a.jsonl", line)]).format == "jsonl"


def test_what_unpacks_without_a_limit_is_refused() -> None:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.txt", b"x")
    with pytest.raises(DataError, match=r"w\.zip: 'a\.txt' is packed in an unusual way"):
        sorted_out([("w.zip", made.getvalue())])


def test_changed_bytes_and_a_file_without_a_name_are_errors() -> None:
    whole = zipped(("a.txt", b"one two three four five" * 9))
    start = whole.index(b"a.txt") + 5
    with pytest.raises(DataError, match=r"w\.zip: this zip cannot be unpacked"):
        sorted_out([("w.zip", whole[:start] + b"\xff" * 9 + whole[start + 9 :])])
    with pytest.raises(DataError, match=r"w\.zip: a file in this zip has no name"):
        sorted_out([("w.zip", whole.replace(b"a.txt", b"././."))])
