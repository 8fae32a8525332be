"""The queue beside the annotator: states, search and filters, by keys and by mouse."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import NOTE, PATIENCE, Workbench, choose, drag, saved

Eventually = Callable[[Callable[[], bool]], None]


def names(page: Page, *expected: str) -> None:
    expect(page.locator(".queue .name")).to_have_text(list(expected), timeout=PATIENCE)


def test_a_record_is_flagged_and_found_again(workbench: Workbench, eventually: Eventually) -> None:
    first, second, third = workbench.add(NOTE, NOTE, NOTE)
    page = workbench.open(first)
    drag(page, "MRI", "scan")
    page.keyboard.press("1")
    page.keyboard.press("f")
    expect(page.locator(".queue button").first).to_have_class("flagged", timeout=PATIENCE)
    page.keyboard.press("2")  # a flagged record stays flagged while it is labelled
    saved(page, 3)
    assert workbench.stored(first)["status"] == "flagged" and workbench.marked(first) == [("MRI scan", "Test")]
    page.keyboard.press("n")
    expect(page.locator(".title")).to_contain_text("note-2", timeout=PATIENCE)
    page.keyboard.press("s")
    expect(page.locator(".title")).to_contain_text("note-3", timeout=PATIENCE)
    assert workbench.stored(second)["status"] == "skipped"
    page.get_by_role("button", name="Flag", exact=True).click()
    eventually(lambda: workbench.stored(third)["status"] == "flagged")
    choose(page, "State", "flagged (2)")
    names(page, "note-1", "note-3")
    page.keyboard.press("Escape")
    page.locator(".text").focus()
    page.keyboard.press("p")  # within what is shown
    expect(page.locator(".title")).to_contain_text("note-1 · pool · 1 of 2", timeout=PATIENCE)
    page.keyboard.press("f")
    eventually(lambda: workbench.stored(first)["status"] == "draft")


def test_search_and_filters(workbench: Workbench) -> None:
    found = [{"start": 0, "end": 5, "label": "Problem", "confidence": 0.2}]
    texts = ("Fever and cough", "No fever", "Chest film clear", "Night sweats")
    ids = workbench.add(*texts, suggestions=found)
    page = workbench.open(ids[3])
    names(page, "note-1", "note-2", "note-3", "note-4")
    search = page.get_by_role("textbox", name="Search")
    search.fill("FEVER")
    search.press("Enter")
    names(page, "note-1", "note-2", "note-4")  # and the one that is open
    page.locator(".queue button").nth(1).click()
    expect(page.locator(".title")).to_contain_text("note-2", timeout=PATIENCE)
    names(page, "note-1", "note-2")
    page.locator(".text .t").nth(1).click()
    page.keyboard.press("2")
    saved(page, 1)
    search.fill("")
    search.press("Enter")
    names(page, "note-1", "note-2", "note-3", "note-4")
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("combobox", name="Labelled or suggested with").click()
    page.get_by_role("option", name="Problem").click()
    names(page, "note-1", "note-2")  # suggested in the first; the second is open
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Filters (1)")).to_be_visible()
