"""Pages under axe-core, in light and dark: no violation in what is ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import NOTE, Workbench, drag, saved

STATES: dict[str, Callable[[Page], None]] = {
    "labelled": lambda page: None,
    "help": lambda page: page.keyboard.press("?"),
    "labels by name": lambda page: page.keyboard.press("l"),
    "history": lambda page: page.keyboard.press("v"),
    "comments": lambda page: page.keyboard.press("m"),
    "find": lambda page: page.keyboard.press("/"),
}
# Streamlit's own frame and widgets are not ours to change; our components live in shadow roots.


def violations(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}).response["violations"]
    return [(rule["id"], target) for rule in found for node in rule["nodes"] if (target := _in_shadow(node))]


def _in_shadow(node: dict[str, Any]) -> str:
    """What axe says of a node inside a component; nothing of Streamlit's own nodes."""
    target = node["target"][0]
    return f"{target[-1]}: {node['failureSummary']}" if isinstance(target, list) else ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_annotator_has_no_violation(workbench: Workbench, scheme: str) -> None:
    found = [{"start": 39, "end": 52, "label": "Problem", "confidence": 0.8}]
    (record_id,) = workbench.add(NOTE, suggestions=found)
    page = workbench.open(record_id)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    drag(page, "MRI", "scan")
    page.keyboard.press("2")
    saved(page, 1)
    for name, enter in STATES.items():
        enter(page)
        assert violations(page) == [], name
        page.keyboard.press("Escape")


def test_a_violation_would_be_found(workbench: Workbench) -> None:
    page = workbench.open(workbench.add(NOTE)[0])
    page.locator(".annotator").evaluate("(root) => root.append(document.createElement('button'))")
    assert [rule for rule, _ in violations(page)] == ["button-name"]
