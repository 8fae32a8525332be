"""Predictions that came with a file look like nothing else, are accepted with a key, and stay away once rejected."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from ladtl_core.records import Prediction, Record
from tests.browser.conftest import NOTE, PATIENCE, Workbench, saved
from workbench.store import records, trained

FOUND = (Prediction(7, 15, "Test", 0.85), Prediction(39, 52, "Problem"), Prediction(60, 68, "Problem", 0.25))


def test_predictions_of_a_file_are_offered_as_its_own(workbench: Workbench) -> None:
    model = [{"start": 79, "end": 91, "label": "Treatment", "confidence": 0.7}]
    (first,) = workbench.add(NOTE, suggestions=model)
    with workbench.app.database.session() as session:
        department_id = records.get(session, first).department_id
        given = Record("given", NOTE, split="pool", predictions=FOUND)
        records.add(session, department_id, [given, Record("held out", NOTE, split="dev", predictions=FOUND)], "local")
        ids = records.ids(session, department_id)
        current = trained.current(session, department_id)
        assert current is not None
        trained.store_suggestions(session, current.id, {ids["given"]: model})
    page = workbench.open(ids["given"])
    expect(page.locator(".text .tag.suggested.dashed")).to_have_text(["Treatment 0.70"], timeout=PATIENCE)
    tags = page.locator(".text .tag.suggested.long")
    expect(tags).to_have_text(["Test (file 0.85)", "Problem (file)", "Problem (file 0.25)"])
    page.keyboard.press("Tab")
    expect(page.locator(".details")).to_contain_text("suggested by the imported file 0.85")
    page.keyboard.press("a")
    page.keyboard.press("x")
    expect(tags).to_have_text(["Problem (file 0.25)"])
    saved(page, 1)
    page.reload()
    expect(tags).to_have_text(["Problem (file 0.25)"], timeout=PATIENCE)
    assert workbench.marked(ids["given"]) == [("MRI scan", "Test")]
    page.locator(".text .tag.span").first.click()
    expect(page.locator(".details")).to_contain_text("accepted suggestion of the file 0.85")
    with workbench.app.database.reading() as session:
        decided = {(one.kind, one.origin, one.model_id) for one in trained.decisions(session, ids["given"])}
    assert decided == {("accepted", "import", None), ("rejected", "import", None)}
    for _ in range(10):
        page.keyboard.press("+")  # the threshold is for every source that has a confidence
    expect(tags).to_have_count(0)
    expect(page.locator(".suggestions")).to_contain_text(re.compile("1 suggestion left, 1 below"))

    page = workbench.open(ids["held out"])
    expect(page.locator(".text .tag")).to_have_count(0)
