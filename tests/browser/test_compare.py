"""Two runs side by side and their gap, as a person sees them on Results."""

from __future__ import annotations

import csv
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from ladtl_core.records import Entity, Record
from tests.browser.conftest import PATIENCE, Workbench, choose
from tests.workbench.finished_kit import finish_training
from tests.workbench.test_comparison import scores
from workbench.store import departments, records
from workbench.store.database import Database

TEXT = "MRI was clear. Dyspnoea again."
MRI = {"start": 0, "end": 3, "label": "Test", "confidence": 0.9}
DYSPNOEA = {"start": 15, "end": 23, "label": "Problem", "confidence": 0.8}


def trained_twice(database: Database) -> None:
    """Nephrology with joint-training, which finds the problem, and la-dtl, which finds the test in its dev record."""
    gold = (Entity(0, 3, "Test"), Entity(15, 23, "Problem"))
    with database.session() as session:
        ids = [
            departments.create(session, name, "clinical", ("Problem", "Test")).id for name in ("Urology", "Nephrology")
        ]
        for department in ids:
            items = [Record(f"r-{split}", TEXT, gold, split=split) for split in ("pool", "dev")]
            records.add(session, department, items, "local")
    hit, missed = [[1, 1, 1], [1, 1, 1]], [[0, 0, 1], [0, 0, 1]]
    for method, gap, span, dev in (
        ("joint-training", 0.4, DYSPNOEA, scores(Problem=hit, Test=missed)),
        ("la-dtl", 0.1, MRI, scores(Problem=missed, Test=hit)),
    ):
        suggested = {"r-dev": [span]}
        finish_training(database, ids, method, gap={"B-Test": gap}, dev=dev.to_dict(), suggested=suggested)


def test_two_runs_and_their_gap(workbench: Workbench, tmp_path: Path) -> None:
    trained_twice(workbench.app.database)
    page = workbench.context.new_page()
    page.on("pageerror", lambda error: workbench.errors.append(str(error)))
    page.goto(f"{workbench.app.url}/results")
    choose(page, "Department", "Nephrology")
    choose(page, "Run", "la-dtl")
    page.get_by_role("tab", name="Side by side").click()
    shown = page.get_by_role("tabpanel", name="Side by side")
    expect(shown.get_by_text("v2 alone is right in 1, v1 alone in 1, both in 0, neither in 0")).to_be_visible(
        timeout=PATIENCE
    )
    expect(shown.locator(".live-plot .errorbars path.xerror")).to_have_count(3)
    with page.expect_download() as download:
        shown.get_by_role("button", name="Sentences as CSV").click()
    download.value.save_as(tmp_path / "sentences.csv")
    with open(tmp_path / "sentences.csv", encoding="utf-8", newline="") as file:
        assert [(row["right"], row["gold"], row["v2"]) for row in csv.DictReader(file)] == [
            ("v2", "MRI (Test)", "MRI (Test)"),
            ("v1", "Dyspnoea (Problem)", "no span"),
        ]
    for name in ("Side by side", "Gap"):
        page.get_by_role("tab", name=name, exact=True).click()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            panel = page.get_by_role("tabpanel", name=name, exact=True)
            expect(panel.locator(".live-plot .points path").last).to_be_visible(timeout=PATIENCE)
            found = Axe().run(page, context=".live-plot").response["violations"]
            assert [rule["id"] for rule in found] == []
    expect(page.get_by_text("before, v1 joint-training; after, v2 la-dtl")).to_be_visible()
    page.close()
