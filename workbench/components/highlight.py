"""Labelled text as static HTML: every token of a span with its B or I, every span with its label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from workbench.components.turning import as_html

Offsets = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Mark:
    """A span to show: `note` follows the label (a confidence, say), `wrong` draws a dashed frame."""

    start: int
    end: int
    label: str
    colours: tuple[str, str]  # background and border
    note: str = ""
    wrong: bool = False


def highlighted(text: str, tokens: Offsets, marks: Iterable[Mark]) -> str:
    """HTML of the text; of marks that overlap the earlier stays. Everything of the text is escaped."""
    parts, at = [], 0
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end)):
        if mark.start < at:
            continue
        parts += [as_html(text[at : mark.start]), _mark(text, tokens, mark)]
        at = mark.end
    parts.append(as_html(text[at:]))
    return f'<div class="record-text" dir="auto">{"".join(parts)}</div>'


def _mark(text: str, tokens: Offsets, mark: Mark) -> str:
    inside: list[str] = []
    at = mark.start
    for start, end in tokens:
        if start < mark.end and end > mark.start:
            begin = max(start, mark.start)
            prefix = "I" if inside else "B"
            inside.append(as_html(text[at:begin]) + f'<span class="bio" dir="ltr">{prefix}</span>')
            inside.append(as_html(text[begin : min(end, mark.end)]))
            at = min(end, mark.end)
    inside.append(as_html(text[at : mark.end]))
    background, border = mark.colours
    style = f"background:{background};border-color:{border}"
    note = f" {mark.note}" if mark.note else ""
    tag = f'<span class="tag" dir="ltr">{as_html(mark.label + note)}</span>'
    return f'<mark class="{"wrong" if mark.wrong else ""}" style="{escape(style)}">{"".join(inside)}{tag}</mark>'
