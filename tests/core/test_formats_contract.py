"""What every format promises in FORMATS, held against it: what comes back, what is counted, where errors are."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ladtl_core.errors import DataError
from ladtl_core.formats import FORMATS, Format, Located, in_memory
from ladtl_core.records import Entity, Prediction, Record
from tests.core.formats_kit import again, errors, records_in, written
from tests.core.strategies import records

FIELDS = ("department", "split", "patient", "predictions")
WRITABLE = [key for key, form in FORMATS.items() if form.write]
KEEPING = [key for key, form in FORMATS.items() if form.keeps_text]
DOCUMENTED = Path(__file__).parents[2] / "docs" / "formats.md"
NOT_IN_XML = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# Each breaks the offsets of some tool: CRLF, tabs, double spaces, combining marks, emoji, CJK, right-to-left.
TEXTS = (
    "Fever.\r\nCough\r\n now",
    "L5\tmetastasis  found\n\n",
    "cafe\u0301 au lait e\u0301\u0323",
    "👩\u200d⚕️ sees 👍🏽 and 🇪🇸",
    "患者發熱。\u3000肺炎",
    "שלום מַחֲלָה كُتِبَ",
    "  a\u2028b\x85c\ufeff",
    '"a", \'b\'; <c> & {"d": [1]} \\n %20',
)


def need(key: str) -> Format:
    """The format; its tests are skipped where its package is not installed."""
    form = FORMATS[key]
    if form.package:
        pytest.importorskip(form.package)
    return form


@st.composite
def with_predictions(draw: st.DrawFn) -> Record:
    record = draw(records())
    scores = st.none() | st.floats(0, 1)
    found = [Prediction(e.start, e.end, e.label, draw(scores)) for e in record.entities or ()]
    return replace(record, predictions=tuple(found))


@pytest.mark.parametrize("key", KEEPING)
@settings(deadline=None, max_examples=60)
@given(items=st.lists(with_predictions(), min_size=1, max_size=3, unique_by=lambda record: record.id))
def test_id_text_and_spans_come_back(key: str, items: list[Record]) -> None:
    form = need(key)
    assume(key != "xmi" or not any(NOT_IN_XML.search(record.text) for record in items))
    found = {record.id: record for record in again(key, items)}
    assert found.keys() == {record.id for record in items}
    for before in items:
        after = found[before.id]
        assert (after.text, after.entities) == (before.text, before.entities)
        for field in FIELDS:
            assert field not in form.carries or getattr(after, field) == getattr(before, field)


@pytest.mark.parametrize("key", KEEPING)
@pytest.mark.parametrize("text", TEXTS)
def test_every_stretch_of_odd_texts_comes_back(key: str, text: str) -> None:
    """Also inside tokens, nested and overlapping, at every boundary of characters."""
    need(key)
    spans = [Entity(start, end, "Problem") for start in range(len(text)) for end in range(start + 1, len(text) + 1)]
    [after] = again(key, [Record("n1", text, tuple(spans))])
    assert after.text == text and set(after.entities or ()) == set(spans)


@pytest.mark.parametrize("key", KEEPING)
def test_unlabelled_is_not_the_same_as_nothing_found(key: str) -> None:
    need(key)
    first, second = again(key, [Record("1", "fever", None), Record("2", "fever", ())])
    assert first.entities is None and second.entities == ()


@pytest.mark.parametrize("key", WRITABLE)
@settings(deadline=None, max_examples=40)
@given(items=st.lists(with_predictions(), min_size=1, max_size=3, unique_by=lambda record: record.id))
def test_what_is_not_carried_is_counted(key: str, items: list[Record]) -> None:
    """A record without losses comes back whole; what another one loses is exactly what is counted."""
    form = need(key)
    assume(key != "xmi" or not any(NOT_IN_XML.search(record.text) for record in items))
    found = {record.id: record for record in again(key, items)}
    for before in items:
        after, lost = found[before.id], form.losses(before)
        assert bool(lost["texts with other white space"]) == (after.text != before.text)
        for field in FIELDS:
            counted = lost["predictions"] if field == "predictions" else lost[f"values of {field}"]
            assert bool(counted) == (getattr(after, field) != getattr(before, field))
        if not lost:
            assert set(after.entities or ()) == set(before.entities or ())


@pytest.mark.parametrize("key", WRITABLE)
def test_overlapping_spans_are_kept_or_counted(key: str) -> None:
    form = need(key)
    record = Record("n1", "acute renal failure", (Entity(0, 19, "P"), Entity(6, 11, "Q")))
    [after] = again(key, [record])
    lost = form.losses(record)["spans left out or moved to the edges of words"]
    assert len(set(record.entities or ()) - set(after.entities or ())) == lost
    assert (lost == 0) == form.overlaps


@pytest.mark.parametrize("key", [key for key in WRITABLE if FORMATS[key].folder])
def test_ids_become_names_of_files_and_come_back(key: str) -> None:
    need(key)
    ids = ["a/b", "a\\b", "..", ".hidden", "50%", "%41", "a:b*?", "ñandú", "患者 7", "con.", "x.txt"]
    assert sorted(record.id for record in again(key, [Record(name, "x") for name in ids])) == sorted(ids)
    for name, _ in written(key, [Record(name, "x") for name in ids]):
        assert "/" not in name and "\\" not in name and not name.startswith(".")


@pytest.mark.parametrize("key", [key for key in WRITABLE if FORMATS[key].folder])
def test_two_records_never_share_a_file(key: str) -> None:
    need(key)
    for first, second in (
        (Record("n1", "x", department="A"), Record("n1", "y", department="B")),
        (Record("N1", "x"), Record("n1", "y")),
    ):
        with pytest.raises(DataError, match="would have the same file"):
            written(key, [first, second])
    with pytest.raises(DataError, match="too long for the name of a file"):
        written(key, [Record("患" * 100, "x")])


@pytest.mark.parametrize("key", KEEPING)
def test_what_could_not_be_read_again_is_not_written(key: str) -> None:
    need(key)
    for record in (Record("a\nb", "x"), Record("1", "x", (Entity(0, 9, "P"),)), Record("1", "a\0")):
        with pytest.raises(DataError):
            written(key, [record])


@pytest.mark.parametrize("key", [key for key, form in FORMATS.items() if not form.folder and key != "docbin"])
def test_bytes_that_are_not_utf8_have_line_and_column(key: str) -> None:
    found = errors(key, b"text\nxx\xe9\n")
    assert "notes, line 2, column 3: the byte 0xe9 is not UTF-8; save the file as UTF-8" in found


@pytest.mark.parametrize("key", [key for key in FORMATS if key not in ("docbin", "xmi", "brat", "labelstudio")])
def test_a_byte_order_mark_and_crlf_are_read(key: str) -> None:
    if FORMATS[key].write is None or key == "text":
        data = b"x O\n" if key == "sighan" else b"x\n"
    else:
        data = written(key, [Record("1", "x", ())])[0][1]
    data = b"\xef\xbb\xbf" + data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert [record.text for record in records_in(key, ("1", data))] == ["x"]


def test_a_reader_goes_on_with_the_next_file() -> None:
    files = in_memory([("a.jsonl", b"{"), ("b.jsonl", b'{"id": "1", "text": "x"}')])
    error, record = FORMATS["jsonl"].scan(files)
    assert isinstance(error, DataError) and error.file == "a.jsonl"
    assert isinstance(record, Located) and record.file == "b.jsonl"


def test_the_documentation_says_the_same() -> None:
    lines = DOCUMENTED.read_text(encoding="utf-8").split("\n\n## ")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][1:]
    assert [row[0] for row in rows] == list(FORMATS)
    for name, _, place, *facts in rows:
        form = FORMATS[name]
        assert place == ("a folder" if form.folder else "a file")
        yes = [value == "yes" for value in facts[:3]]
        assert yes == [form.write is not None, form.keeps_text, form.overlaps]
        assert bool(facts[3]) == bool(form.package)
