"""A disk that takes nothing for a while: the label stays in the tab, says so, and is saved when there is room."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Dialog, expect

from tests.browser.conftest import NOTE, Workbench, saved, word
from tests.workbench.disk_kit import MOST_BYTES


@contextmanager
def no_room(pid: int) -> Iterator[None]:
    """No file of that process may grow: its database cannot be written."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (MOST_BYTES, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def test_labels_wait_in_the_tab_for_room(workbench: Workbench) -> None:
    first, second = workbench.add(NOTE, NOTE)
    page = workbench.open(first)
    with no_room(workbench.app.pid):
        word(page, "fracture").click()
        page.keyboard.press("1")
        expect(page.locator(".saved")).to_contain_text("not saved: the disk of the workbench")
        expect(page.locator(".saved")).to_contain_text("your labels are kept in this tab")
        # Other records can be opened, and labelled too.
        page.keyboard.press("n")
        expect(page.locator(".saved")).to_contain_text("nothing saved yet")
        word(page, "scan").click()
        page.keyboard.press("2")
        expect(page.locator(".saved")).to_contain_text("not saved: the disk of the workbench")
        # A reload asks first, and loses nothing.
        asked: list[str] = []

        def leave(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.accept()

        page.on("dialog", leave)
        page.reload()
        expect(page.locator(".text .tag")).to_have_text("Test")
        expect(page.locator(".saved")).to_contain_text("not saved: the disk of the workbench")
        assert asked == ["beforeunload"] and workbench.marked(first) == workbench.marked(second) == []
    saved(page, 1)
    page.keyboard.press("p")
    expect(page.locator(".text .tag")).to_have_text("Problem")
    saved(page, 1)
    assert (workbench.marked(first), workbench.marked(second)) == ([("fracture", "Problem")], [("scan", "Test")])
