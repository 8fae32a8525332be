"""Names and messages as they are: what Streamlit would take for Markdown is escaped.

Names come from files and from people. As Markdown they could hide words, pose as links, or ask for a picture elsewhere.
"""

from __future__ import annotations

import re

# Marks inside a line, directives and emoji (`:red[`, `:smile:`), marks that open a line.
_MARKS = re.compile(r"[\\`*_\[\]<>$~&|{}]|:(?=[\w/+-])|(?m:(?<=^)[#+=-]|(?<=^)\d+(?=[.)]))")
# Icons and addresses are looked for after escapes were taken away; a word joiner, which is not seen, keeps them apart.
_FOUND_LATER = re.compile(r":(?=material_|streamlit:|//)|[wW]{3}(?=\.)|@")
_JOINER = "\u2060"


def plain(text: object) -> str:
    """The text for a place that shows Markdown: every character is seen as it is."""
    return _MARKS.sub(_escaped, _FOUND_LATER.sub(lambda found: found[0] + _JOINER, str(text)))


def _escaped(found: re.Match[str]) -> str:
    mark = found[0]
    return f"{mark}{_JOINER}" if mark.isdigit() else f"\\{mark}"
