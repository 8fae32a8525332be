"""Good input made bad: bytes cut, doubled and swapped, JSON with values that no reader expects, zips with bad names."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Sequence
from io import BytesIO
from random import Random
from typing import Any

# What readers look for, and what breaks careless ones.
PIECES = (
    *(b"id,text,entities\n", b'{"id": "1", "text": "x", ', b'"entities": [[0, 1, "P"]]}', b"[", b"]", b"{", b"}", b'"'),
    *(b"T1\tProblem 0 5\tfever\n", b"# doc = n\n", b"x O\n", b"x B-P\n", b"\tI-\n", b"-DOCSTART- -X- O O\n", b"\n"),
    *(b"<?xml version='1.0'?>", b"<xmi:XMI>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"\x00", b"\xff\xfe", b"\r"),
    *(b"-1", b"1e999", b"NaN", b"9" * 5000, b"null", b"true", b"\\ud800", b"\xef\xbb\xbf", b"\xed\xa0\x80", b","),
    *(b"\xff\xff\xff\xff", b"\x00\x00\x00\x80", b"\x7f\xff\xff\xff\xff\xff\xff\xff", "\u202e\u2066".encode()),
    *(b"[" * 2000, b'{"a":' * 2000, b"=1+1", b"../", b"<script>", b"' OR 1=1 --", b"(a+)+$"),
)
STRINGS = (
    *("", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\u202eabc\u2066", "a\nb", "\u2028", "=1+1", "../../x", "a/b"),
    *("<img src=x onerror=alert(1)>", "![x](http://e.example/x.png)", "' OR 1=1 --", "%s%n", "$(id)", "x" * 5000),
    *("Problem", "B-X", "O", "source", "target", "la-dtl", "1e999", "nan", "C:\\x", "CON", "e\u0301" * 50),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 0.5, 2**31, 2**63, -(2**63) - 1, 10**400, 1e308, float("inf"), float("nan")),
    *([], {}, [[]], [None], [0, 1, 2], {"": {}}, {"a": [1]}, *STRINGS),
)
NAMES = (
    *("notes.jsonl", "n.txt", "n.ann", "n.xmi", "TypeSystem.xml", "x.csv", "s.json", "a.conll", "a.spacy", "a.zip"),
    *("../../x.txt", "/etc/passwd", "C:\\x.txt", "\\\\host\\x", "a\nb.txt", "a\0b.txt", "", "CON.txt", "x" * 300),
    *("ward/a.txt", "ward/../../a.ann", "__MACOSX/a", ".hidden", "model.json", "m/spec.json", "\u202etxt.a"),
)


def spoiled(random: Random, good: bytes) -> bytes:
    """The bytes after one to four changes; now and then pieces alone."""
    if random.randrange(8) == 0:
        return b"".join(random.choice(PIECES) for _ in range(random.randrange(12)))
    data = good
    for _ in range(random.randrange(1, 5)):
        start = random.randrange(len(data) + 1)
        end = min(len(data), start + random.randrange(24))
        kind = random.randrange(6)
        if kind == 0:
            data = data[:start] + data[end:]
        elif kind == 1:
            data = data[:start] + random.choice(PIECES) + data[end:]
        elif kind == 2:
            data = data[:start] + bytes([random.randrange(256)]) + data[start + 1 :]
        elif kind == 3:
            data = data[:end] + data[start:end] + data[end:]
        elif kind == 4:
            data = data[:start]
        else:
            data = data[:start] + random.choice(PIECES) + data[start:]
    return data


def spoiled_json(random: Random, value: Any) -> Any:
    """The JSON value with one place, at any depth, left out, doubled or replaced."""
    if not isinstance(value, (dict, list)) or not value or random.randrange(6) == 0:
        return random.choice(VALUES)
    copy: Any = value.copy()
    place = random.choice(list(copy)) if isinstance(copy, dict) else random.randrange(len(copy))
    kind = random.randrange(8)
    if kind == 0:
        del copy[place]
    elif kind == 1 and isinstance(copy, dict):
        copy[random.choice(STRINGS)] = copy[place]
    elif kind == 1:
        copy.append(copy[place])
    else:
        copy[place] = spoiled_json(random, copy[place])
    return copy


def json_bytes(random: Random, value: Any) -> bytes:
    """A spoiled value as JSON, whose bytes may be spoiled besides."""
    for _ in range(random.randrange(1, 4)):
        value = spoiled_json(random, value)
    data = json.dumps(value).encode()
    return spoiled(random, data) if random.randrange(4) == 0 else data


def zipped(files: Sequence[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these files; names and repetitions are taken as they are."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two files with one name
        for name, data in files:
            about = zipfile.ZipInfo("x")
            about.filename, about.compress_type = name or "x", method  # ZipInfo itself would mend the name
            archive.writestr(about, data)
            about.filename = name
    return made.getvalue()
