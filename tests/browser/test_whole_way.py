"""The whole way once, with real clicks and keys: import, label, train, compare, review, train again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import choose, saved
from tests.browser.serving import RunningApp, running_app
from workbench.services import labelling, overview, queueing, results

LOADED = 20_000  # milliseconds
TRAINED = 180_000
STEPS = 200  # enough to find something, few enough for a test


@pytest.fixture(scope="module")
def training_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """The app with its own worker, as a person starts it."""
    home = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LADTL_HOME", str(home))
        with running_app(home) as running:
            yield running


def go(page: Page, link: str) -> None:
    page.get_by_role("link", name=link, exact=True).click()


def train(page: Page, records: int) -> None:
    """Start La-DTL and its baseline on the open Train page, and wait until La-DTL has finished."""
    steps = page.get_by_role("spinbutton", name="max steps")
    steps.fill(str(STEPS))
    steps.press("Enter")
    page.get_by_role("button", name=f"Train la-dtl on {records} records").click()
    expect(page.get_by_text(re.compile(r"Epoch \d+ of \d+ at most"))).to_be_visible(timeout=TRAINED)
    expect(page.get_by_role("link", name="See the results")).to_be_visible(timeout=TRAINED)


def import_a_department(page: Page, folder: Path) -> None:
    note = "Chest CT showed a nodule.\nStart amoxicillin."
    good = {"department": "Ward", "id": "a1", "text": note, "entities": [{"start": 0, "end": 8, "label": "Test"}]}
    for name, end in (("broken.jsonl", 999), ("ward.jsonl", 8)):
        rows = [good, {**good, "id": "a2", "entities": [{"start": 0, "end": end, "label": "Test"}]}]
        (folder / name).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    go(page, "Data")
    page.locator("input[type=file]").first.set_input_files(folder / "broken.jsonl")
    expect(page.get_by_text("lies outside the text").first).to_be_visible(timeout=LOADED)
    page.get_by_role("button", name="Remove broken.jsonl").click()
    # Streamlit's uploader forgets a file that is chosen before it has told the server of a removal.
    expect(page.get_by_text("lies outside the text")).to_have_count(0, timeout=LOADED)
    page.locator("input[type=file]").first.set_input_files(folder / "ward.jsonl")
    page.get_by_role("button", name=re.compile("^Import 2 records")).click(timeout=LOADED)
    expect(page.get_by_text("Imported 2 records into Ward.")).to_be_visible(timeout=LOADED)


def label_one(page: Page) -> int:
    """Label the first words of an open record with keys, submit; returns the record's id."""
    expect(page.locator(".annotator .title")).to_contain_text("resp-", timeout=LOADED)
    expect(page.locator(".text")).to_be_focused(timeout=LOADED)
    record = int(re.search(r"record=(\d+)", page.url).group(1))  # type: ignore[union-attr]
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("1")
    saved(page, 1)
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: f"record={record}" not in url, timeout=LOADED)
    return record


def test_from_records_to_a_corrected_prediction(training_app: RunningApp, browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    database = training_app.database

    page.goto(training_app.url)
    for name in ("Cardiology", "Respiratory", "Neurology", "Gastroenterology"):
        expect(page.get_by_role("heading", name=name)).to_be_visible(timeout=LOADED)
    import_a_department(page, tmp_path)
    standings = {standing.name: standing for standing in overview.standings(database)}
    assert len(standings) == 5 and standings["Respiratory"].labelled == 20
    respiratory = standings["Respiratory"].department_id

    go(page, "Annotate")
    expect(page.locator(".text")).to_be_focused(timeout=LOADED)  # the page is complete
    choose(page, "Department", "Respiratory")
    labelled = label_one(page)
    record = labelling.open_record(database, labelled, "local")
    assert record["status"] == "submitted" and [span["origin"] for span in record["spans"]] == ["manual"]

    go(page, "Train")
    expect(page.get_by_text("Learns from 21 labelled target records, 160 of the source")).to_be_visible(timeout=LOADED)
    train(page, 21)
    page.get_by_role("link", name="See the results").click()
    run = page.get_by_role("combobox", name="Run")
    expect(run).to_have_value(re.compile("v1 · la-dtl · from Cardiology · 21 records"), timeout=LOADED)
    expect(page.locator(".live-plot .main-svg").first).to_be_visible(timeout=LOADED)
    first = results.of_department(database, respiratory)[-1]
    assert first.dev is not None and first.dev.records == 30
    expect(page.get_by_text(f"{first.dev.overall.f1:.1f}", exact=True).first).to_be_visible()

    go(page, "Review")
    expect(page.get_by_text(re.compile(r"\d+ records with suggestions"))).to_be_visible(timeout=LOADED)
    text = page.locator(".text")
    expect(text.locator(".t").first).to_be_visible(timeout=LOADED)
    shown = page.locator(".annotator .title").inner_text().split()[0]
    page.keyboard.press("Shift+A")
    saved(page, 1)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".annotator .title")).not_to_contain_text(shown, timeout=LOADED)
    items = queueing.queue(database, respiratory, "local", evaluation=False)
    accepted = [
        labelling.open_record(database, item.record_id, "local") for item in items if item.status == "submitted"
    ]
    assert any(span["origin"] == "suggestion" for view in accepted for span in view["spans"])
    page.get_by_role("tab", name="Gold against predicted").click()
    expect(page.locator(".record-text mark").first).to_be_visible(timeout=LOADED)

    go(page, "Train")
    expect(page.get_by_text("Learns from 22 labelled target records")).to_be_visible(timeout=LOADED)
    train(page, 22)
    page.get_by_role("link", name="See the results").click()
    expect(run).to_have_value(re.compile("la-dtl · from Cardiology · 22 records"), timeout=LOADED)
    page.get_by_role("button", name="Make current").click()
    expect(page.get_by_role("button", name="Current model")).to_be_visible(timeout=LOADED)
    newest = max(results.of_department(database, respiratory), key=lambda result: result.labelled)
    assert newest.current and newest.labelled == 22
    assert errors == []
    page.close()
