"""How edits reach the database from a real browser: bursts, left pages, other tabs, refusals, lost answers."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Dialog, Route, expect

from tests.browser.conftest import LABELS, NOTE, PATIENCE, Workbench, drag, saved, word

Eventually = Callable[[Callable[[], bool]], None]


def test_nothing_is_lost_when_the_page_is_left(workbench: Workbench, eventually: Eventually) -> None:
    left, reloaded, closed = workbench.add(NOTE, NOTE, NOTE)
    page = workbench.open(left)
    drag(page, "L", "metastasis")
    page.keyboard.press("1")
    page.get_by_role("link", name="Data").click()
    eventually(lambda: workbench.marked(left) == [("L5 metastasis", "Problem")])

    page = workbench.open(reloaded)
    drag(page, "L", "metastasis")
    page.keyboard.press("1")
    page.reload()
    expect(page.locator(".text .tag")).to_have_text("Problem", timeout=PATIENCE)
    assert workbench.marked(reloaded) == [("L5 metastasis", "Problem")]

    page = workbench.open(closed)
    drag(page, "L", "metastasis")
    page.keyboard.press("1")
    page.close()
    eventually(lambda: workbench.marked(closed) == [("L5 metastasis", "Problem")])


def test_edits_that_wait_for_one_another_survive_leaving(workbench: Workbench, eventually: Eventually) -> None:
    (record_id,) = workbench.add(NOTE)
    page = workbench.open(record_id)
    labels = "123" * 7
    word(page, "fracture").click()
    for label in labels[:20]:
        page.keyboard.press(label)
    page.goto("about:blank")  # while saves are on their way
    eventually(lambda: workbench.marked(record_id) == [("fracture", "Test")])


def test_an_edit_while_the_page_reruns_is_kept(workbench: Workbench, eventually: Eventually) -> None:
    """The rerun that brings the next record is under way when the key is pressed: the label must be in one of them."""
    first, second = workbench.add(NOTE, NOTE)
    page = workbench.open(first)
    for number, label in enumerate(LABELS, 1):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("p" if number == 2 else "n")
        page.keyboard.press(str(number))
        # Whether the page had the next record by then is a matter of moments: it may be a word that had a label before.
        eventually(lambda label=label: label in labels_in(workbench, first, second))  # type: ignore[misc]
        expect(page.locator(".text")).to_be_focused(timeout=PATIENCE)


def labels_in(workbench: Workbench, *ids: int) -> list[str]:
    return [label for record_id in ids for _, label in workbench.marked(record_id)]


def test_a_burst_of_keys_is_all_saved(workbench: Workbench, eventually: Eventually) -> None:
    (record_id,) = workbench.add("one two three four five six seven eight nine ten " * 2)
    page = workbench.open(record_id)
    word(page, "one").click()
    for number in range(20):
        page.keyboard.press("123"[number % 3])
        page.keyboard.press("ArrowRight")
    expect(page.locator(".text .tag")).to_have_count(20)
    expect(page.locator(".saved")).to_contain_text("saved", timeout=PATIENCE)
    eventually(lambda: len(workbench.marked(record_id)) == 20)


def test_a_stale_tab_is_told_and_keeps_its_edit(workbench: Workbench) -> None:
    (record_id,) = workbench.add(NOTE)
    first, second = workbench.open(record_id), workbench.open(record_id)
    drag(first, "L", "metastasis")
    first.keyboard.press("1")
    saved(first, 1)
    drag(second, "MRI", "scan")
    second.keyboard.press("2")
    expect(second.get_by_role("alert").filter(has_text="another window")).to_be_visible(timeout=PATIENCE)
    expect(second.locator(".saved")).to_contain_text("not saved")
    assert workbench.marked(record_id) == [("L5 metastasis", "Problem")]

    # Leaving the record does not drop the edit: it is there again with the same question.
    second.get_by_role("link", name="Data").click()
    expect(second.locator(".text")).to_have_count(0, timeout=PATIENCE)
    second.get_by_role("link", name="Annotate").click()
    expect(second.get_by_text("Keep mine")).to_be_visible(timeout=PATIENCE)
    expect(second.locator(".text .tag")).to_have_text("Test")
    second.get_by_text("Keep mine").click()
    saved(second, 2)
    assert workbench.marked(record_id) == [("MRI scan", "Test")]

    drag(first, "fracture", "fracture")
    first.keyboard.press("1")
    first.get_by_text("Load theirs").click()
    expect(first.locator(".text .tag")).to_have_text("Test")
    assert workbench.marked(record_id) == [("MRI scan", "Test")]


def test_a_failed_save_is_shown_warned_of_and_repeated(workbench: Workbench) -> None:
    (record_id,) = workbench.add(NOTE)
    page = workbench.open(record_id)
    page.route("**/api/**", lambda route: route.abort())
    drag(page, "L", "metastasis")
    page.keyboard.press("1")
    expect(page.locator(".saved")).to_contain_text("not saved", timeout=PATIENCE)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.close(run_before_unload=True)
    page.unroute("**/api/**")
    saved(page, 1)
    assert asked == ["beforeunload"]
    assert workbench.marked(record_id) == [("L5 metastasis", "Problem")]


def test_an_expired_token_is_renewed(workbench: Workbench) -> None:
    (record_id,) = workbench.add(NOTE)
    page = workbench.open(record_id)
    refused: list[str] = []

    def once(route: Route) -> None:
        if refused:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.fulfill(status=401, json={"error": "expired"})

    page.route("**/api/**", once)
    drag(page, "L", "metastasis")
    page.keyboard.press("1")
    saved(page, 1)
    assert refused and workbench.marked(record_id) == [("L5 metastasis", "Problem")]


def test_an_edit_after_a_lost_answer_meets_no_conflict(workbench: Workbench) -> None:
    """The server has the first edit, the page does not know so, and the person goes on."""
    (record_id,) = workbench.add(NOTE)
    page = workbench.open(record_id)

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(f"**/api/annotations/{record_id}", lose_the_answer, times=1)
    word(page, "fracture").click()
    page.keyboard.press("1")
    expect(page.locator(".saved")).to_contain_text("the server does not answer", timeout=PATIENCE)
    assert workbench.stored(record_id)["revision"] == 1
    page.keyboard.press("2")
    saved(page, 2)
    assert workbench.marked(record_id) == [("fracture", "Test")]
