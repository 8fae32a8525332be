"""Sweeps in the browser: planned and queued, a heat map fills in without losing the zoom, and so do trials."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import AT_REST, PATIENCE, Workbench, choose
from tests.workbench.sweeps_kit import finish_all
from workbench.jobs import search
from workbench.jobs.sampling import Asker
from workbench.services import model_import, sampled_sweeps, sweeps
from workbench.services.sampled_sweeps import Sampled
from workbench.services.sweep_plans import Grid

RANGE = "document.querySelector('.js-plotly-plot').layout.xaxis.range"


def fill(page: Page, field: str, text: str) -> None:
    place = page.get_by_label(field, exact=True)
    place.fill(text)
    place.press("Enter")


def zoomed(page: Page) -> Any:
    """Drag over the left half of the map; the range of its columns."""
    box = page.locator(".live-plot .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 10, box["y"] + box["height"] / 4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 3 * box["height"] / 4, steps=6)
    page.mouse.up()
    page.wait_for_function(f"{RANGE}[1] < 1.4")
    return page.evaluate(RANGE)


def test_a_sweep_from_the_plan_to_the_map(workbench: Workbench) -> None:
    database = workbench.app.database
    page = workbench.context.new_page()
    page.on("pageerror", lambda error: workbench.errors.append(str(error)))
    page.on("request", lambda request: workbench.requests.append(request.url))
    page.goto(f"{workbench.app.url}/research?part=Sweeps")
    targets = page.get_by_role("combobox", name="Targets")
    targets.press("Backspace", timeout=PATIENCE)
    choose(page, "Targets", "Respiratory")
    page.keyboard.press("Escape")
    fill(page, "alpha", "0 0.1")
    fill(page, "beta", "0 0.2")
    plan = page.get_by_role("button", name="Plan the runs")
    plan.click(timeout=PATIENCE)
    expect(page.get_by_text("4 runs. ")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Queue 4 runs").click()
    expect(page.get_by_text("0 of 4 runs done · waiting")).to_be_visible(timeout=PATIENCE)
    [sweep] = [one.listed.sweep_id for one in sweeps.listed(database)]
    finish_all(database, sweep, but=2)
    expect(page.get_by_text("2 of 4 runs done")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("2 runs, n = 1 seeds a point")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".live-plot .heatmaplayer image")).to_be_visible(timeout=PATIENCE)
    page.evaluate("document.querySelector('.js-plotly-plot').mark = 'the same'")
    before = zoomed(page)
    finish_all(database, sweep)
    expect(page.get_by_text("4 of 4 runs done")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("4 runs, n = 1 seeds a point")).to_be_visible(timeout=PATIENCE)
    page.wait_for_function("document.querySelector('.js-plotly-plot')?.data?.[0].z.flat().length == 4")
    assert page.evaluate("document.querySelector('.js-plotly-plot').mark") == "the same"
    assert page.evaluate(RANGE) == before
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, context=".live-plot").response["violations"]
        assert [rule["id"] for rule in found] == []
    page.close()


@pytest.mark.skipif(not search.installed(), reason="needs optuna: requirements-sweeps.txt")
def test_trials_of_a_sampled_sweep(workbench: Workbench) -> None:
    database = workbench.app.database
    source, target = (model_import.department(database, name) for name in ("Cardiology", "Respiratory"))
    asked = Sampled(Grid((((source,), target),), ("la-dtl",)), {"alpha": (0.001, 0.3), "beta": (0.01, 1.0)}, 6)
    sweep = sampled_sweeps.queue(database, "search", sampled_sweeps.plan(database, asked), "me")
    for _ in range(3):
        Asker(database).step()
        finish_all(database, sweep)
    page = workbench.context.new_page()
    page.on("pageerror", lambda error: workbench.errors.append(str(error)))
    page.on("request", lambda request: workbench.requests.append(request.url))
    page.goto(f"{workbench.app.url}/research?part=Sweeps")
    expect(page.get_by_text("3 of 6 runs done")).to_be_visible(timeout=PATIENCE)
    best = sampled_sweeps.best(sampled_sweeps.trials(database, sweep))
    assert best is not None
    expect(page.get_by_text(f"Best: F1 {best.f1:.1f} on dev, trial {best.number}")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(AT_REST)).to_be_visible(timeout=PATIENCE)
    page.get_by_role("radio", name="alpha", exact=True).click(timeout=PATIENCE)
    expect(page.locator(".live-plot .gtitle")).to_have_text([re.compile("against alpha")], timeout=PATIENCE)
    expect(page.locator(".live-plot .point")).to_have_count(3, timeout=PATIENCE)
    Asker(database).step()
    finish_all(database, sweep)
    expect(page.get_by_text("4 of 6 runs done")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".live-plot .point")).to_have_count(4, timeout=PATIENCE)
    page.get_by_role("radio", name="alpha x beta", exact=True).click(timeout=PATIENCE)
    expect(page.locator(".live-plot .gtitle")).to_have_text([re.compile("alpha x beta")], timeout=PATIENCE)
    expect(page.locator(".live-plot .point")).to_have_count(4, timeout=PATIENCE)
    page.locator(".live-plot .point").nth(2).click(force=True)
    expect(page.get_by_role("heading", name="Trial 3", exact=True)).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("figure", name="F1 on dev of trial 3")).to_be_visible(timeout=PATIENCE)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, context=".live-plot").response["violations"]
        assert [rule["id"] for rule in found] == []
    page.close()
