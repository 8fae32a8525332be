"""doccano's JSON lines of a project for sequence labelling: a text a line, its labels as [start, end, label].

    {"id": "n1", "text": "L5 metastasis", "label": [[0, 13, "Problem"]]}

`label` is also read under its older name `labels`, and as the `entities` of a project with relations
(`{"start_offset": 0, "end_offset": 13, "label": "Problem"}`). Offsets count code points. A line without any of the
three is unlabelled; doccano itself writes an empty list for a text that nobody has labelled yet, which says "labelled,
nothing found" here. Relations, comments and what doccano kept as metadata are counted in a remark and not read, but
for `department`, `split` and `patient`, which are written so that they survive the way through doccano.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any

from ladtl_core.errors import DataError
from ladtl_core.formats import json_values as of
from ladtl_core.formats.scan import (
    Content,
    Found,
    Located,
    Remark,
    check_strings,
    check_utf8,
    numbered_lines,
)
from ladtl_core.records import PLACE, Entity, Record

_LABELS = ("label", "labels", "entities")
_READ = {"id", "text", *PLACE, *_LABELS}


def scan(content: Content, name: str) -> Iterator[Found]:
    """The records with their lines, an error for each line that is none, and what was not read."""
    ignored: Counter[str] = Counter()
    for number, line in numbered_lines(content):
        if not line.strip():
            continue
        key = None
        try:
            check_utf8(line)
            values = of.object_of(line)
            key = _label_key(values)
            record = _record(values, key, f"{PurePath(name).stem.strip()}-{number}")
            check_strings(record)
        except DataError as error:
            yield error.at(name, number, of.column_of(line, key if key and error.field == "entities" else error.field))
            continue
        ignored.update(other for other, value in values.items() if other not in _READ and value not in ([], None))
        yield Located(record, name, number, {entity.label: number for entity in record.entities or ()})
    if ignored:
        counts = ", ".join(f"{other} ({count:,} lines)" for other, count in sorted(ignored.items()))
        yield Remark(f"keys that are not read: {counts}", name)


def write(records: Iterable[Record]) -> Iterator[str]:
    """One line a record. Raises DataError for a record that could not be read again."""
    for record in records:
        check_strings(record)
        values: dict[str, Any] = {"id": record.id, "text": record.text}
        if record.entities is not None:
            values["label"] = [[e.start, e.end, e.label] for e in record.entities]
        yield of.line_of(values | record.place)


def _label_key(values: dict[str, Any]) -> str | None:
    keys = [key for key in _LABELS if key in values]
    if len(keys) > 1:
        raise DataError(f"the line has both {keys[0]} and {keys[1]}; expected one of them", field=keys[1])
    return keys[0] if keys else None


def _record(values: dict[str, Any], key: str | None, default_id: str) -> Record:
    entities = of.optional_list(values, key, _entity) if key else None
    known: dict[str, Any] = {name: of.optional_string(values, name) for name in PLACE}
    return Record(
        id=of.identifier(values["id"]) if values.get("id") is not None else default_id,
        text=of.string("text", values.get("text")),
        entities=None if entities is None else tuple(sorted(set(entities))),
        **known,
    )


def _entity(value: Any) -> Entity:
    if isinstance(value, dict):
        start, end, label = (value.get(key) for key in ("start_offset", "end_offset", "label"))
    elif isinstance(value, list) and len(value) == 3:
        start, end, label = value
    else:
        raise DataError(f'a label is a {of.kind(value)}; expected [start, end, "label"]')
    begin, stop = of.whole("a label's start", start), of.whole("a label's end", end)
    return Entity(begin, stop, of.string("a label's name", label))
