"""The Labels page makes, copies and renames label sets, also where there is no department yet. No browser."""

from __future__ import annotations

from tests.workbench.pages_kit import page, press
from tests.workbench.test_page_labels import field
from workbench.services import label_sets
from workbench.store.database import Database


def test_a_set_is_made_before_any_department(installation: Database) -> None:
    app = page("labels")
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
    found = {one.name: [label.name for label in one.labels] for one in label_sets.label_sets(installation)}
    assert found == {"clinical": ["Problem", "Test"], "imaging": ["Scan"], "station": ["Scan"]}
    assert app.selectbox(key="label-set").value == 3
