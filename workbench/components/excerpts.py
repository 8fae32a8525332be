"""Words with the text around them, as static HTML."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from workbench.components.palette import colours
from workbench.components.turning import as_html


def excerpts(found: Iterable[tuple[str, str, str]], colour: int) -> str:
    """A list of text before, words and text after, the words in the palette's colour. All text is escaped."""
    [(background, border)] = colours({"": colour}).values()
    style = escape(f"background:{background};border-color:{border}")
    items = (
        f'<li dir="auto">{as_html(before)}<mark style="{style}">{as_html(words)}</mark>{as_html(after)}</li>'
        for before, words, after in found
    )
    return f'<ul class="excerpts">{"".join(items)}</ul>'
