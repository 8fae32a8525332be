"""Adjudication by keys and by mouse: what is taken is saved and becomes gold, and conflicts are shown."""

from __future__ import annotations

from typing import Literal

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Workbench, saved
from tests.browser.test_access_for_all import violations
from workbench.services import adjudication
from workbench.store import annotations as labels_of
from workbench.store import gold as gold_of
from workbench.store import records
from workbench.store.annotations import SpanData

TEXT = "Fever \U0001f321 since May. A <script>alert(1)</script> film of the chest was clear."
FEVER, CHEST, FILM = "Fever \U0001f321", "chest", "film of the chest"
Spans = dict[str, str]  # words -> label


def submit(workbench: Workbench, record_id: int, author: str, spans: Spans, base: int = 0) -> None:
    with workbench.app.database.session() as session:
        names = {label["name"]: label["id"] for label in workbench.stored(record_id)["labels"]}
        data = [
            SpanData(words, TEXT.index(words), TEXT.index(words) + len(words), names[label])
            for words, label in spans.items()
        ]
        labels_of.save(session, record_id, author, base, "submitted", data)


def two_versions(workbench: Workbench, count: int = 1) -> list[int]:
    """Records on whose second and third span ana and ben differ; they agree on the fourth."""
    ids = workbench.add(*[TEXT] * count)
    for record_id in ids:
        submit(workbench, record_id, "ana", {FEVER: "Problem", CHEST: "Test", "clear": "Test"})
        submit(workbench, record_id, "ben", {FEVER: "Test", FILM: "Test", "clear": "Test"})
    return ids


def visit(workbench: Workbench, record_id: int) -> Page:
    with workbench.app.database.reading() as session:
        department_id = records.get(session, record_id).department_id
    page = workbench.context.new_page()
    page.on("request", lambda request: workbench.requests.append(request.url))
    page.on("pageerror", lambda error: workbench.errors.append(str(error)))
    page.goto(f"{workbench.app.url}/agreement?department={department_id}&record={record_id}")
    expect(page.locator(".versions")).to_be_focused(timeout=PATIENCE)
    return page


def gold(workbench: Workbench, record_id: int) -> list[tuple[str, str]]:
    """Words and label of each span of the record's gold."""
    with workbench.app.database.reading() as session:
        department_id = records.get(session, record_id).department_id
        found = gold_of.gold(session, department_id, ("pool",))
    return [(TEXT[e.start : e.end], e.label) for g in found if g.record.id == record_id for e in g.entities]


def shown(page: Page, name: str) -> None:
    expect(page.locator(".title")).to_contain_text(name, timeout=PATIENCE)


def adjudicated(page: Page, count: int) -> None:
    """Waits until the page says that all records are done."""
    expect(page.get_by_text(f"{count} of {count} that differ are adjudicated")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".status")).to_have_text("adjudicated")


def test_two_records_by_keyboard(workbench: Workbench) -> None:
    first, second = two_versions(workbench, 2)
    page = visit(workbench, first)
    shown(page, "note-1 · pool · 1 of 2")
    page.keyboard.press("Control+Enter")  # nothing is decided, so that it cannot end here
    expect(page.locator(".saved")).to_have_text("2 places are open")
    page.keyboard.press("2")
    page.keyboard.press("2")
    saved(page, 2)
    assert gold(workbench, first) == []
    page.keyboard.press("Control+z")
    page.keyboard.press("p")
    page.keyboard.press("1")
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    shown(page, "note-2 · pool · 2 of 2")
    assert gold(workbench, first) == [(FEVER, "Problem"), (FILM, "Test"), ("clear", "Test")]
    page.keyboard.press("n")
    page.keyboard.press("0")
    saved(page, 1)
    page.reload()  # what was chosen stays
    expect(page.locator(".status")).to_have_text("1 of 2 decided", timeout=PATIENCE)
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    adjudicated(page, 2)
    assert gold(workbench, second) == [(FEVER, "Problem"), ("clear", "Test")]
    page.keyboard.press("P")
    shown(page, "note-1")


def test_a_record_by_mouse(workbench: Workbench) -> None:
    (record_id,) = two_versions(workbench)
    page = visit(workbench, record_id)
    cells = page.locator(".versions .cell")
    expect(cells.nth(0)).to_have_text("Fever \U0001f321Problem since May. ")  # escaped text, and emoji whole
    expect(cells.nth(4)).to_have_text("A <script>alert(1)</script> film of the chestTest was clearTest.")
    page.get_by_role("button", name="ben Fever").click()
    page.locator(".cell.gold", has_text="film").get_by_text("film of the ").click()  # the place, in any version
    page.get_by_role("button", name="none").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="ana chest").click()
    saved(page, 4)
    expect(page.locator(".cell.gold").last).to_contain_text("chestTest")
    page.get_by_role("button", name="Place 1, decided").click()
    page.get_by_role("button", name="none").click()
    page.get_by_role("button", name="Finish and go on").click()
    adjudicated(page, 1)
    assert gold(workbench, record_id) == [(CHEST, "Test"), ("clear", "Test")]


def test_labels_that_change_meanwhile_are_told(workbench: Workbench) -> None:
    (record_id,) = two_versions(workbench)
    page = visit(workbench, record_id)
    page.keyboard.press("1")
    saved(page, 1)
    submit(workbench, record_id, "ben", {FEVER: "Test", "clear": "Test"}, base=1)
    page.keyboard.press("2")
    expect(page.locator(".notice").first).to_contain_text("changed their labels of this record while you decided")
    assert adjudication.open_record(workbench.app.database, record_id)["revision"] == 1
    page.get_by_role("button", name="Load the record as it is").click()
    # What was decided stays where nothing changed; film of the chest is ana's chest alone now.
    expect(page.locator(".status")).to_have_text("1 of 2 decided")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    adjudicated(page, 1)
    before = gold(workbench, record_id)
    assert before == [(FEVER, "Problem"), (CHEST, "Test"), ("clear", "Test")]
    submit(workbench, record_id, "ana", {"clear": "Test"}, base=1)
    page.reload()
    expect(page.locator(".notice.changed")).to_contain_text("Since local adjudicated this record", timeout=PATIENCE)
    expect(page.locator(".queue button")).to_have_class("changed")
    assert gold(workbench, record_id) == before


def test_two_windows_do_not_overwrite_each_other(workbench: Workbench) -> None:
    (record_id,) = two_versions(workbench)
    one, other = visit(workbench, record_id), visit(workbench, record_id)
    one.keyboard.press("1")
    saved(one, 1)
    other.keyboard.press("2")
    expect(other.locator(".notice").first).to_contain_text("Somebody else adjudicates this record")
    other.get_by_role("button", name="Keep mine").click()
    saved(other, 2)
    (choice,) = adjudication.open_record(workbench.app.database, record_id)["choices"]
    assert choice["take"] == adjudication.open_record(workbench.app.database, record_id)["versions"][1]["id"]


def test_the_adjudicator_has_no_violation(workbench: Workbench) -> None:
    (record_id,) = two_versions(workbench)
    page = visit(workbench, record_id)
    page.keyboard.press("1")
    saved(page, 1)
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == [], scheme
        page.keyboard.press("?")
        assert violations(page) == [], scheme
        page.keyboard.press("Escape")
