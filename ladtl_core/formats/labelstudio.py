"""Label Studio's JSON: a list of tasks with annotations and predictions.

    [{"data": {"id": "n1", "text": "L5 metastasis"},
      "annotations": [{"result": [{"from_name": "label", "to_name": "text", "type": "labels",
                                   "value": {"start": 0, "end": 13, "text": "L5 metastasis", "labels": ["Problem"]}}]}],
      "predictions": [{"score": 0.9, "result": [...]}]}]

It goes with the configuration `<Labels name="label" toName="text">...</Labels><Text name="text" value="$text"/>`.

- The id is `data.id`, which is kept on the way through Label Studio, else the task's; likewise `department`, `split`
  and `patient`. The text is `data.text`, or the only text in `data`.
- A task without annotations is unlabelled; an annotation without spans says that nothing was found. Cancelled ones do
  not count. Of several that differ one must be marked as ground truth: which is right is for a person to say.
- Predictions are kept as predictions, each span with its own score or else that of the whole; they are never labels.
- Offsets count code points. Versions of Label Studio before 1.4 wrote UTF-16: the covered text in each span tells.
- What is no span (choices, relations, text areas, drafts) is counted in a remark and not read.

The file is one JSON document, so its text is in memory while it is read; the records are not.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import Any

from ladtl_core.errors import DataError
from ladtl_core.formats import json_values as of
from ladtl_core.formats.offsets import in_code_points
from ladtl_core.formats.scan import Content, Found, Located, Remark, check_strings, text_of
from ladtl_core.records import PLACE, Entity, Prediction, Record

_KEYS = {"entities": "annotations"}  # our name of a field -> theirs
_BLANK = re.compile(r"[ \t\r\n]*")


def scan(content: Content, name: str) -> Iterator[Found]:
    """The records with the lines where their tasks begin, the errors, and what was not read."""
    ignored: Counter[str] = Counter()
    try:
        text = text_of(content, name)
        line, last = 1, 0
        for number, (begin, end, task) in enumerate(_tasks(text), 1):
            line, last = line + text.count("\n", last, begin), begin
            try:
                record = _record(task, f"{PurePath(name).stem.strip()}-{number}", ignored)
                check_strings(record)
            except DataError as error:
                key = _KEYS.get(error.field or "", error.field)
                place = begin + of.column_of(text[begin:end], key) - 1
                yield error.at(name, *_place(text, place))
            else:
                yield Located(record, name, line, {entity.label: line for entity in record.entities or ()})
    except DataError as error:
        yield error.at(name)
    if kinds := +ignored:
        counts = ", ".join(f"{what} {count:,}" for what, count in sorted(kinds.items()))
        yield Remark(f"not read as they are: {counts}", name)


def write(records: Iterable[Record]) -> Iterator[str]:
    """A list with one task a record. Raises DataError for a record that could not be read again."""
    before = "[\n"
    for record in records:
        check_strings(record)
        yield before + of.line_of(_task(record)).removesuffix("\n")
        before = ",\n"
    yield "\n]\n" if before == ",\n" else "[]\n"


def _task(record: Record) -> dict[str, Any]:
    task: dict[str, Any] = {"data": {"id": record.id, "text": record.text, **record.place}, "annotations": []}
    if record.entities is not None:
        task["annotations"] = [{"result": [_region(span, record.text) for span in record.entities]}]
    if record.predictions:
        regions = [_region(span, record.text, span.confidence) for span in record.predictions]
        scores = [span.confidence for span in record.predictions if span.confidence is not None]
        whole = {"score": sum(scores) / len(scores)} if len(scores) == len(regions) else {}
        task["predictions"] = [{"result": regions, **whole}]
    return task


def _region(span: Entity | Prediction, text: str, score: float | None = None) -> dict[str, Any]:
    value = {"start": span.start, "end": span.end, "text": text[span.start : span.end], "labels": [span.label]}
    scored = {} if score is None else {"score": score}
    identifier = f"{span.start}-{span.end}-{span.label}"
    return {"id": identifier, "from_name": "label", "to_name": "text", "type": "labels", "value": value, **scored}


def _tasks(text: str) -> Iterator[tuple[int, int, Any]]:
    """The values of the list one by one, with their begin and end in the text."""
    decoder = json.JSONDecoder()
    at = _skip(text, 0)
    if at == len(text):
        return
    if text[at] != "[":
        raise _error(text, at, "expected a list of tasks, [{...}, ...]")
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise _error(text, error.pos, f"this is not JSON: {error.msg}") from None
        except (ValueError, RecursionError) as error:
            raise _error(text, at, f"this is not JSON of ours: {error}") from None
        yield at, end, value
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "]":
            raise _error(text, at, "this is not JSON: expected a comma or the end of the list")
    if (rest := _skip(text, at + 1)) != len(text):
        raise _error(text, rest, "there is more behind the end of the list")


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _place(text: str, at: int) -> tuple[int, int]:
    """Line and column of a position, both from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _error(text: str, at: int, message: str) -> DataError:
    line, column = _place(text, at)
    return DataError(message, line=line, column=column)


