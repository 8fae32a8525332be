"""The Labels page: labels added, changed, retired, brought back and merged. No browser."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from ladtl_core.records import Entity, Record
from tests.workbench.pages_kit import page, press
from workbench.services import label_sets
from workbench.store import departments, records
from workbench.store.database import Database


@pytest.fixture
def home(installation: Database) -> Database:
    """An installation with one department, its labels Drug and Problem, and a span of each."""
    with installation.session() as session:
        department = departments.create(session, "Cardiology", "clinical", ["Drug", "Problem"])
        spans = (Entity(0, 7, "Drug"), Entity(12, 16, "Problem"))
        records.add(session, department.id, [Record("r", "Aspirin for pain.", spans, split="pool")], "me")
    return installation


def field(app: AppTest, label: str) -> object:
    return next(one for one in (*app.text_input, *app.selectbox) if one.label == label)


def test_labels_are_changed_without_losing_a_span(home: Database) -> None:
    app = page("labels")
    assert list(app.dataframe[0].value["spans"]) == [1, 1]

    field(app, "New label").set_value("Problem")  # type: ignore[attr-defined]
    press(app, "Create label")
    assert "already" in app.error[0].value
    field(app, "New label").set_value("Test")  # type: ignore[attr-defined]
    press(app, "Create label")
    assert app.success[0].value == "Test added."

    field(app, "Name").set_value("Agent")  # type: ignore[attr-defined]
    field(app, "Key").set_value("2")  # type: ignore[attr-defined]
    next(one for one in app.button_group if one.label == "Colour").set_value(8)
    press(app, "Save label")
    table = app.dataframe[0].value
    assert list(table["label"]) == ["Agent", "Problem", "Test"] and list(table["key"]) == ["2", "1", "3"]
    assert table["also known as"][0] == "Drug" and table["colour"][0] == 9

    press(app, "Retire Agent")
    assert "Those that have it, 1, stay" in app.info[0].value
    assert list(app.dataframe[1].value["words"]) == ["Aspirin"]
    press(app, "Bring Agent back")
    assert not app.info

    press(app, "Merge Agent into Problem")
    (problem, test) = label_sets.standings(home, 1)
    assert (problem.name, problem.spans, test.name) == ("Problem", 2, "Test")
    assert list(app.dataframe[0].value["label"]) == ["Problem", "Test"]
