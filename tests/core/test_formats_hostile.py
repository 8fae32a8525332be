"""Whatever a file holds, a reader gives records that can be stored, or errors of ours with what is wrong.

More cases: LADTL_EXAMPLES=1000 python -m pytest tests/core/test_formats_hostile.py --timeout 0, and those of all
readers: python -m benchmarks hostile
"""

from __future__ import annotations

import csv
import os

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ladtl_core.errors import DataError
from ladtl_core.formats import FORMATS, Found, Located, Remark, csv_rows, in_memory
from ladtl_core.formats.scan import check_strings
from ladtl_core.records import Entity, Record
from tests.core.formats_kit import again, written
from tests.core.strategies import records

EXAMPLES = int(os.environ.get("LADTL_EXAMPLES", "40"))  # for each format and kind of input

AVAILABLE = [key for key, form in FORMATS.items() if form.available]
WRITABLE = [key for key in AVAILABLE if FORMATS[key].write]
# What readers look for, and what breaks careless ones.
PIECES = (
    *(b"id,text,entities\n", b'{"id": "1", "text": "x", ', b'"entities": [[0, 1, "P"]]}', b"[", b"]", b"{", b"}", b'"'),
    *(b"T1\tProblem 0 5\tfever\n", b"# doc = n\n", b"x O\n", b"x B-P\n", b"\tI-\n", b"-DOCSTART- -X- O O\n", b"\n"),
    *(b"<?xml version='1.0'?>", b"<xmi:XMI>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"\x00", b"\xff\xfe", b"\r"),
    *(b"-1", b"1e999", b"NaN", b"9" * 5000, b"null", b"true", b"\\ud800", b"\xef\xbb\xbf", b"\xed\xa0\x80", b","),
)
ATTACKS = {
    "nesting": b"[" * 200_000,
    "nested objects": b'{"a":' * 200_000,
    "a long number": b'{"id": "1", "text": "x", "entities": [[0, ' + b"9" * 10_000 + b', "P"]]}',
    "entities without end": b"<!DOCTYPE a [<!ENTITY a '&a;&a;'>]><a>&a;</a>",
    "a file of the machine": b"<!DOCTYPE a [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><a>&a;</a>",
    "open quotes": b'id,text\n1,"' + b"x\n" * 5_000,
    "many columns": b"text" + b",a" * 5_000,
    "no text": b"",
    "nothing but nulls": b"\x00" * 1000,
}

NAMES = st.sampled_from(["notes", "n.txt", "n.ann", "n.xmi", "TypeSystem.xml", "../../x.txt", "a\nb", ""])
TEXT = st.text(alphabet='{}[]":,#=\n\r\tOBI- 1x', max_size=60).map(str.encode)
BYTES = (
    TEXT
    | st.binary(max_size=200)
    | st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=20).map(b"".join)
)


def check(key: str, files: list[tuple[str, bytes]]) -> None:
    """Read to the end; the text of an error is for a person, and a record can be stored."""
    try:
        found: list[Found] = list(FORMATS[key].scan(in_memory(files)))
    except DataError as error:
        found = [error]
    for item in found:
        assert isinstance(item, (Located, DataError, Remark))
        if isinstance(item, Located):
            check_strings(item.record)
        else:
            assert str(item)


@pytest.mark.parametrize("key", AVAILABLE)
@settings(deadline=None, max_examples=EXAMPLES)
@given(files=st.lists(st.tuples(NAMES, BYTES), min_size=1, max_size=2, unique_by=lambda file: file[0]))
def test_any_bytes(key: str, files: list[tuple[str, bytes]]) -> None:
    check(key, files)


@pytest.mark.parametrize("key", WRITABLE)
@settings(deadline=None, max_examples=EXAMPLES)
@given(st.data())
def test_a_good_file_with_a_change(key: str, data: st.DataObject) -> None:
    try:
        files = written(key, [data.draw(records())])
    except DataError:
        assume(False)
    place = data.draw(st.integers(0, len(files) - 1))
    name, content = files[place]
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 20)))
    files[place] = (name, content[:start] + data.draw(BYTES) + content[end:])
    check(key, files)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("key", AVAILABLE)
def test_known_attacks(key: str, attack: str) -> None:
    for name in ("n.txt", "n.xmi"):
        check(key, [(name, ATTACKS[attack])])


def test_no_cell_of_a_table_for_people_is_a_formula() -> None:
    names = ("=1+1", "+1", "-1", "@x", "n=1", "-")
    items = [Record(name, "fever", (Entity(0, 5, name),)) for name in names]
    rows = list(csv.reader("".join(csv_rows.write_offsets(items)).splitlines()))[1:]
    assert [row[0] for row in rows] == [row[3] for row in rows] == ["'=1+1", "'+1", "'-1", "'@x", "n=1", "'-"]
    assert [csv_rows.no_formula(cell) for cell in ("\tx", "\rx", -1, -0.5, None, "x")] == [
        *("'\tx", "'\rx"),
        *(-1, -0.5, None, "x"),
    ]
    assert [record.text for record in again("csv", [Record("=n", "=1+1"), Record("-n", "-1")])] == ["=1+1", "-1"]