def _record(task: Any, default_id: str, ignored: Counter[str]) -> Record:
    if not isinstance(task, dict):
        raise DataError(f"a task is a {of.kind(task)}; expected {{...}}")
    data = task.get("data")
    if not isinstance(data, dict):
        raise DataError("the task has no object data; export from Label Studio as JSON, not as JSON-MIN")
    text = _text(data)
    ignored["drafts"] += len(_objects(task, "drafts"))
    known: dict[str, Any] = {key: of.optional_string(data, key) for key in PLACE}
    identifier = next((value for value in (data.get("id"), task.get("id")) if value is not None), default_id)
    return Record(
        id=of.identifier(identifier),
        text=text,
        entities=_entities(_objects(task, "annotations") or _objects(task, "completions"), text, ignored),
        predictions=tuple(_predictions(_objects(task, "predictions"), text, ignored)),
        **known,
    )


def _text(data: dict[str, Any]) -> str:
    texts = [value for key, value in data.items() if isinstance(value, str) and key not in ("id", *PLACE)]
    if "text" in data or len(texts) != 1:
        return of.string("text", data.get("text"))
    return texts[0]


def _objects(values: dict[str, Any], key: str) -> Sequence[dict[str, Any]]:
    """The objects of a list; in `predictions` and the like also plain ids may stand, which say nothing."""
    return [value for value in of.optional_list(values, key, lambda value: value) or () if isinstance(value, dict)]


def _entities(annotations: Sequence[dict[str, Any]], text: str, ignored: Counter[str]) -> tuple[Entity, ...] | None:
    counting = [annotation for annotation in annotations if not annotation.get("was_cancelled")]
    ignored["cancelled annotations"] += len(annotations) - len(counting)
    chosen = [annotation for annotation in counting if annotation.get("ground_truth")] or counting
    found = {
        tuple(sorted({Entity(start, end, label) for start, end, label, _ in _spans(annotation, text, ignored)}))
        for annotation in chosen
    }
    if len(found) > 1:
        message = f"the task has {len(chosen)} annotations that differ; mark one of them as ground truth"
        raise DataError(message, field="annotations")
    return next(iter(found), None)


def _predictions(predictions: Sequence[dict[str, Any]], text: str, ignored: Counter[str]) -> Iterator[Prediction]:
    for prediction in predictions:
        whole = of.optional_number("a prediction's score", prediction.get("score"))
        for start, end, label, score in _spans(prediction, text, ignored):
            yield Prediction(start, end, label, whole if score is None else score)


def _spans(annotation: dict[str, Any], text: str, ignored: Counter[str]) -> list[tuple[int, int, str, float | None]]:
    """(start, end, label, score) of the labelled stretches of text; a stretch with two labels is two."""
    values, labels, scores = [], [], []
    for region in _objects(annotation, "result"):
        value = region.get("value")
        if region.get("type") != "labels" or not isinstance(value, dict) or not value.get("labels"):
            ignored[f"results of the type {region.get('type')!r}"] += 1
            continue
        values.append(value)
        labels.append(of.optional_list(value, "labels", lambda label: of.string("a label", label)) or ())
        scores.append(of.optional_number("a span's score", region.get("score")))
    stretches = [(of.whole("a span's start", v.get("start")), of.whole("a span's end", v.get("end"))) for v in values]
    covered = [value["text"] if isinstance(value.get("text"), str) else None for value in values]
    placed, in_utf16 = in_code_points(text, stretches, covered)
    ignored["annotations with offsets in UTF-16 (taken as such)"] += in_utf16
    return [
        (start, end, label, score)
        for (start, end), names, score in zip(placed, labels, scores, strict=True)
        for label in names
    ]
