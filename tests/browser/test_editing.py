"""Editing spans in a real browser, each way by keys and by mouse; what counts is what the store has of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NOTE, Workbench, drag, pull, saved, word

MANY = tuple(f"Label {chr(ord('A') + i)}{i}" for i in range(14))
# Text, the word to begin in, and what two or three characters from its first one on are.
CHARACTERS = {
    "emoji": ("Seen 👩‍⚕️ for 🫁 cough😷fever", "fever", 2, "fe"),
    "combining": ("Le cafe\u0301 e\u0301me\u0301sis severe", "e\u0301me\u0301sis", 3, "e\u0301me\u0301"),
    "right to left": ("المريض يعاني من ضيق شديد", "ضيق", 2, "ضي"),
    "astral": ("𝒳-ray of 𠮷野屋 showed nodule", "𠮷野屋", 2, "𠮷野"),
    "crlf": ("Dear colleague,\r\n\r\nchest  pain\r\n", "pain", 2, "pa"),
}


def test_the_help_sheet_opens_and_closes(workbench: Workbench) -> None:
    page = workbench.open(workbench.add(NOTE)[0])
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet).to_contain_text("submit and go on")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.get_by_role("button", name="All keys").click()
    expect(sheet).to_be_visible()
    page.keyboard.press("?")
    expect(sheet).to_be_hidden()


def test_a_label_beyond_ten_is_found_by_its_name(workbench: Workbench) -> None:
    by_keys, by_mouse = workbench.add(NOTE, NOTE, labels=MANY, label_set="many")
    page = workbench.open(by_keys)
    drag(page, "MRI", "scan")
    page.keyboard.press("l")
    page.keyboard.type("k1")  # no other label has it
    page.keyboard.press("Enter")
    saved(page, 1)
    assert workbench.marked(by_keys) == [("MRI scan", "Label K10")]
    page.keyboard.press("l")  # now the label of the active span, by the arrows
    page.keyboard.type("label")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    saved(page, 2)
    assert workbench.marked(by_keys) == [("MRI scan", "Label B1")]
    page.keyboard.press("l")
    page.keyboard.press("Escape")
    page.keyboard.press("1")  # the keys are the text's again
    saved(page, 3)
    assert workbench.marked(by_keys) == [("MRI scan", "Label A0")]

    page = workbench.open(by_mouse)
    drag(page, "MRI", "scan")
    page.get_by_role("button", name="Find label").click()
    page.get_by_role("option", name="Label N13").click()
    saved(page, 1)
    assert workbench.marked(by_mouse) == [("MRI scan", "Label N13")]


def test_edges_are_moved_by_keys(workbench: Workbench) -> None:
    (record_id,) = workbench.add(NOTE)
    page = workbench.open(record_id)
    drag(page, "scan", "of")
    page.keyboard.press("1")
    saved(page, 1)
    page.keyboard.press("Alt+ArrowLeft")
    saved(page, 2)
    assert workbench.marked(record_id) == [("scan", "Problem")]
    page.keyboard.press("Alt+ArrowLeft")  # the last word stays
    page.keyboard.press("Alt+Shift+ArrowLeft")
    saved(page, 3)
    assert workbench.marked(record_id) == [("MRI scan", "Problem")]
    page.keyboard.press("Control+z")
    saved(page, 4)
    assert workbench.marked(record_id) == [("scan", "Problem")]


def test_edges_are_dragged_and_stop_at_the_next_span(workbench: Workbench) -> None:
    (record_id,) = workbench.add(NOTE)
    page = workbench.open(record_id)
    drag(page, "fracture", "fracture")
    page.keyboard.press("2")
    drag(page, "metastasis", "metastasis")
    page.keyboard.press("1")
    saved(page, 2)
    pull(page, "start", "L")
    saved(page, 3)
    assert workbench.marked(record_id)[0] == ("L5 metastasis", "Problem")
    pull(page, "end", "treated")
    saved(page, 4)
    assert workbench.marked(record_id) == [("L5 metastasis with a", "Problem"), ("fracture", "Test")]


@pytest.mark.parametrize("script", CHARACTERS)
def test_characters_instead_of_words(workbench: Workbench, script: str) -> None:
    text, begin, count, expected = CHARACTERS[script]
    by_keys, by_mouse = workbench.add(text, text, scheme="word")
    page = workbench.open(by_keys)
    page.locator(".text .t", has_text=begin).first.click()
    forward, back = ("ArrowLeft", "ArrowRight") if script == "right to left" else ("ArrowRight", "ArrowLeft")
    page.keyboard.press(back)
    page.keyboard.press(forward)  # the cursor is at the word, wherever the click was
    page.keyboard.press("c")
    for _ in range(len(begin)):
        page.keyboard.press(f"Shift+{back}")
    page.keyboard.press("Escape")
    box = page.locator(".text .t", has_text=begin).first.bounding_box()
    assert box
    x = box["x"] + box["width"] - 2 if script == "right to left" else box["x"] + 2
    page.mouse.click(x, box["y"] + box["height"] / 2)
    for _ in range(count - 1):
        page.keyboard.press(f"Shift+{forward}")
    page.keyboard.press("1")
    saved(page, 1)
    assert workbench.marked(by_keys) == [(expected, "Problem")]
    assert workbench.stored(by_keys)["spans"][0]["start"] == text.index(expected)
    page.keyboard.press(f"Alt+{forward}")
    saved(page, 2)
    assert len(workbench.marked(by_keys)[0][0]) > len(expected)

    page = workbench.open(by_mouse)
    page.get_by_role("button", name="Characters").click()
    box = page.locator(".text .t", has_text=begin).first.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 1, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 4, middle, steps=5)
    page.mouse.up()
    page.keyboard.press("2")
    saved(page, 1)
    assert workbench.marked(by_mouse) == [(begin, "Test")]
    assert workbench.stored(by_mouse)["spans"][0]["start"] == text.index(begin)


def test_words_are_found_and_labelled(workbench: Workbench) -> None:
    text = "Chest pain at night.\r\n🫁 No CHEST\r\npain by day; chest film clear."
    (record_id,) = workbench.add(text)
    page = workbench.open(record_id)
    page.keyboard.press("/")
    page.keyboard.type("chest pain")
    expect(page.locator(".said")).to_have_text("1 of 2")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_have_text("2 of 2")
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    saved(page, 1)
    assert workbench.marked(record_id) == [("CHEST\r\npain", "Problem")]
    page.keyboard.press("g")
    page.keyboard.press("2")
    saved(page, 2)
    assert workbench.marked(record_id)[0] == ("Chest pain", "Test")
    page.get_by_role("button", name="Find", exact=True).click()
    page.keyboard.type("(no such")  # no pattern, just characters
    expect(page.locator(".said")).to_have_text("not found")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".text")).to_be_focused()


def test_escape_gives_up_a_dragged_edge(workbench: Workbench) -> None:
    (record_id,) = workbench.add(NOTE)
    page = workbench.open(record_id)
    drag(page, "MRI", "scan")
    page.keyboard.press("1")
    saved(page, 1)
    grip, target = page.locator(".grip.end").bounding_box(), word(page, "spine").bounding_box()
    assert grip and target
    page.mouse.move(grip["x"] + 4, grip["y"] + 8)
    page.mouse.down()
    page.mouse.move(target["x"] + 5, target["y"] + 8, steps=4)
    page.keyboard.press("Escape")
    page.mouse.up()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("3")
    expect(page.locator(".text .tag")).to_have_count(1)
    saved(page, 2)
    assert [marked for marked, _ in workbench.marked(record_id)] == ["MRI scan"]
