"""Several people at one installation: two browsers, and two people at one browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import NOTE, PATIENCE, Workbench, choose, drag, saved, word
from tests.browser.serving import VIEWPORT
from workbench.services import labelling, people, sharing
from workbench.store import records

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


def department_of(workbench: Workbench, record_id: int) -> int:
    with workbench.app.database.reading() as session:
        return records.get(session, record_id).department_id


def stored(workbench: Workbench, record_id: int, author: str) -> dict[str, Any]:
    return labelling.open_record(workbench.app.database, record_id, author)


def test_two_browsers_are_two_people(workbench: Workbench, browser: Browser) -> None:
    known(workbench, "Ana", "Ben")
    (record_id,) = workbench.add(NOTE)
    pages = {"Ana": workbench.open(record_id)}
    context = browser.new_context(viewport=VIEWPORT)
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
    field = page.get_by_role("textbox", name="Add a person")
    expect(field).to_be_hidden()  # also to Tab
    page.get_by_test_id("stExpandSidebarButton").press("Enter")
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
    sharing.set_people(workbench.app.database, department_of(workbench, record_id), 2, 100, "local")
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


def test_what_one_has_open_the_other_is_not_handed(workbench: Workbench, browser: Browser) -> None:
    known(workbench, "Ben")
    first, second, _ = workbench.add(NOTE, NOTE, NOTE)
    own = workbench.open(first)
    context = browser.new_context(viewport=VIEWPORT)
    ben = context.new_page()
    address = f"{workbench.app.url}/annotate?department={department_of(workbench, first)}&as=Ben"
    ben.goto(address)
    expect(ben.locator(".title")).to_contain_text("note-2 · pool · 1 of 2 · as Ben", timeout=PATIENCE)
    expect(ben.get_by_role("combobox", name="State")).to_have_value("all (2)")
    ben.goto(f"{address}&record={first}")
    expect(ben.get_by_text("local has this record open since")).to_be_visible(timeout=PATIENCE)
    word(ben, "spine").click()
    ben.keyboard.press("1")
    saved(ben, 1)
    ben.keyboard.press("Control+Enter")
    expect(ben.locator(".title")).to_contain_text("note-2", timeout=PATIENCE)
    assert stored(workbench, first, "Ben")["status"] == "submitted"
    own.keyboard.press("n")
    expect(own.locator(".title")).to_contain_text("note-3", timeout=PATIENCE)
    assert stored(workbench, second, "Ben")["status"] == "pending"
    context.close()


def test_records_are_shared_out_by_mouse_and_taken_back_by_keys(workbench: Workbench) -> None:
    known(workbench, "Ana", "Ben")
    record_id = workbench.add(NOTE, NOTE, NOTE, NOTE)[0]
    department_id = department_of(workbench, record_id)
    page = workbench.open(record_id)
    page.get_by_role("link", name="People").click()
    people_box = page.get_by_role("combobox", name="Share the records out among")
    people_box.click(timeout=PATIENCE)
    for name in ("Ana", "Ben"):
        page.get_by_role("option", name=name, exact=True).click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Share out evenly").click()
    expect(page.get_by_text("3 records assigned.")).to_be_visible(timeout=PATIENCE)  # the fourth is open
    assert sorted(sharing.assigned(workbench.app.database, department_id).values()) == [1, 2]
    holder = page.get_by_role("combobox", name="Open records of")
    holder.focus()
    page.keyboard.type("Ana")
    page.keyboard.press("Enter")
    receiver = page.get_by_role("combobox", name="go to")
    receiver.focus()
    page.keyboard.type("Ben")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Reassign").press("Enter")
    expect(page.get_by_text("2 records reassigned.")).to_be_visible(timeout=PATIENCE)
    assert sharing.assigned(workbench.app.database, department_id) == {"Ben": 3}


def test_hands_on_keys_or_mouse_keep_the_record(workbench: Workbench) -> None:
    page = workbench.open(workbench.add(NOTE)[0])
    for minutes, move in enumerate((lambda: page.keyboard.press("ArrowRight"), lambda: word(page, "spine").hover()), 1):
        page.evaluate(f"performance.now = () => {minutes * 1e9}")  # long after the last sign
        with page.expect_response("**/at-work") as answer:
            move()
        assert answer.value.status == 200
