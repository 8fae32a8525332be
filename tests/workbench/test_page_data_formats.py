"""The page Data with the formats of other tools: several files, zips, what was found out, what an export leaves out."""

from __future__ import annotations

import json
import sys
import zipfile
from io import BytesIO

import pytest
from streamlit.testing.v1 import AppTest

from tests.workbench.test_page_data import button, choice, field, lines, page, record, shown, stored, upload

__all__ = ["page"]  # the fixture

OVERLAP = {"start": 1, "end": 3, "label": "Sign"}


def texts(page: AppTest) -> list[str]:
    return [element.value for element in page.text]


def test_a_folder_of_brat_as_several_files(page: AppTest) -> None:
    upload(page, ("n1.txt", b"fever"), ("n1.ann", b"T1\tSign 0 5\tfever\nR1\tOf Arg1:T1 Arg2:T1\n"), ("n2.txt", b"x"))
    assert choice(page, "Format").value == "brat"
    field(page, "Name of").set_value("Ward").run()
    assert texts(page) == ["the folder: not read as they are: relations 1"]
    button(page, "Import 2 records into Ward").click().run()
    assert not page.exception
    assert [(h.department.records, h.department.labelled, h.labels) for h in stored()] == [(2, 1, ("Sign",))]


def test_a_zip_of_texts_and_the_scheme_of_tags(page: AppTest) -> None:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("ward/train.conll", b"# doc = 1\n# department = A\nfever\tI-Sign\n")
    upload(page, ("ward.zip", made.getvalue()))
    assert texts(page) == ["train.conll: tags in IOB1; an I- that continues nothing begins an entity"]
    assert shown(page, 0)[0]["Spans"] == "Sign 1"
    button(page, "Import 1 record into A").click().run()
    assert stored()[0].department.labelled == 1


def test_a_zip_that_leads_out_of_its_folder_is_an_error(page: AppTest) -> None:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("../a.jsonl", b"x")
    upload(page, ("ward.zip", made.getvalue()))
    assert "ward.zip: the name '../a.jsonl' leads out of the zip" in page.error[0].value
    assert not page.button


def test_the_guess_of_the_format_can_be_corrected(page: AppTest) -> None:
    upload(page, ("msra.txt", "北 B-LOC\n京 I-LOC\n好 N\n".encode()))
    field(page, "Name of").set_value("MSRA").run()
    choice(page, "Format").set_value("sighan").run()
    assert texts(page) == ["msra.txt: tags in BIO"]
    assert shown(page, 0)[0]["Spans"] == "LOC 1"


def test_predictions_of_label_studio_become_suggestions_and_no_labels(page: AppTest) -> None:
    def tasks(names: str, label: str) -> bytes:
        region = {"type": "labels", "value": {"start": 0, "end": 5, "labels": [label]}}
        predictions = [{"score": 0.5, "result": [region]}]
        of = [{"data": {"id": n, "text": "fever", "department": "A"}, "predictions": predictions} for n in names]
        return json.dumps(of).encode()

    upload(page, ("tasks.json", tasks("12", "Sign")), ("splits.json", b'{"1": {"split": "dev"}}'))
    assert "predictions, which become suggestions and no labels: 2" in texts(page)[0]
    assert shown(page, 0)[0]["Labelled"] == 0 and shown(page, 0)[0]["dev"] == 1
    button(page, "Import 2 records into A").click().run()
    assert not page.exception
    (held,) = stored()
    assert (held.department.labelled, held.labels) == (0, ("Sign",))
    # To a set that has other labels: the records come, what it has no label for does not.
    upload(page, ("tasks.json", tasks("34", "Drug")))
    assert "A: predictions with labels that it lacks, which are left out: 2 (Drug)." in [w.value for w in page.warning]
    button(page, "Import 2 records into A").click().run()
    assert stored()[0].department.records == 4


@pytest.mark.parametrize(
    ("format", "name", "warning"),
    [
        ("brat", "A-brat.zip", "values of department: 1; values of split: 1"),
        ("conll", "A.conll", "spans left out or moved to the edges of words: 1"),
        ("labelstudio", "A.json", None),
        ("offsets", "A-offsets.csv", None),
    ],
)
def test_every_format_is_exported_and_says_what_it_leaves_out(
    page: AppTest, format: str, name: str, warning: str | None
) -> None:
    spans = [*record("1")["entities"], OVERLAP]
    upload(page, ("a.jsonl", lines(record("1", department="A", entities=spans))))
    button(page, "Import").click().run()
    choice(page, "as").set_value(format).run()
    button(page, "Export").click().run()
    assert not page.exception
    assert page.download_button[0].label == f"Save {name}"
    warnings = [element.value for element in page.warning]
    assert warnings == ([f"Not in this file as they are: {warning}. JSON lines keeps all."] if warning else [])
    choice(page, "as").set_value("jsonl").run()
    assert not page.download_button  # the file of another choice is not offered


def test_without_the_package_of_a_format_the_page_says_what_to_install(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cassis", None)
    upload(page, ("a.jsonl", lines(record("1", department="A"))))
    button(page, "Import").click().run()
    choice(page, "as").set_value("xmi").run()
    button(page, "Export").click().run()
    assert page.error[0].value == "The format xmi needs the package dkpro-cassis: pip install dkpro-cassis"
    upload(page, ("a.xmi", b"<x/>"))
    assert "pip install dkpro-cassis" in page.error[0].value
    assert not page.exception
