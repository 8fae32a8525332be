"""Names and messages as they are: what Streamlit would take for Markdown is escaped.

Names come from files and from people. As Markdown they could hide words, pose as links, or ask for a picture elsewhere.
"""

from __future__ import annotations

import re

from workbench.components.turning import signed

# Marks inside a line, directives (`:red[`), marks that open a line.
_MARKS = re.compile(r"[\\`*_\[\]<>$~&|{}]|:(?=[\w/+-])|(?m:(?<=^)[#+=-]|(?<=^)\d+(?=[.)]))")
# Icons, emoji and addresses are looked for after escapes were taken away; a word joiner, which is not seen, keeps their
# parts apart.
_FOUND_LATER = re.compile(r":(?=[\w+/-]+:|//)|[wW]{3}(?=\.)|@")
_JOINER = "\u2060"


def plain(text: object) -> str:
    """The text for a place that shows Markdown: characters are seen as they are, by a sign if they turn others."""
    return _MARKS.sub(_escaped, _FOUND_LATER.sub(lambda found: found[0] + _JOINER, signed(str(text))))


def _escaped(found: re.Match[str]) -> str:
    mark = found[0]
    return f"{mark}{_JOINER}" if mark.isdigit() else f"\\{mark}"
