"""The page Data: files are looked at, then written, then handed out; bad input never ends in a traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from workbench.services import access
from workbench.services.holdings import Holding, holdings
from workbench.store import database as store_database

PAGE = Path(__file__).parents[2] / "workbench" / "pages" / "data.py"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page over an empty database."""
    monkeypatch.setenv("LADTL_DATABASE_URL", f"sqlite:///{tmp_path / 'page.db'}")
    yield AppTest.from_file(str(PAGE), default_timeout=30).run()
    access.database().close()
    store_database._opened.clear()


def lines(*records: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def record(identifier: str, **more: Any) -> dict[str, Any]:
    return {"id": identifier, "text": "fever", "entities": [{"start": 0, "end": 5, "label": "Problem"}], **more}


def upload(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    for name, data in files:
        page.file_uploader[0].upload(name, data)
    page.run()
    assert not page.exception
    return page


def button(page: AppTest, start: str) -> Any:
    [found] = [button for button in page.button if button.label.startswith(start)]
    return found


def choice(page: AppTest, label: str) -> Any:
    [found] = [field for field in page.selectbox if field.label == label]
    return found


def field(page: AppTest, start: str) -> Any:
    [found] = [field for field in page.text_input if field.label.startswith(start)]
    return found


def stored() -> list[Holding]:
    return holdings(access.database())


def shown(page: AppTest, index: int) -> list[dict[Any, Any]]:
    return page.dataframe[index].value.to_dict("records")


def test_an_empty_workbench_says_what_the_page_is_for(page: AppTest) -> None:
    assert not page.exception
    assert "Import the records of a department" in page.markdown[0].value
    assert not page.button


def test_preview_then_import_then_export(page: AppTest) -> None:
    upload(page, ("a.jsonl", lines(record("1", split="train"), record("2", split="dev", department="Neurology"))))
    assert "records that name no department: 1" in page.text[0].value
    assert button(page, "Import").disabled
    field(page, "Name of").set_value("Cardiology").run()
    assert [row["Department"] for row in shown(page, 0)] == ["Cardiology (new)", "Neurology (new)"]
    assert shown(page, 0)[0]["Spans"] == "Problem 1"
    assert stored() == []
    button(page, "Import 2 records into 2 departments").click().run()
    assert not page.exception
    assert page.success[0].value == "Imported 2 records into 2 departments."
    assert [(h.department.name, h.department.records, h.labels) for h in stored()] == [
        ("Cardiology", 1, ("Problem",)),
        ("Neurology", 1, ("Problem",)),
    ]
    assert not [b for b in page.button if b.label.startswith("Import")]
    choice(page, "as").set_value("conll").run()
    button(page, "Export").click().run()
    assert not page.exception
    assert page.download_button[0].label == "Save Cardiology.conll"
    assert "1 records, 1 labelled." in [caption.value for caption in page.caption]


def test_errors_are_listed_with_file_and_line_and_nothing_can_be_imported(page: AppTest) -> None:
    bad = record("2", department="A") | {"entities": [{"start": 3, "end": 99, "label": "Problem"}]}
    upload(page, ("a.jsonl", lines(record("1", department="A"), bad)), ("b.jsonl", b"\xff\n"))
    assert page.error[0].value.startswith("2 errors. Nothing can be imported")
    first, second = page.text[0].value.splitlines()
    assert first.startswith("a.jsonl, line 2, column 30: span 3-99 lies outside the text")
    assert second.startswith("b.jsonl, line 1, column 1: ") and "not UTF-8" in second
    assert button(page, "Import").disabled


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jsonl", b""),
        ("a.conll", b"a\tB-P\nb\tI-Q\n"),
        ("a.jsonl", b"{"),
        ("a.txt", b"\xff\xfe\x00"),
        ("a.conll", b"\x00\tO\n"),
    ],
)
def test_bad_files_are_errors_and_no_tracebacks(page: AppTest, name: str, data: bytes) -> None:
    upload(page, (name, data))
    assert page.error
    assert all(button.disabled for button in page.button)


def test_files_of_two_formats_and_a_splits_file_alone_are_refused(page: AppTest) -> None:
    upload(page, ("splits.json", b"{}"))
    assert page.error[0].value.startswith("choose records in one format")
    upload(page, ("a.jsonl", lines(record("1"))), ("b.conll", b"a\tO\n"))
    assert page.error[0].value.startswith("choose records in one format")


def test_a_splits_file_beside_the_records_is_honoured(page: AppTest) -> None:
    upload(page, ("a.jsonl", lines(record("1"))), ("splits.json", b'{"1": {"department": "R", "split": "test"}}'))
    assert not page.error
    assert shown(page, 0)[0]["Department"] == "R (new)" and shown(page, 0)[0]["test"] == 1
    button(page, "Import 1 record into R").click().run()
    assert stored()[0].department.splits["test"].labelled == 1


def test_plain_text_needs_a_department_and_labels(page: AppTest) -> None:
    upload(page, ("a.txt", b"fever\n\ncough\n"))
    field(page, "Name of").set_value("Ward 7").run()
    assert "name its labels" in page.text[0].value
    field(page, "Further labels").set_value("Problem, Test").run()
    assert button(page, "Import 2 records into Ward 7")
    choice(page, "Format").set_value("text").run()
    button(page, "Import 1 record into Ward 7").click().run()
    assert not page.exception
    assert [(h.department.records, h.department.labelled, h.labels) for h in stored()] == [(1, 0, ("Problem", "Test"))]


def test_labels_of_an_existing_department_can_be_taken(page: AppTest) -> None:
    upload(page, ("a.jsonl", lines(record("1", department="A"))))
    button(page, "Import 1 record into A").click().run()
    upload(page, ("b.txt", b"fever\n"))
    field(page, "Name of").set_value("B").run()
    choice(page, "Labels of a new department").set_value("A").run()
    button(page, "Import 1 record into B").click().run()
    assert [h.labels for h in stored()] == [("Problem",), ("Problem",)]


def test_records_can_be_added_to_a_department(page: AppTest) -> None:
    upload(page, ("a.jsonl", lines(record("1", department="A"))))
    button(page, "Import 1 record into A").click().run()
    upload(page, ("b.conll", b"fever\tB-Problem\n"))
    choice(page, "Records that name no department go to").set_value("A").run()
    button(page, "Import 1 record into A").click().run()
    assert [(h.department.name, h.department.labelled) for h in stored()] == [("A", 2)]


def test_a_store_that_changed_since_the_preview_is_an_error_message(page: AppTest) -> None:
    files = ("a.jsonl", lines(record("1", department="A")))
    upload(page, files)
    other = upload(AppTest.from_file(str(PAGE), default_timeout=30).run(), files)
    button(other, "Import 1 record into A").click().run()
    button(page, "Import 1 record into A").click().run()
    assert not page.exception
    assert "Nothing was imported: there is a department 'A' already" in page.error[0].value
