"""Overlapping and nested spans, where the label set allows them and where it does not."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE, Workbench, choose_label_set, drag, saved, word
from workbench.services import label_sets, training
from workbench.store import departments, records

Eventually = Callable[[Callable[[], bool]], None]
TEXT = "Metastatic carcinoma of the left lung 🫁 after radiotherapy."


def allow_overlaps(workbench: Workbench, record_id: int) -> int:
    """The record's department, whose label set then allows overlaps."""
    database = workbench.app.database
    with database.reading() as session:
        department = departments.get(session, records.get(session, record_id).department_id)
    label_sets.allow_overlaps(database, department.label_set_id, True, "local")
    return department.id


def test_spans_lie_in_spans_and_training_says_what_it_leaves_out(workbench: Workbench) -> None:
    (record_id,) = workbench.add(TEXT, label_set="nested")
    department_id = allow_overlaps(workbench, record_id)
    page = workbench.open(record_id)
    drag(page, "Metastatic", "lung")
    page.keyboard.press("1")
    drag(page, "left", "lung")  # nested
    page.keyboard.press("2")
    drag(page, "after", "lung")  # across the end of both
    page.keyboard.press("3")
    word(page, "carcinoma").dblclick()
    page.keyboard.press("2")
    saved(page, 4)
    expected = [
        ("Metastatic carcinoma of the left lung", "Problem"),
        ("carcinoma", "Test"),
        ("left lung", "Test"),
        ("lung 🫁 after", "Treatment"),
    ]
    assert workbench.marked(record_id) == expected
    page.reload()
    expect(page.locator(".text .tag")).to_have_count(4, timeout=PATIENCE)
    depths = page.locator(".text .lined").evaluate_all(
        "pieces => pieces.map(piece => Number(piece.style.getPropertyValue('--deepest')))"
    )
    assert max(depths) >= 2  # three lines below each other

    # By keys: the outer one, then the next around it.
    page.locator(".text .t", has_text="carcinoma").first.click()
    page.keyboard.press("o")
    expect(page.locator(".details .words")).to_have_text(expected[0][0])
    page.keyboard.press("Delete")
    saved(page, 5)
    assert workbench.marked(record_id) == expected[1:]
    page.keyboard.press("Control+z")
    saved(page, 6)
    page.keyboard.press("Control+Enter")
    saved(page, 7)
    spec = training.make_spec([], department_id, "non-transfer", {})
    assert training.offer(workbench.app.database, spec).left_out == 3


def test_a_word_inside_a_span_is_labelled_by_keys(workbench: Workbench) -> None:
    (record_id,) = workbench.add(TEXT, label_set="nested")
    allow_overlaps(workbench, record_id)
    page = workbench.open(record_id)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("1")
    page.keyboard.press("w")  # the word at the cursor alone, and not the span around it
    page.keyboard.press("2")
    saved(page, 2)
    assert workbench.marked(record_id) == [("Metastatic carcinoma", "Problem"), ("carcinoma", "Test")]


def test_without_overlaps_the_new_span_takes_the_place(workbench: Workbench) -> None:
    (record_id,) = workbench.add(TEXT)
    page = workbench.open(record_id)
    drag(page, "Metastatic", "lung")
    page.keyboard.press("1")
    word(page, "carcinoma").dblclick()
    page.keyboard.press("2")
    saved(page, 2)
    assert workbench.marked(record_id) == [("carcinoma", "Test")]


def test_the_labels_page_allows_overlaps_and_takes_guidelines(workbench: Workbench, eventually: Eventually) -> None:
    def guided() -> label_sets.GuidedSet:
        return next(one for one in label_sets.label_sets(workbench.app.database) if one.name == "guided")

    (record_id,) = workbench.add(TEXT, label_set="guided")
    page = workbench.open(record_id)
    page.keyboard.press("h")
    expect(page.get_by_text("Nobody has written guidelines for guided yet.")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="Write guidelines").click()
    choose_label_set(workbench, page, "guided")
    page.get_by_text("Spans may overlap and lie in each other").click()
    eventually(lambda: guided().overlaps)
    page.get_by_label("For all labels (Markdown)").fill("Label *complete* noun phrases.")
    page.get_by_role("textbox", name="Problem").fill("Findings, too.")
    page.get_by_role("button", name="Save guidelines").click()
    expect(page.get_by_text("Guidelines saved.")).to_be_visible(timeout=PATIENCE)
    assert guided().labels[0].guideline == "Findings, too."
    page = workbench.open(record_id)
    page.get_by_role("button", name="Guidelines").click()
    expect(page.get_by_role("dialog").locator("em")).to_have_text("complete", timeout=PATIENCE)
    expect(page.get_by_role("dialog")).to_contain_text("Findings, too.")
