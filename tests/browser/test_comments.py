"""Comments in the annotator: by keys and by mouse, inert, and kept while the server does not answer."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import NOTE, PATIENCE, Workbench, drag
from workbench.services import comments

EVIL = "<img src=x onerror=alert(1)> why?"


def test_words_are_commented_by_keys_and_the_next_reader_sees_it(workbench: Workbench) -> None:
    (record_id,) = workbench.add(NOTE)
    page = workbench.open(record_id)
    drag(page, "MRI", "scan")
    page.keyboard.press("m")
    field = page.get_by_role("textbox", name="New comment")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("placeholder", "On “MRI scan”")
    page.keyboard.type(f"{EVIL} r 1 x")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".remark")).to_have_text(f"{EVIL} r 1 x", timeout=PATIENCE)
    expect(field).to_have_value("")
    page.keyboard.press("Escape")
    expect(page.locator(".text")).to_be_focused()
    [stored] = comments.of_record(workbench.app.database, record_id)
    assert (NOTE[stored["start"] : stored["end"]], stored["author"]) == ("MRI scan", "local")
    assert workbench.stored(record_id)["revision"] == 0
    page.reload()
    expect(page.locator(".remark")).to_be_visible(timeout=PATIENCE)  # by itself
    assert page.locator(".remark img").count() == 0


def test_a_comment_is_shown_in_its_place_and_resolved_by_mouse(workbench: Workbench) -> None:
    (record_id,) = workbench.add(NOTE)
    start = NOTE.index("spine")
    body = {"text": "which part?", "start": start, "end": start + 5}
    comments.add(workbench.app.database, record_id, "Ana", body)
    page = workbench.open(record_id)
    page.get_by_role("button", name="“spine”").click(timeout=PATIENCE)
    expect(page.locator(".chosen")).to_have_text("spine")
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.locator(".comments .heading")).to_have_text("Comments (0, 1 resolved)", timeout=PATIENCE)
    page.reload()
    expect(page.locator(".text")).to_be_focused(timeout=PATIENCE)
    page.get_by_role("button", name="Comments: m").click()
    expect(page.locator(".remarks")).to_contain_text("resolved by local", timeout=PATIENCE)
    page.get_by_role("button", name="Reopen").click()
    expect(page.locator(".comments .heading")).to_have_text("Comments (1)", timeout=PATIENCE)


def test_a_comment_that_cannot_be_sent_stays(workbench: Workbench) -> None:
    (first, _) = workbench.add(NOTE, NOTE)
    page = workbench.open(first)
    page.route("**/comments", lambda route: route.abort())
    page.get_by_role("button", name="Comments: m").click()
    page.keyboard.type("not lost")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".comments .problem")).to_have_text("the server does not answer", timeout=PATIENCE)
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".title")).to_contain_text("note-2", timeout=PATIENCE)
    page.get_by_role("button", name="Previous").click()
    expect(page.locator(".title")).to_contain_text("note-1", timeout=PATIENCE)
    expect(page.get_by_role("textbox", name="New comment")).to_have_value("not lost", timeout=PATIENCE)
