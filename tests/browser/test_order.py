"""The order of the queue, by keyboard and by mouse, and why a record was chosen."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Workbench, choose
from tests.browser.test_queue import names
from workbench.store import scores
from workbench.store.models import Model

TEXTS = ("Fever and cough", "No fever", "Chest film clear", "Fever and cough .", "Night sweats")
# Of each text: how uncertain, how much of a gap, in which place, and what it is like.
SCORES = ((0.4, 0.1, 2, 0), (0.2, 0.5, 1, 1), (0.1, 0.3, None, 2), (0.3, 0.2, 3, 0))


def scored(workbench: Workbench) -> list[int]:
    """Five records, of which a model has scored all but the last; the fourth nearly repeats the first."""
    ids = workbench.add(*TEXTS, suggestions=[])
    rows = [
        {
            "record_id": ids[i],
            "tokens": 3,
            "uncertainty": uncertainty,
            "close": 2,
            "doubtful": ["Problem", "Test"],
            "gap": gap,
            "gap_parts": {"Test": gap},
            "rank": rank,
            "near_to": ids[like],
        }
        for i, (uncertainty, gap, rank, like) in enumerate(SCORES)
    ]
    with workbench.app.database.session() as session:
        last = session.query(Model).order_by(Model.id.desc()).first()
        assert last is not None
        scores.store(session, last.id, rows)
    return ids


def why(page: Page, text: str) -> None:
    expect(page.get_by_text(text)).to_be_visible(timeout=PATIENCE)


def test_by_mouse(workbench: Workbench) -> None:
    ids = scored(workbench)
    page = workbench.open(ids[2])
    why(page, "In the order of import.")
    choose(page, "Order", "uncertain first")
    # The fourth is like the first, and waits; the last has no scores.
    names(page, "note-1", "note-2", "note-4", "note-3", "note-5")
    expect(page.locator(".title")).to_contain_text("note-1 · pool · 1 of 5", timeout=PATIENCE)
    why(page, "Uncertain: 2 of 3 tokens are close calls, most about Problem or Test. One of 2 near-duplicates.")
    why(page, "Model v1 has not scored 1 record; they come last.")
    page.get_by_role("button", name="Submit and go on").click()
    expect(page.locator(".title")).to_contain_text("note-2", timeout=PATIENCE)
    page.get_by_role("button", name="Score 1 record").click()
    why(page, "The worker scores 1 record with model v1.")


def test_by_keyboard_over_pages_and_reloads(workbench: Workbench) -> None:
    ids = scored(workbench)
    page = workbench.open(ids[0])
    page.get_by_role("combobox", name="Order").focus()
    for key in (*["ArrowDown"] * 4, "Enter"):
        page.keyboard.press(key)
    names(page, "note-2", "note-3", "note-4", "note-5", "note-1")
    expect(page.locator(".title")).to_contain_text("note-2", timeout=PATIENCE)
    why(page, "most in Test (100%).")
    page.locator(".text").focus()
    page.keyboard.press("n")
    expect(page.locator(".title")).to_contain_text("note-3", timeout=PATIENCE)
    page.reload()
    expect(page.locator(".title")).to_contain_text("note-3 · pool · 2 of 5", timeout=PATIENCE)
    page.get_by_role("link", name="Review").click()
    page.get_by_role("link", name="Annotate").click()
    names(page, "note-2", "note-3", "note-4", "note-5", "note-1")


def test_a_near_duplicate_is_not_the_next_to_submit(workbench: Workbench) -> None:
    ids = scored(workbench)
    page = workbench.open(ids[0])
    choose(page, "Order", "uncertain first")
    expect(page.locator(".title")).to_contain_text("note-1", timeout=PATIENCE)
    for submitted in ("note-2", "note-3", "note-5"):  # as if by others, so that the two stand next to each other
        page.locator(".queue button", has_text=submitted).click()
        expect(page.locator(".title")).to_contain_text(submitted, timeout=PATIENCE)
        if submitted == "note-2":
            page.get_by_role("button", name="Submit and go on").click()
            expect(page.locator(".title")).not_to_contain_text(submitted, timeout=PATIENCE)
    page.locator(".queue button", has_text="note-1").click()
    expect(page.locator(".title")).to_contain_text("note-1", timeout=PATIENCE)
    page.locator(".text").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".title")).to_contain_text("note-3", timeout=PATIENCE)


def test_without_a_model_there_are_two_orders(workbench: Workbench) -> None:
    (first, _) = workbench.add(*TEXTS[:2])
    page = workbench.open(first)
    why(page, "More orders come with the department's first model")
    page.get_by_role("combobox", name="Order").click(timeout=PATIENCE)
    expect(page.get_by_role("option")).to_have_text(["Order: as imported", "Order: random"])
    page.get_by_role("option", name="random").click()
    why(page, "Drawn at random.")
