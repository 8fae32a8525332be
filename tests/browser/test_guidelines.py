"""Examples from submitted records stand beside the guidelines, on the page Labels and behind `h`."""

from __future__ import annotations

from playwright.sync_api import expect

from ladtl_core.records import Entity, Record
from tests.browser.conftest import PATIENCE, Workbench, choose_label_set
from workbench.services import label_sets
from workbench.store import records


def test_h_shows_examples_from_submitted_records(workbench: Workbench) -> None:
    (record_id,) = workbench.add("A fever of 39 at night.", label_set="exemplary")
    database = workbench.app.database
    with database.session() as session:
        department_id = records.get(session, record_id).department_id
        held_out = Record("dev", "Held-out rash.", (Entity(9, 13, "Problem"),), split="dev")
        given = Record("b", "<i>Chest pain</i> since noon.", (Entity(3, 13, "Problem"),), split="pool")
        records.add(session, department_id, [held_out, given], "local")
    guided = next(one for one in label_sets.label_sets(database) if one.name == "exemplary")
    label_sets.write_guidelines(database, guided.label_set_id, "", {guided.labels[0].label_id: "Findings."}, "local")
    page = workbench.open(record_id)
    page.keyboard.press("h")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".excerpts li")).to_have_text(["<i>Chest pain</i> since noon."], timeout=PATIENCE)
    expect(dialog.locator(".excerpts mark")).to_have_text("Chest pain")
    expect(dialog).to_contain_text("Findings.")
    dialog.get_by_role("link", name="Write guidelines").click()
    choose_label_set(workbench, page, "exemplary")
    page.get_by_text("As they are shown while labelling").click(timeout=PATIENCE)
    expect(page.locator(".excerpts mark")).to_have_text("Chest pain", timeout=PATIENCE)
