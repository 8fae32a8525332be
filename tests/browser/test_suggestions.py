"""Suggestions by their source: threshold, accepting at once, rejections that stay, mentions in other records."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import NOTE, PATIENCE, Workbench, choose_label_set, drag, pull, saved
from workbench.services import suggesting
from workbench.store import records

FOUND = [
    {"start": 7, "end": 15, "label": "Test", "confidence": 0.9},
    {"start": 39, "end": 52, "label": "Problem", "confidence": 0.55},
    {"start": 60, "end": 68, "label": "Problem", "confidence": 0.3},
]


def test_the_threshold_leaves_doubtful_suggestions_aside(workbench: Workbench) -> None:
    (record_id, _) = workbench.add(NOTE, NOTE, suggestions=FOUND)
    page = workbench.open(record_id)
    tags = page.locator(".text .tag.suggested")
    expect(tags).to_have_count(3)
    for _ in range(10):
        page.keyboard.press("+")
    expect(tags).to_have_count(2)
    expect(page.locator(".suggestions")).to_contain_text("2 suggestions left, 1 below the threshold")
    slider = page.get_by_role("slider", name="Lowest confidence")
    box = slider.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2)
    expect(tags).to_have_count(1)
    page.keyboard.press("-")  # the keys are the text's again
    page.keyboard.press("Shift+A")
    saved(page, 1)
    assert workbench.marked(record_id) == [("MRI scan", "Test")]
    for _ in range(20):
        page.keyboard.press("-")
    expect(tags).to_have_count(2)  # what was left aside was not rejected


def test_one_key_accepts_submits_and_goes_on(workbench: Workbench) -> None:
    first, second = workbench.add(NOTE, NOTE, suggestions=FOUND)
    page = workbench.open(first)
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".title")).to_contain_text("note-2", timeout=PATIENCE)
    assert workbench.stored(first)["status"] == "submitted" and len(workbench.marked(first)) == 3
    page.keyboard.press("p")
    expect(page.locator(".title")).to_contain_text("note-1", timeout=PATIENCE)
    page.keyboard.press("n")
    assert workbench.stored(second)["revision"] == 0

    (by_mouse, _) = workbench.add(NOTE, NOTE, suggestions=FOUND)
    page = workbench.open(by_mouse)
    page.locator(".text .tag.suggested").nth(2).click()
    page.get_by_role("button", name="Reject").click()
    page.get_by_role("button", name="Accept, submit, go on").click()
    expect(page.locator(".title")).to_contain_text("note-2", timeout=PATIENCE)
    assert len(workbench.marked(by_mouse)) == 2 and workbench.stored(by_mouse)["rejected"] == [2]


def test_a_suggestion_with_another_edge_is_a_changed_one(workbench: Workbench) -> None:
    (record_id,) = workbench.add(NOTE, suggestions=FOUND)
    page = workbench.open(record_id)
    page.locator(".text .tag.suggested").first.click()
    pull(page, "end", "spine")
    saved(page, 1)
    page.locator(".text .tag.suggested").first.click()
    page.keyboard.press("Alt+Shift+ArrowRight")
    saved(page, 2)
    assert workbench.marked(record_id) == [("MRI scan of the spine", "Test"), ("5 metastasis", "Problem")]
    assert [span["origin"] for span in workbench.stored(record_id)["spans"]] == ["changed", "changed"]


def test_a_rejected_suggestion_stays_away(workbench: Workbench) -> None:
    (record_id,) = workbench.add(NOTE, suggestions=FOUND)
    page = workbench.open(record_id)
    page.keyboard.press("Tab")
    page.keyboard.press("x")
    expect(page.locator(".text .tag.suggested")).to_have_count(2)
    expect(page.locator(".saved")).to_contain_text("saved", timeout=PATIENCE)
    page.reload()
    expect(page.locator(".text .tag.suggested")).to_have_count(2, timeout=PATIENCE)
    page.keyboard.press("Shift+A")
    saved(page, 2)
    assert [words for words, _ in workbench.marked(record_id)] == ["L5 metastasis", "fracture"]


def test_a_mention_is_carried_to_other_records(workbench: Workbench) -> None:
    other = "🫁 Second MRI\r\nscan of the spine; the mri scan showed L5."
    first, second = workbench.add(NOTE, other)
    page = workbench.open(first)
    drag(page, "MRI", "scan")
    page.keyboard.press("2")
    page.keyboard.press("Shift+E")
    expect(page.locator(".saved")).to_have_text("suggested in 1 other record of the queue")
    page.keyboard.press("n")
    expect(page.locator(".title")).to_contain_text("note-2", timeout=PATIENCE)
    tags = page.locator(".text .tag.suggested.double")  # another look than a model's
    expect(tags).to_have_text(["Test (again)", "Test (again)"])
    page.keyboard.press("Tab")
    expect(page.locator(".details")).to_contain_text("labelled so in another record")
    page.keyboard.press("Enter")
    page.keyboard.press("x")
    saved(page, 1)
    record = workbench.stored(second)
    assert workbench.marked(second) == [("MRI\r\nscan", "Test")]
    assert record["spans"][0]["origin"] == "propagated" and record["rejected"] == [1]
    with workbench.app.database.reading() as session:
        department_id = records.get(session, first).department_id
    assert [rule["text"] for rule in suggesting.rules_of(workbench.app.database, department_id)] == ["MRI scan"]

    page = workbench.open(first)
    page.locator(".text .tag").first.click()
    page.get_by_role("button", name="Suggest in the queue").click()
    expect(page.locator(".saved")).to_have_text(re.compile("suggested in 1 other record"))


def test_dictionary_and_patterns_have_a_look_of_their_own(workbench: Workbench) -> None:
    (record_id,) = workbench.add(NOTE, suggestions=FOUND[:1], label_set="rules")
    with workbench.app.database.reading() as session:
        department_id = records.get(session, record_id).department_id
    page = workbench.open(record_id)
    page.get_by_role("link", name="Labels").click()
    choose_label_set(workbench, page, "rules")
    words = page.get_by_label("Words or regular expression")
    words.fill("FRACTURE")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("button", name="Remove")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Try them on the labelled records").click()
    page.get_by_text("0 labelled Problem, 0 not").click(timeout=PATIENCE)
    expect(page.get_by_text("No labelled record has these words.")).to_be_visible(timeout=PATIENCE)
    suggesting.add_rule(workbench.app.database, department_id, "pattern", r"L\d", "Test", "local")
    page = workbench.open(record_id)
    expect(page.locator(".text .tag.suggested.dotted")).to_have_text(["Test (rule)", "Problem (rule)"])
    expect(page.locator(".text .tag.suggested.dashed")).to_have_text(["Test 0.90"])
    page.keyboard.press("Shift+A")
    saved(page, 1)
    assert workbench.marked(record_id) == [("MRI scan", "Test"), ("L5", "Test"), ("fracture", "Problem")]
    assert [span["origin"] for span in workbench.stored(record_id)["spans"]] == ["suggestion", "rule", "rule"]
