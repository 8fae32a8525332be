"""Research in the browser: a table of runs is brought in, looked at, clicked and taken out again."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from ladtl_core.experiments.rows import checked_rows, read_rows
from ladtl_core.experiments.standings import standings
from tests.browser.conftest import PATIENCE, Workbench

PAIRS = Path(__file__).parents[2] / "docs" / "results" / "pairs.csv"


def test_a_table_is_brought_in_and_a_cell_leads_to_its_run(workbench: Workbench, tmp_path: Path) -> None:
    rows = read_rows(PAIRS)
    seeds = len({row["seed"] for row in rows})
    [mean] = [standing.mean for standing in standings(rows, "test") if standing.method == "la-dtl"]
    page = workbench.context.new_page()
    page.goto(f"{workbench.app.url}/research")
    page.locator("input[type=file]").set_input_files(PAIRS)
    page.get_by_role("button", name="Bring in", exact=True).click()
    expect(page.get_by_text(f"{len(rows)} new runs in pairs.")).to_be_visible()
    row = page.get_by_role("row", name=re.compile("^la-dtl"))
    assert mean is not None
    expect(row).to_contain_text(f"{mean[0]:.1f}")
    cell = page.locator(".live-plot .heatmaplayer image")
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 24, box["y"] + box["height"] * 10.5 / 11)  # la-dtl, the first pair
    expect(page.get_by_role("heading", name=f"Runs of this point: {seeds}")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Runs as CSV").click()
    download.value.save_as(tmp_path / "out.csv")
    taken = checked_rows((tmp_path / "out.csv").read_bytes(), "out.csv")
    assert {run["key"] for run in taken} == {row["key"] for row in rows}
    with page.expect_download() as download:
        page.get_by_role("button", name="Figure as HTML").click()
    download.value.save_as(tmp_path / "out.html")
    assert (tmp_path / "out.html").stat().st_size > 3_000_000  # plotly.js is in it
    page.locator("button").filter(has_text="Trials").press("Enter")
    expect(page.get_by_text(f"{11 * seeds} runs, n = {seeds} seeds a point")).to_be_visible()
    page.close()


def test_departments_are_compared(workbench: Workbench, tmp_path: Path) -> None:
    for text in ("Dyspnoea at rest .", "Dyspnoea at night !"):
        workbench.add_labelled(text, [(0, 8, "Problem")])
    page = workbench.context.new_page()
    page.goto(f"{workbench.app.url}/research")
    page.get_by_role("radio", name="Departments").click(timeout=PATIENCE)
    expect(page.locator(".live-plot .heatmaplayer image")).to_have_count(1, timeout=PATIENCE)  # no gain to draw
    expect(page.locator(".live-plot").last.get_by_text("train non-transfer").first).to_be_visible(timeout=PATIENCE)
    with page.expect_download() as download:
        page.get_by_role("button", name="All pairs as CSV").click()
    download.value.save_as(tmp_path / "out.csv")
    found = {(row["source"], row["target"]): row for row in csv.DictReader((tmp_path / "out.csv").open())}
    assert len(found) > 1 and all(row["distance"] == found[b, a]["distance"] for (a, b), row in found.items())
    assert any(row["distance"] == "0.5" and row["distance by Problem"] == "0.0" for row in found.values())
    page.emulate_media(color_scheme="dark")
    assert Axe().run(page, context=".live-plot").response["violations"] == []
    page.close()


def test_the_table_of_pairs_has_no_barrier(workbench: Workbench) -> None:
    page = workbench.context.new_page()
    page.goto(f"{workbench.app.url}/research")
    expect(page.get_by_role("row", name=re.compile("^la-dtl"))).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for ours in (".pairs", ".live-plot"):
            expect(page.locator(ours).first).to_be_visible()
            found = Axe().run(page, context=ours).response["violations"]
            assert [rule["id"] for rule in found] == []
    page.close()
