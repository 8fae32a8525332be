"""How many more labels: what a person reads on Home and Results when the data can tell."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE, Workbench, choose
from tests.workbench.curve_kit import grown


def test_the_sentence_follows_the_f1_that_is_wanted(workbench: Workbench) -> None:
    grown(workbench.app.database, "Haematology")
    page = workbench.context.new_page()
    page.on("pageerror", lambda error: workbench.errors.append(str(error)))
    page.on("request", lambda request: workbench.requests.append(request.url))
    page.goto(workbench.app.url)
    card = page.locator(".stVerticalBlock", has=page.get_by_role("heading", name="Haematology", exact=True)).last
    expect(card).to_contain_text("20 more records and non-transfer should gain about 2 F1.", timeout=PATIENCE)

    page.goto(f"{workbench.app.url}/results")
    choose(page, "Department", "Haematology")
    page.get_by_role("tab", name="How many more?").click()
    shown = page.get_by_role("tabpanel", name="How many more?")
    sentence = shown.get_by_role("strong")  # the table of the labels may say the same of one of them
    expect(sentence).to_have_text(
        re.compile(r"About 2\d more records for F1 75 \(90 % interval: \d+ to \d+\)"), timeout=PATIENCE
    )
    expect(shown.locator(".live-plot .main-svg").first).to_be_visible(timeout=PATIENCE)
    expect(shown.locator(".live-plot .point")).to_have_count(4)
    page.get_by_role("spinbutton", name="F1 wanted").fill("95")
    page.keyboard.press("Enter")
    expect(sentence).to_contain_text("F1 95 lies beyond 3 times the 80 records that were tried", timeout=PATIENCE)
