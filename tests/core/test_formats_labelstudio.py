"""Label Studio: which annotation counts, what its regions mean, where its offsets are counted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ladtl_core.records import Entity, Prediction
from tests.core.formats_kit import errors, records_in, remarks

TEXT = "👩\u200d⚕️ saw L5"
AT = TEXT.index("L5")


def region(start: int, end: int, labels: list[str], **more: Any) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": labels}
    return {"id": "r", "from_name": "label", "to_name": "text", "type": "labels", "value": value, **more}


def task(*annotations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": 4, "data": {"text": TEXT}, "annotations": list(annotations), **more}


def file(*tasks: object) -> tuple[str, bytes]:
    return "tasks.json", json.dumps(tasks, indent=1, ensure_ascii=False).encode()


def test_a_task_with_annotations_and_predictions() -> None:
    annotation = {"id": 9, "completed_by": 1, "result": [region(AT, AT + 2, ["Site", "Problem"])]}
    prediction = {"score": 0.25, "result": [region(0, 1, ["Problem"], score=0.75), region(AT, AT + 2, ["Site"])]}
    [record] = records_in("labelstudio", file(task(annotation, predictions=[prediction])))
    assert (record.id, record.text) == ("4", TEXT)
    assert record.entities == (Entity(AT, AT + 2, "Problem"), Entity(AT, AT + 2, "Site"))
    assert record.predictions == (Prediction(0, 1, "Problem", 0.75), Prediction(AT, AT + 2, "Site", 0.25))


def test_predictions_alone_do_not_make_a_record_labelled() -> None:
    [record] = records_in("labelstudio", file(task(predictions=[{"result": [region(0, 1, ["P"])]}])))
    assert record.entities is None and len(record.predictions) == 1


def test_offsets_in_utf16_are_taken_as_such_if_only_so_they_fit() -> None:
    moved = region(AT + 1, AT + 3, ["Site"])
    moved["value"]["text"] = "L5"
    [record] = records_in("labelstudio", file(task({"result": [moved]})))
    assert record.entities == (Entity(AT, AT + 2, "Site"),)
    assert "UTF-16" in remarks("labelstudio", file(task({"result": [moved]})))[0]
    moved["value"]["text"] = "cough"
    [error] = errors("labelstudio", file(task({"result": [moved]}))[1])
    assert f"the span {AT + 1}-{AT + 3} covers '5' but is said to cover 'cough'" in error


def test_of_annotations_that_differ_one_must_be_the_truth() -> None:
    one, other = {"result": [region(0, 1, ["P"])]}, {"result": [region(0, 1, ["Q"])]}
    assert records_in("labelstudio", file(task(one, one)))[0].entities == (Entity(0, 1, "P"),)
    [error] = errors("labelstudio", file(task(one, other))[1])
    assert error.startswith("notes, line 7, column 3: the task has 2 annotations that differ; mark one of them")
    assert records_in("labelstudio", file(task(one, {**other, "ground_truth": True})))[0].entities == (
        Entity(0, 1, "Q"),
    )
    cancelled = file(task(one, {**other, "was_cancelled": True}))
    assert records_in("labelstudio", cancelled)[0].entities == (Entity(0, 1, "P"),)
    assert remarks("labelstudio", cancelled) == ["not read as they are: cancelled annotations 1"]


def test_what_is_no_span_is_counted() -> None:
    choice = {"type": "choices", "value": {"choices": ["urgent"]}}
    found = file(task({"result": [choice, region(0, 1, [])]}, drafts=[{"result": []}]))
    assert records_in("labelstudio", found)[0].entities == ()
    [said] = remarks("labelstudio", found)
    assert said == "not read as they are: drafts 1, results of the type 'choices' 1, results of the type 'labels' 1"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('[{"data": {"text": "x"}},\n {"data" {}}]', "notes, line 2, column 10: this is not JSON: Expecting ':'"),
        ('[{"data": {"text": "x"}}\n {}]', "notes, line 2, column 2: this is not JSON: expected a comma or the end"),
        ('[{"data": {"text": "x"}}\n', "notes, line 2, column 1: this is not JSON: expected a comma or the end"),
        ('[{"data": {"text": "x"}}]\n x', "notes, line 2, column 2: there is more behind the end of the list"),
        ('{"data": {}}', "notes, line 1, column 1: expected a list of tasks"),
        ('[\n{"text": "x", "label": []}]', "notes, line 2, column 1: the task has no object data; export from Label"),
        ('[\n{"data": {"id": 1,\n "text": 7}}]', "notes, line 3, column 2: text is a number; expected text"),
        ("[" * 100_000, "notes, line 1, column 2: this is not JSON"),
    ],
)
def test_errors_have_line_and_column(data: str, message: str) -> None:
    [error] = errors("labelstudio", data.encode())
    assert error.startswith(message)
