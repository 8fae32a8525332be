r"""brat standoff: a folder with a text `n1.txt` and its annotations `n1.ann` for each record.

    T1	Problem 0 13	L5 metastasis

The id is the file's name, with folders; `%2F` stands for a `/` that is in the id itself, and so on. A text without a
`.ann` is unlabelled, an empty `.ann` says labelled and nothing found. Offsets count code points of the text as it is in
the file, and are checked against the text that the line repeats; those that fit as UTF-16 alone are taken so. In a
label, white space and % are written as %20 and %25.

Spans may nest and overlap. A discontinuous span (`0 5;16 23`) is read from its first to its last character, which a
remark counts unless it is parted by line breaks alone: so brat stores a span that goes over a line's end. Relations,
events, attributes, normalizations, equivalences and notes are counted in a remark and not read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote

from ladtl_core.errors import DataError
from ladtl_core.formats.files import Files, by_name, file_stem, id_of_file, of_several_files, one_file_each, opening
from ladtl_core.formats.offsets import in_code_points
from ladtl_core.formats.scan import (
    Found,
    Located,
    Remark,
    check_name,
    check_strings,
    check_utf8,
    numbered_lines,
    text_of,
)
from ladtl_core.records import Entity, Record, check_stretch

_SPAN = re.compile(r"T\S*\t(\S+) (\d{1,15} \d{1,15}(?:;\d{1,15} \d{1,15})*)(?:\t(.*))?")
_OTHERS = {
    "R": "relations",
    "E": "events",
    "A": "attributes",
    "M": "attributes",
    "N": "normalizations",
    "#": "notes",
    "*": "equivalences",
}


def scan(files: Files) -> Iterator[Found]:
    """The records, the first error of each that cannot be used, and what was not read."""
    return of_several_files(_scan(files))


def write(records: Iterable[Record]) -> Iterator[tuple[str, bytes]]:
    """The files of one record after the other. Raises DataError for a record that could not be read again."""
    return one_file_each(file for record in records for file in _files(record))


def _files(record: Record) -> Iterator[tuple[str, str, bytes]]:
    check_strings(record)
    stem = file_stem(record.id)
    yield record.id, f"{stem}.txt", record.text.encode()
    if record.entities is not None:
        lines = (_line(number, entity, record.text) for number, entity in enumerate(record.entities, 1))
        yield record.id, f"{stem}.ann", "".join(lines).encode()


def _line(number: int, entity: Entity, text: str) -> str:
    """The entity in parts without line breaks, or whole if it begins or ends with one, which brat has no way to say."""
    parts = [found.span() for found in re.finditer(r"[^\n]+", text[entity.start : entity.end])]
    if not parts or parts[0][0] != 0 or parts[-1][1] != entity.end - entity.start:
        parts = [(0, entity.end - entity.start)]
    stretches = ";".join(f"{entity.start + start} {entity.start + end}" for start, end in parts)
    label = re.sub(r"[%\s]", lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), entity.label)
    covered = re.sub(r"\s", " ", text[entity.start : entity.end])
    return f"T{number}\t{label} {stretches}\t{covered}\n"


def _scan(files: Files) -> Iterator[Found]:
    try:
        named = by_name(files)
    except DataError as error:
        yield error
        return
    texts = [name for name in named if name.lower().endswith(".txt")]
    annotations = {_stem(name): name for name in named if name.lower().endswith(".ann")}
    ignored: Counter[str] = Counter()
    for name in texts:
        beside = annotations.pop(_stem(name), None)
        try:
            yield _located(named, name, beside, ignored)
        except DataError as error:
            yield error.at(beside or name, 1, 1)
    for name in annotations.values():
        yield DataError(f"there is no {_stem(name)}.txt beside it, which is its text", file=name)
    if not named:
        yield DataError("there are no files; expected a folder with .txt and .ann files")
    elif kinds := +ignored:
        counts = ", ".join(f"{what} {count:,}" for what, count in sorted(kinds.items()))
        yield Remark(f"not read as they are: {counts}", texts[0] if len(texts) == 1 else "the folder")


def _stem(name: str) -> str:
    return PurePosixPath(name).with_suffix("").as_posix()


def _located(files: dict[str, Callable[[], BinaryIO]], name: str, beside: str | None, ignored: Counter[str]) -> Located:
    with opening(files[name], name) as file:
        text = text_of(file, name)
        file.seek(0)
        if file.read(3) == b"\xef\xbb\xbf":  # brat counts it as a character
            text = "\ufeff" + text
    if not text.strip():
        raise DataError("the file is empty; expected the text of a record", file=name)
    record = Record(id_of_file(name), text)
    label_lines: dict[str, int] = {}
    if beside is not None:
        with opening(files[beside], beside) as file:
            entities = _entities(file, text, label_lines, ignored)
        record = Record(record.id, text, entities)
    check_strings(record)
    return Located(record, beside or name, 1, label_lines)


def _entities(file: BinaryIO, text: str, label_lines: dict[str, int], ignored: Counter[str]) -> tuple[Entity, ...]:
    labels, stretches, covered, lines = [], [], [], []
    for number, line in numbered_lines(file):
        if not line.strip():
            continue
        try:
            check_utf8(line)
            if line[0] in _OTHERS:
                ignored[_OTHERS[line[0]]] += 1
                continue
            found = _SPAN.fullmatch(line)
            if found is None:
                raise DataError(f"the line is {line[:40]!r}; expected 'T1<TAB>label start end<TAB>text'")
        except DataError as error:
            raise error.at(line=number, column=1) from None
        parts = [tuple(map(int, part.split(" "))) for part in found[2].split(";")]
        begin, end = min(part[0] for part in parts), max(part[1] for part in parts)
        gaps = any(text[a[1] : b[0]].strip() for a, b in pairwise(parts))
        ignored["discontinuous spans (read from their first to their last character)"] += gaps
        labels.append(_label(found[1]))
        stretches.append((begin, end))
        covered.append(None if gaps else found[3])
        lines.append(number)
    placed, in_utf16 = in_code_points(text, stretches, covered, lines)
    ignored["files with offsets in UTF-16 (taken as such)"] += in_utf16
    entities = []
    for (start, end), label, number in zip(placed, labels, lines, strict=True):
        label_lines.setdefault(label, number)
        try:
            check_stretch("span", start, end, text)
            check_name("label", label)
        except DataError as error:
            raise error.at(line=number, column=1) from None
        entities.append(Entity(start, end, label))
    return tuple(sorted(set(entities)))


def _label(written: str) -> str:
    try:
        return unquote(written, errors="strict")
    except UnicodeDecodeError:
        return written
