r"""JSON lines: a record a line, its entities as character spans.

    {"id": "n1", "text": "L5 metastasis", "entities": [{"start": 0, "end": 13, "label": "Problem"}]}

`start` and `end` count code points from 0, `end` is exclusive. Without `entities` (or with null) the record is
unlabelled; an empty list says that it was labelled and nothing was found. Optional: `department`, `split` (pool,
train, dev or test), `patient`, `tokens` ([[start, end], ...]) and `sentence_starts` (indices into the tokens). An `id`
may be a whole number. A span that is given twice counts once. Blank lines are skipped. `predictions` of a model are
kept apart from the labels: spans as above with an optional `confidence`.

Any other key is an error: a misspelt `entites` would turn a labelled record into an unlabelled one, and what is not
kept could not be exported again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ladtl_core.errors import DataError
from ladtl_core.formats import json_values as of
from ladtl_core.formats.scan import (
    Content,
    Found,
    Located,
    check_strings,
    check_utf8,
    numbered_lines,
)
from ladtl_core.records import Entity, Prediction, Record

KEYS = ("id", "department", "split", "patient", "text", "tokens", "sentence_starts", "entities", "predictions")
ENTITY_KEYS = ("start", "end", "label")
PREDICTION_KEYS = (*ENTITY_KEYS, "confidence")


def scan(content: Content, name: str) -> Iterator[Found]:
    """The records with their lines, and an error for each line that is none."""
    for number, line in numbered_lines(content):
        if not line.strip():
            continue
        try:
            check_utf8(line)
            record = _record(of.object_of(line))
            check_strings(record)
        except DataError as error:
            yield error.at(name, number, of.column_of(line, error.field))
        else:
            yield Located(record, name, number, {entity.label: number for entity in record.entities or ()})


def write(records: Iterable[Record]) -> Iterator[str]:
    """One line a record, with what is known of it. Raises DataError for a record that could not be read again."""
    for record in records:
        check_strings(record)
        values: dict[str, Any] = {key: getattr(record, key) for key in KEYS if getattr(record, key) is not None}
        if record.entities is not None:
            values["entities"] = [{key: getattr(e, key) for key in ENTITY_KEYS} for e in record.entities]
        values["predictions"] = [{key: getattr(p, key) for key in PREDICTION_KEYS} for p in record.predictions]
        if not record.predictions:
            del values["predictions"]
        yield of.line_of(values)


def _record(values: dict[str, Any]) -> Record:
    _known_keys("the record", values, KEYS)
    tokens = of.optional_list(values, "tokens", _token)
    starts = of.optional_list(values, "sentence_starts", lambda value: of.whole("a sentence start", value))
    if starts is not None and tokens is None:
        raise DataError("there are sentence_starts but no tokens; they are indices into the tokens")
    if tokens == ():
        raise DataError("tokens is empty; leave it out to have the text split into words", field="tokens")
    entities = of.optional_list(values, "entities", _entity)
    predictions = of.optional_list(values, "predictions", _prediction)
    return Record(
        id=of.identifier(values.get("id")),
        text=of.string("text", values.get("text")),
        entities=None if entities is None else tuple(sorted(set(entities))),
        department=of.optional_string(values, "department"),
        split=of.optional_string(values, "split"),
        patient=of.optional_string(values, "patient"),
        tokens=tokens,
        sentence_starts=(0,) if tokens and starts is None else starts,
        predictions=predictions or (),
    )


def _entity(value: Any) -> Entity:
    return Entity(*_span(value, "an entity", ENTITY_KEYS))


def _prediction(value: Any) -> Prediction:
    span = _span(value, "a prediction", PREDICTION_KEYS)
    return Prediction(*span, of.optional_number("a prediction's confidence", value.get("confidence")))


def _span(value: Any, what: str, keys: tuple[str, ...]) -> tuple[int, int, str]:
    if not isinstance(value, dict):
        raise DataError(f'{what} is a {of.kind(value)}; expected {{"start": 0, "end": 4, "label": "..."}}')
    _known_keys(what, value, keys)
    start, end = of.whole(f"{what}'s start", value.get("start")), of.whole(f"{what}'s end", value.get("end"))
    return start, end, of.string(f"{what}'s label", value.get("label"))


def _token(value: Any) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise DataError(f"a token is {json.dumps(value)[:40]}; expected [start, end]")
    return of.whole("a token's start", value[0]), of.whole("a token's end", value[1])


def _known_keys(what: str, values: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in values:
        if key not in keys:
            message = f"{what} has the key {key!r}, which is not read; expected {', '.join(keys)}"
            raise DataError(message, field=key)
