"""Several people at one installation: two browsers, and two people at one browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import NOTE, PATIENCE, Workbench, choose, drag, saved, word
from workbench.services import labelling, people

Eventually = Callable[[Callable[[], bool]], None]


def known(workbench: Workbench, *names: str) -> None:
    for name in names:
        if name not in people.names(workbench.app.database):
            people.add(workbench.app.database, name)


def become(page: Page, name: str) -> None:
    """By mouse, in the sidebar."""
    sidebar = page.get_by_test_id("stExpandSidebarButton")
    if sidebar.is_visible():
        sidebar.click()
    choose(page, "Labelling as", name)


def stored(workbench: Workbench, record_id: int, author: str) -> dict[str, Any]:
    return labelling.open_record(workbench.app.database, record_id, author)


def test_two_browsers_are_two_people(workbench: Workbench, browser: Browser) -> None:
    known(workbench, "Ana", "Ben")
    (record_id,) = workbench.add(NOTE)
    pages = {"Ana": workbench.open(record_id)}
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    pages["Ben"] = Workbench(workbench.app, context).open(record_id)
    address = pages["Ana"].url
    for name, page in pages.items():
        page.goto(f"{address}&as={name}")
        expect(page.locator(".title")).to_contain_text(f"as {name}", timeout=PATIENCE)
    drag(pages["Ana"], "MRI", "scan")
    pages["Ana"].keyboard.press("2")
    saved(pages["Ana"], 1)
    word(pages["Ben"], "spine").click()
    pages["Ben"].keyboard.press("1")
    saved(pages["Ben"], 1)
    pages["Ana"].reload()
    expect(pages["Ana"].locator(".title")).to_contain_text("as Ana", timeout=PATIENCE)
    expect(pages["Ana"].locator(".text .tag")).to_have_text(["Test"])
    context.close()
    assert stored(workbench, record_id, "Ben")["spans"][0]["start"] == NOTE.index("spine")
    assert workbench.stored(record_id)["revision"] == 0  # the local user did nothing


def test_a_person_is_added_by_keys_and_an_edit_outlives_the_switch(
    workbench: Workbench, eventually: Eventually
) -> None:
    (record_id, _) = workbench.add(NOTE, NOTE)
    page = workbench.open(record_id)
    held: list[Route] = []
    page.route("**/api/annotations/*", lambda route: held.append(route))  # the save does not arrive yet
    drag(page, "MRI", "scan")
    page.keyboard.press("2")
    eventually(lambda: len(held) == 1)
    page.get_by_test_id("stExpandSidebarButton").press("Enter")
    field = page.get_by_role("textbox", name="Add a person")
    field.fill("Dr Keys")
    field.press("Enter")
    expect(page.locator(".title")).to_contain_text("as Dr Keys", timeout=PATIENCE)
    expect(page.locator(".text .tag")).to_have_count(0)
    held[0].continue_()
    eventually(lambda: workbench.stored(record_id)["revision"] == 1)
    assert workbench.marked(record_id) == [("MRI scan", "Test")]
    assert stored(workbench, record_id, "Dr Keys")["revision"] == 0


def test_people_who_take_turns_see_and_save_their_own_labels(workbench: Workbench) -> None:
    known(workbench, "Ana")
    (record_id,) = workbench.add(NOTE)
    page = workbench.open(record_id)
    drag(page, "MRI", "scan")
    page.keyboard.press("2")
    saved(page, 1)
    become(page, "Ana")
    expect(page.locator(".title")).to_contain_text("as Ana", timeout=PATIENCE)
    expect(page.locator(".text .tag")).to_have_count(0)
    word(page, "spine").click()
    page.keyboard.press("1")
    saved(page, 1)
    become(page, "local")
    expect(page.locator(".text .tag")).to_have_text(["Test"], timeout=PATIENCE)
    assert workbench.marked(record_id) == [("MRI scan", "Test")]
    assert [span["start"] for span in stored(workbench, record_id, "Ana")["spans"]] == [NOTE.index("spine")]
