"""Characters that turn the direction of the text after them: seen as signs, so that nothing poses as what it is not."""

from __future__ import annotations

import re
from html import escape

TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def signed(text: str) -> str:
    """A name or a line of text with a sign in the place of each such character, for people to read."""
    return TURNING.sub(lambda found: f"\u2039U+{ord(found[0]):04X}\u203a", text)


def as_html(text: str) -> str:
    """Text of a record, escaped. The characters stay and are shown by signs of `style.css`; they turn nothing there."""
    return TURNING.sub(lambda found: f'<span class="turning">{found[0]}</span>', escape(text))
