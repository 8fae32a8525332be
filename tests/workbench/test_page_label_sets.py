"""The Labels page makes, copies and renames label sets, also where there is no department yet. No browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.workbench.test_page_labels import MAIN, field, press
from workbench.services import access, label_sets
from workbench.store.database import Database


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setenv("LADTL_HOME", str(tmp_path))
    monkeypatch.delenv("LADTL_DATABASE_URL", raising=False)
    database = access.database()
    yield database
    database.close()


def test_a_set_is_made_before_any_department(empty: Database) -> None:
    app = AppTest.from_file(MAIN, default_timeout=60).run()
    app.switch_page("pages/labels.py").run()
    for name, labels in (("clinical", "Problem, Test"), ("imaging", "Scan")):
        field(app, "Name of the label set").set_value(name)  # type: ignore[attr-defined]
        field(app, "Its labels, with commas between").set_value(labels)  # type: ignore[attr-defined]
        press(app, "Create label set")
        assert f"{name} made." in app.success[0].value
        assert list(app.dataframe[0].value["label"]) == labels.split(", ")  # it is the one that is shown
    field(app, "Name of the copy").set_value("clinical")  # type: ignore[attr-defined]
    press(app, "Copy label set")
    assert "a label set 'clinical' already" in app.error[0].value
    field(app, "Name of the copy").set_value("ward")  # type: ignore[attr-defined]
    press(app, "Copy label set")
    field(app, "New name").set_value("station")  # type: ignore[attr-defined]
    press(app, "Rename label set")
    found = {one.name: [label.name for label in one.labels] for one in label_sets.label_sets(empty)}
    assert found == {"clinical": ["Problem", "Test"], "imaging": ["Scan"], "station": ["Scan"]}
    assert app.selectbox(key="label-set").value == 3
