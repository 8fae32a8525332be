"""Undo, redo and restoring across visits: every step is a revision, and none is ever deleted."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from tests.browser.conftest import NOTE, PATIENCE, Workbench, drag, saved, word
from workbench.services import labelling

SCAN, SPINE = ("MRI scan", "Problem"), ("spine", "Test")


def test_undo_and_redo_reach_across_reloads(workbench: Workbench) -> None:
    (record_id,) = workbench.add(NOTE)
    page = workbench.open(record_id)
    drag(page, "MRI", "scan")
    page.keyboard.press("1")
    saved(page, 1)
    word(page, "spine").click()
    page.keyboard.press("2")
    saved(page, 2)
    page.reload()
    expect(page.locator(".text .tag")).to_have_count(2, timeout=PATIENCE)
    page.keyboard.press("Control+z")
    saved(page, 3)
    assert workbench.marked(record_id) == [SCAN]
    page.reload()
    expect(page.locator(".text .tag")).to_have_count(1, timeout=PATIENCE)
    page.keyboard.press("Control+z")  # goes on from where the last visit stopped
    saved(page, 4)
    assert workbench.marked(record_id) == []
    page.get_by_role("link", name="Data").click()
    expect(page.locator(".text")).to_have_count(0, timeout=PATIENCE)
    page.get_by_role("link", name="Annotate").click()
    expect(page.locator(".text")).to_be_focused(timeout=PATIENCE)
    page.keyboard.press("Control+Shift+Z")
    saved(page, 5)
    assert workbench.marked(record_id) == [SCAN]
    page.reload()
    expect(page.locator(".text .tag")).to_have_count(1, timeout=PATIENCE)
    page.keyboard.press("Control+y")
    saved(page, 6)
    assert workbench.marked(record_id) == [SCAN, SPINE]
    found = labelling.history(workbench.app.database, record_id, "local")
    assert [change["restores"] for change in found] == [None, None, 1, 0, 1, 2]


def test_quick_steps_back_are_not_forgotten(workbench: Workbench) -> None:
    (record_id,) = workbench.add(NOTE)
    page = workbench.open(record_id)
    for number, begin in enumerate(("MRI", "scan", "spine"), 1):
        word(page, begin).click()
        page.keyboard.press("1")
        saved(page, number)
    undo, redo = (page.get_by_role("button", name=name) for name in ("Undo", "Redo"))
    for _ in range(3):
        undo.click()
    expect(page.locator(".text .tag")).to_have_count(0)
    expect(page.locator(".saved")).to_contain_text("saved", timeout=PATIENCE)
    page.reload()
    expect(page.locator(".text")).to_be_focused(timeout=PATIENCE)
    for left in range(1, 4):
        redo.click()
        expect(page.locator(".text .tag")).to_have_count(left)
    page.keyboard.press("Control+z")
    expect(page.locator(".text .tag")).to_have_count(2)
    expect(page.locator(".saved")).to_contain_text("saved", timeout=PATIENCE)
    assert [words for words, _ in workbench.marked(record_id)] == ["MRI", "scan"]


def test_an_older_revision_is_restored_as_a_new_one(workbench: Workbench) -> None:
    (record_id,) = workbench.add(NOTE)
    page = workbench.open(record_id)
    drag(page, "MRI", "scan")
    page.keyboard.press("1")
    saved(page, 1)
    page.keyboard.press("3")
    saved(page, 2)
    page.keyboard.press("Delete")
    saved(page, 3)
    page.get_by_role("button", name="History").click()
    revisions = page.locator(".revisions li")
    expect(revisions).to_have_count(3)
    expect(revisions.nth(0)).to_contain_text("− MRI scan (Treatment)")
    expect(revisions.nth(1)).to_contain_text("MRI scan (Problem) → MRI scan (Treatment)")
    expect(revisions.nth(2)).to_contain_text("local")
    expect(revisions.nth(2)).to_contain_text("+ MRI scan (Problem)")
    page.get_by_role("button", name="Restore revision 1").click()
    saved(page, 4)
    assert workbench.marked(record_id) == [SCAN]
    expect(revisions).to_have_count(4)
    page.keyboard.press("Control+z")
    saved(page, 5)
    assert workbench.marked(record_id) == []
    page.keyboard.press("v")
    expect(revisions.first).to_be_hidden()
    assert len(labelling.history(workbench.app.database, record_id, "local")) == 5


def test_undo_never_takes_an_import_away(workbench: Workbench) -> None:
    (record_id,) = workbench.add_labelled(NOTE, [(7, 15, "Test")])
    page = workbench.open(record_id)
    expect(page.locator(".text .tag")).to_have_count(1)
    page.keyboard.press("Control+z")
    word(page, "spine").click()
    page.keyboard.press("1")
    saved(page, 2)
    assert workbench.marked(record_id) == [("MRI scan", "Test"), ("spine", "Problem")]


def test_an_undo_that_waits_for_the_history_leaves_newer_edits_alone(workbench: Workbench) -> None:
    (record_id,) = workbench.add_labelled(NOTE, [(7, 15, "Test")])
    page = workbench.open(record_id)
    word(page, "spine").click()
    page.keyboard.press("1")
    saved(page, 2)
    page = workbench.open(record_id)
    held: list[Route] = []
    page.route("**/history", lambda route: held.append(route))
    with page.expect_request("**/history"):
        page.keyboard.press("Control+z")
    word(page, "fracture").click()
    page.keyboard.press("2")
    saved(page, 3)
    with page.expect_response("**/history"):
        held.pop().continue_()
    page.keyboard.press("3")  # the label of the same words
    saved(page, 4)
    assert workbench.marked(record_id) == [("MRI scan", "Test"), ("spine", "Problem"), ("fracture", "Treatment")]
