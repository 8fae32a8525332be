r"""JSON lines: a record a line, its entities as character spans.

    {"id": "n1", "text": "L5 metastasis", "entities": [{"start": 0, "end": 13, "label": "Problem"}]}

`start` and `end` count code points from 0, `end` is exclusive. Without `entities` (or with null) the record is
unlabelled; an empty list says that it was labelled and nothing was found. Optional: `department`, `split` (pool,
train, dev or test), `patient`, `tokens` ([[start, end], ...]) and `sentence_starts` (indices into the tokens). An `id`
may be a whole number. A span that is given twice counts once. Blank lines are skipped.

Any other key is an error: a misspelt `entites` would turn a labelled record into an unlabelled one, and what is not
kept could not be exported again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from ladtl_core.errors import DataError
from ladtl_core.formats.scan import Found, Located, check_strings, check_utf8, numbered_lines, of_one_file, records_of
from ladtl_core.records import Entity, Record

KEYS = ("id", "department", "split", "patient", "text", "tokens", "sentence_starts", "entities")
ENTITY_KEYS = ("start", "end", "label")
# Allowed unescaped in JSON, but other programs take them for the end of a line.
_LINE_SEPARATORS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})

T = TypeVar("T")


def read(data: bytes, name: str) -> Iterator[Record]:
    """The records of a file. Raises DataError with file and line."""
    return records_of(scan(data, name))


def scan(data: bytes, name: str) -> Iterator[Found]:
    """The records with their lines, and an error for each line that is none."""
    return of_one_file(_scan(data, name), name)


def write(records: Iterable[Record]) -> Iterator[str]:
    """One line a record, with what is known of it. Raises DataError for a record that could not be read again."""
    for record in records:
        check_strings(record)
        values: dict[str, Any] = {key: getattr(record, key) for key in KEYS if getattr(record, key) is not None}
        if record.entities is not None:
            values["entities"] = [{"start": e.start, "end": e.end, "label": e.label} for e in record.entities]
        yield json.dumps(values, ensure_ascii=False).translate(_LINE_SEPARATORS) + "\n"


def _scan(data: bytes, name: str) -> Iterator[Found]:
    for number, line in numbered_lines(data):
        if not line.strip():
            continue
        try:
            check_utf8(line)
            record = _record(_object(line))
            check_strings(record)
        except DataError as error:
            yield DataError(error.message, file=name, line=number)
        else:
            yield Located(record, number, {entity.label: number for entity in record.entities or ()})


def _object(line: str) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(f"this is not JSON: {error.msg} at character {error.colno}") from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets without end
        raise DataError(f"this is not JSON of ours: {error}") from None
    if not isinstance(values, dict):
        raise DataError(f"expected a JSON object on every line, {{...}}; this line is a {_kind(values)}")
    return values


def _record(values: dict[str, Any]) -> Record:
    _known_keys("the record", values, KEYS)
    identifier = values.get("id")
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        identifier = str(identifier)
    tokens = _list(values, "tokens", _token)
    starts = _list(values, "sentence_starts", lambda value: _whole("a sentence start", value))
    if starts is not None and tokens is None:
        raise DataError("there are sentence_starts but no tokens; they are indices into the tokens")
    if tokens == ():
        raise DataError("tokens is empty; leave it out to have the text split into words")
    entities = _list(values, "entities", _entity)
    return Record(
        id=_string("id", identifier),
        text=_string("text", values.get("text")),
        entities=None if entities is None else tuple(sorted(set(entities))),
        department=_optional_string(values, "department"),
        split=_optional_string(values, "split"),
        patient=_optional_string(values, "patient"),
        tokens=tokens,
        sentence_starts=(0,) if tokens and starts is None else starts,
    )


def _entity(value: Any) -> Entity:
    if not isinstance(value, dict):
        raise DataError(f'an entity is a {_kind(value)}; expected {{"start": 0, "end": 4, "label": "..."}}')
    _known_keys("an entity", value, ENTITY_KEYS)
    start, end = _whole("an entity's start", value.get("start")), _whole("an entity's end", value.get("end"))
    return Entity(start, end, _string("an entity's label", value.get("label")))


def _token(value: Any) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise DataError(f"a token is {json.dumps(value)[:40]}; expected [start, end]")
    return _whole("a token's start", value[0]), _whole("a token's end", value[1])


def _known_keys(what: str, values: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in values:
        if key not in keys:
            raise DataError(f"{what} has the key {key!r}, which is not read; expected {', '.join(keys)}")


def _list(values: dict[str, Any], key: str, item: Callable[[Any], T]) -> tuple[T, ...] | None:
    value = values.get(key)
    if value is None:
        return None
    if not isinstance(value, list):
        raise DataError(f"{key} is a {_kind(value)}; expected a list")
    return tuple(map(item, value))


def _optional_string(values: dict[str, Any], key: str) -> str | None:
    return None if values.get(key) is None else _string(key, values[key])


def _string(what: str, value: Any) -> str:
    if not isinstance(value, str):
        raise DataError(f"{what} is {'missing' if value is None else 'a ' + _kind(value)}; expected text")
    return value


def _whole(what: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise DataError(f"{what} is {'missing' if value is None else json.dumps(value)[:40]}; expected a whole number")
    return value


def _kind(value: Any) -> str:
    names = {dict: "JSON object", list: "list", str: "text", bool: "true or false", int: "number", float: "number"}
    return names.get(type(value), "null")
