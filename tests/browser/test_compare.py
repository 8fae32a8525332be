"""Two runs side by side and their gap, as a person sees them on Results."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from ladtl_core.config import Config, TransferConfig
from ladtl_core.records import Entity, Record
from tests.browser.conftest import PATIENCE, Workbench, choose
from tests.workbench.test_comparison import scores
from workbench.jobs import api
from workbench.jobs.api import TrainSpec
from workbench.store import departments, records, runs, trained
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
    _finish(database, ids, "joint-training", 0.4, [DYSPNOEA], scores(Problem=hit, Test=missed).to_dict())
    _finish(database, ids, "la-dtl", 0.1, [MRI], scores(Problem=missed, Test=hit).to_dict())


def _finish(
    database: Database, ids: list[int], method: str, gap: float, spans: list[dict[str, Any]], dev: dict[str, Any]
) -> None:
    run_id = api.submit_training(database, TrainSpec((ids[0],), ids[1], Config(transfer=TransferConfig(method=method))))
    epoch = {"stage": "training", "epoch": 1, "losses": {"target": 1.0}, "dev": {"f1": 50.0}, "gap": {"B-Test": gap}}
    with database.session() as session:
        attempt = runs.claim(session, run_id, "test")
        runs.record_event(session, run_id, attempt, 0, epoch)
        about: dict[str, Any] = {"department_id": ids[1], "run_id": run_id, "folder": "none", "hash": method}
        found = {"dev": dev, "test": None}
        model = trained.add_model(session, **about, scores=found)
        trained.store_suggestions(session, model.id, {records.ids(session, ids[1])["r-dev"]: spans})
        tested = [{"tag": "B-Test", "source": 4, "target": 4, "mmd2": gap, "p_value": 0.03}]
        result = {"scores": found, "selection": {"text": ""}, "best_epoch": 1, "steps": 1, "seconds": 1.0}
        runs.finish(session, run_id, attempt, "succeeded", result=result | {"gaps": tested})


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
