"""The annotator in a real browser: hands and keys on one side, the database on the other."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from ladtl_core.records import Record
from tests.browser.conftest import NOTE, PATIENCE, Workbench, drag, saved, word
from workbench.store import departments, records

SCRIPTS = {
    "emoji": ("Seen by 👩‍⚕️ today 🫁: severe cough 😷 and fever", "severe", "cough", "severe cough"),
    "combining": (
        "Le cafe\u0301 apre\u0300s naïve e\u0301mesis se\u0301ve\u0300re",
        "e\u0301mesis",
        "se\u0301ve\u0300re",
        None,
    ),
    "crlf": ("Dear colleague,\r\n\r\nchest  pain\r\nfor two days", "chest", "pain", "chest  pain"),
    "over a line": ("acute renal\r\nfailure since May", "renal", "failure", "renal\r\nfailure"),
    "right to left": ("المريض يعاني من ضيق شديد في التنفس", "ضيق", "شديد", "ضيق شديد"),
    "turned by controls": ("fever \u202e\u2066and cough\u2069\u202c since May", "and", "cough", "and cough"),
    "astral": ("𝒳-ray of 𠮷野 showed 𝟗 mm nodule", "mm", "nodule", "mm nodule"),
}


def span(start: int, end: int, label: str, confidence: float) -> dict[str, object]:
    return {"start": start, "end": end, "label": label, "confidence": confidence}


@pytest.mark.parametrize("script", SCRIPTS)
def test_offsets_are_code_points_of_the_text(workbench: Workbench, script: str) -> None:
    text, first, last, phrase = SCRIPTS[script]
    phrase = phrase or f"{first} {last}"
    (by_mouse, by_keys) = workbench.add(text, text)
    page = workbench.open(by_mouse)
    drag(page, first, last)
    page.keyboard.press("1")
    saved(page, 1)
    page = workbench.open(by_keys)
    word(page, first).click()
    forward = "ArrowLeft" if script == "right to left" else "ArrowRight"
    page.keyboard.press(f"Shift+{forward}")
    page.keyboard.press("1")
    saved(page, 1)
    for record_id in (by_mouse, by_keys):
        assert workbench.marked(record_id) == [(phrase, "Problem")]
        assert workbench.stored(record_id)["spans"][0]["start"] == text.index(phrase)


def test_chinese_is_labelled_character_by_character(workbench: Workbench) -> None:
    with workbench.app.database.session() as session:
        ward = departments.create(session, "Chinese ward", "clinical", ("Problem",), scheme="chinese")
        records.add(session, ward.id, [Record("note", "患者🫀胸痛三天，无发热", split="pool")], "local")
        record_id = records.ids(session, ward.id)["note"]
    page = workbench.open(record_id)
    drag(page, "胸", "痛")
    page.keyboard.press("1")
    saved(page, 1)
    assert workbench.marked(record_id) == [("胸痛", "Problem")]


def test_a_drag_snaps_to_words_and_leaves_punctuation(workbench: Workbench) -> None:
    (record_id,) = workbench.add("Biopsy showed small cell carcinoma, treated.")
    page = workbench.open(record_id)
    drag(page, "carcinoma", "small")  # backwards, from the middle of a word to the middle of a word
    page.keyboard.press("1")
    saved(page, 1)
    assert workbench.marked(record_id) == [("small cell carcinoma", "Problem")]


def test_relabel_delete_undo_redo(workbench: Workbench) -> None:
    (record_id,) = workbench.add(NOTE)
    page = workbench.open(record_id)
    drag(page, "MRI", "scan")
    page.keyboard.press("1")
    saved(page, 1)
    page.keyboard.press("2")
    saved(page, 2)
    assert workbench.marked(record_id) == [("MRI scan", "Test")]
    page.keyboard.press("Delete")
    saved(page, 3)
    assert workbench.marked(record_id) == []
    page.keyboard.press("Control+z")
    saved(page, 4)
    assert workbench.marked(record_id) == [("MRI scan", "Test")]
    page.keyboard.press("Control+z")
    saved(page, 5)
    assert workbench.marked(record_id) == [("MRI scan", "Problem")]
    page.keyboard.press("Control+Shift+Z")
    saved(page, 6)
    assert workbench.marked(record_id) == [("MRI scan", "Test")]
    expect(page.locator(".text .tag")).to_have_text("Test")


def test_a_label_goes_to_every_other_occurrence(workbench: Workbench) -> None:
    (record_id,) = workbench.add("Chest pain at night. No chest pain by day; chest film clear.")
    page = workbench.open(record_id)
    drag(page, "Chest", "pain")
    page.keyboard.press("1")
    page.keyboard.press("e")
    expect(page.locator(".text .tag")).to_have_count(2)
    saved(page, 2)
    assert workbench.marked(record_id) == [("Chest pain", "Problem"), ("chest pain", "Problem")]


def test_suggestions_are_accepted_changed_and_rejected_by_key(workbench: Workbench) -> None:
    found = [
        span(7, 15, "Test", 0.9),
        span(39, 52, "Problem", 0.8),
        span(60, 68, "Problem", 0.3),
        span(83, 95, "Test", 0.6),
    ]
    (record_id,) = workbench.add(NOTE, suggestions=found)
    page = workbench.open(record_id)
    expect(page.locator(".text .tag.suggested")).to_have_count(4)
    expect(page.locator(".text .tag.suggested").first).to_have_text("Test 0.90")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # accepts, and goes to the second
    saved(page, 1)
    page.keyboard.press("a")
    saved(page, 2)
    page.keyboard.press("x")  # changes no label, so the revision stays
    page.keyboard.press("3")  # the last one, as a treatment
    saved(page, 3)
    record = workbench.stored(record_id)
    assert workbench.marked(record_id) == [
        ("MRI scan", "Test"),
        ("L5 metastasis", "Problem"),
        ("radiotherapy", "Treatment"),
    ]
    assert [item["origin"] for item in record["spans"]] == ["suggestion", "suggestion", "changed"]
    assert [item["confidence"] for item in record["spans"]] == [0.9, 0.8, 0.6]
    assert record["rejected"] == [2]


def test_accept_all_and_undo(workbench: Workbench) -> None:
    found = [span(7, 15, "Test", 0.9), span(39, 52, "Problem", 0.8)]
    (record_id,) = workbench.add(NOTE, suggestions=found)
    page = workbench.open(record_id)
    page.keyboard.press("Shift+A")
    saved(page, 1)
    assert len(workbench.marked(record_id)) == 2
    page.keyboard.press("Control+z")
    saved(page, 2)
    assert workbench.marked(record_id) == []
    expect(page.locator(".text .tag.suggested")).to_have_count(2)


def test_submit_and_go_on(workbench: Workbench) -> None:
    first, second, third = workbench.add(NOTE, NOTE, NOTE)
    page = workbench.open(first)
    drag(page, "L", "metastasis")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".title")).to_contain_text("note-2", timeout=PATIENCE)
    assert workbench.stored(first)["status"] == "submitted"
    page.keyboard.press("n")
    expect(page.locator(".title")).to_contain_text("note-3", timeout=PATIENCE)
    page.keyboard.press("p")
    expect(page.locator(".title")).to_contain_text("note-2", timeout=PATIENCE)
    page.get_by_role("button", name="Skip").click()
    expect(page.locator(".title")).to_contain_text("note-3", timeout=PATIENCE)
    assert workbench.stored(second)["status"] == "skipped"
    assert workbench.stored(third)["status"] == "pending"


def test_text_is_never_markup(workbench: Workbench) -> None:
    evil = '<script>window.hacked=1</script> <img src=x onerror=window.hacked=1> "><svg onload=window.hacked=1>'
    (record_id,) = workbench.add(evil)
    page = workbench.open(record_id)
    drag(page, "onerror", "onerror")
    page.keyboard.press("1")
    saved(page, 1)
    assert page.evaluate("window.hacked") is None
    assert page.locator(".text img, .text script, .text svg").count() == 0
    assert (page.locator(".text").text_content() or "").replace("Problem", "") == evil


def test_keys_do_nothing_while_a_field_is_typed_in(workbench: Workbench) -> None:
    (record_id,) = workbench.add(NOTE)
    page = workbench.open(record_id)
    drag(page, "L", "metastasis")
    page.get_by_role("combobox", name="Department").click()
    page.keyboard.type("1x")
    page.keyboard.press("Escape")
    assert workbench.stored(record_id)["revision"] == 0


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
def test_the_app_process_has_no_torch(workbench: Workbench) -> None:
    workbench.open(workbench.add(NOTE)[0])
    maps = Path(f"/proc/{workbench.app.pid}/maps").read_text()
    assert "libpython" in maps or "python" in maps
    assert "libtorch" not in maps
