"""Records of 50,000 characters with 1,000 spans: a key writes a handful of elements, and lays out a small block."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NOTE, PATIENCE, Workbench, saved

LENGTH, SPANS = 50_000, 1000
WATCH = """text => {
  window.written = 0;
  new MutationObserver(changes => { window.written += changes.length; })
    .observe(text, { subtree: true, childList: true, attributes: true, characterData: true });
}"""


@pytest.mark.parametrize("separator", [" ", "\r\n", ""])
def test_a_key_rewrites_little_of_a_long_record(workbench: Workbench, separator: str) -> None:
    sentence = (NOTE if separator else "患者🫀胸痛三天，无发热") + separator  # the last without any space
    text = sentence * (LENGTH // len(sentence))
    words = [match.span() for match in re.finditer(r"\w+", text)]
    every = max(1, len(words) // SPANS)
    (record_id,) = workbench.add_labelled(text, [(*place, "Problem") for place in words[::every][:SPANS]])
    page = workbench.open(record_id)
    blocks = page.locator(".text .line").evaluate_all("lines => lines.map(line => line.textContent.length)")
    assert max(blocks) < 8000
    page.keyboard.press("End")
    page.locator(".text").evaluate(WATCH)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("2")
    saved(page, 2)
    assert 0 < page.evaluate("window.written") < 100
    last = workbench.stored(record_id)["spans"][-1]
    assert last["end"] > len(text) - 2 * len(sentence)
    shown = page.locator(".text .t.tagged").last
    expect(shown).to_be_in_viewport(timeout=PATIENCE)
    assert workbench.marked(record_id)[-1][1] == "Test"
