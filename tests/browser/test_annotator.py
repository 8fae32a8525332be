"""The annotator in a real browser: hands and keys on one side, the database on the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Route, expect

from ladtl_core.records import Record
from tests.browser.conftest import NOTE, PATIENCE, Workbench, drag, saved, word
from workbench.store import departments, records

Eventually = Callable[[Callable[[], bool]], None]
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
    for _ in range(3):
        before = len(workbench.marked(first)) + len(workbench.marked(second))
        page.keyboard.press("ArrowRight")
        page.keyboard.press("n" if before % 2 == 0 else "p")
        page.keyboard.press("1")
        eventually(lambda before=before: len(workbench.marked(first)) + len(workbench.marked(second)) == before + 1)  # type: ignore[misc]
        expect(page.locator(".text")).to_be_focused(timeout=PATIENCE)


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
