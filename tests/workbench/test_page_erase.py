"""Erasure on the page Data: nothing goes before a person has seen what would go and typed the word."""

from __future__ import annotations

from typing import Any

from ladtl_core.records import Record
from tests.workbench.pages_kit import page, press
from workbench.pages.erase import WORD
from workbench.store import departments, records
from workbench.store.database import Database


def test_look_then_type_then_erase(installation: Database) -> None:
    with installation.session() as session:
        ward = departments.create(session, "Ward", "clinical", ("Problem",)).id
        items = [Record(f"r{i}", f"fever {i}", split="pool", patient="p1" if i else "p2") for i in range(3)]
        records.add(session, ward, items, "local")

    def stored() -> list[str]:
        with installation.reading() as session:
            return [row.text for row in records.of_department(session, ward)]

    def field(label: str) -> Any:
        return next(one for one in app.text_input if one.label == label)

    app = page("data")
    field("Patient").set_value("nobody").run()
    press(app, "Show what would go")
    assert "no record of this patient" in app.error[0].value
    field("Patient").set_value("p1").run()
    assert not any(button.label == "Erase for good" for button in app.button)
    press(app, "Show what would go")
    assert any("2 records" in text.value for text in app.text)
    assert next(button for button in app.button if button.label == "Erase for good").disabled
    assert len(stored()) == 3
    field(f'Type "{WORD}" to erase them').set_value(WORD).run()
    press(app, "Erase for good")
    assert "Erased for good: 2 records" in app.success[0].value and stored() == ["fever 0"]
