"""Twelve label colours for light and dark, apart for colour-blind eyes too; contrast of text at least 7 and 5.1 to 1.

A colour never stands alone: every span shows its label's name beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PALETTE: list[dict[str, Any]] = json.loads((Path(__file__).parent / "palette.json").read_text(encoding="utf-8"))


def colours(indices: Mapping[str, int]) -> dict[str, tuple[str, str]]:
    """Background and border of each label, by the labels' colour indices; both follow light and dark."""
    return {name: (_both(index, "bg"), _both(index, "bd")) for name, index in indices.items()}


LINES = {  # images of a line below the text, in a label's colour
    "solid": "linear-gradient({0} 0 0)",
    "dashed": "repeating-linear-gradient(90deg, {0} 0 6px, transparent 6px 9px)",
    "long": "repeating-linear-gradient(90deg, {0} 0 16px, transparent 16px 24px)",
    "dotted": "repeating-linear-gradient(90deg, {0} 0 2px, transparent 2px 5px)",
    "double": "repeating-linear-gradient(90deg, {0} 0 9px, transparent 9px 11px, {0} 11px 13px, transparent 13px 15px)",
}


def css() -> str:
    """Classes `c0`, `c1`, ... that set --bg, --fg and --bd for the colour of that index; lines `--solid0` and so on."""
    parts = ("bg", "fg", "bd")
    rules = [f".c{i} {{ {' '.join(f'--{part}: {_both(i, part)};' for part in parts)} }}" for i in range(len(PALETTE))]
    lines = (
        f"--{name}{i}: {image.format(_both(i, 'bd'))};" for name, image in LINES.items() for i in range(len(PALETTE))
    )
    return "\n".join([*rules, f".annotator {{ {' '.join(lines)} }}"]) + "\n"


def swatches(inside: str) -> str:
    """Style of buttons in a row, in the element of that selector: the first has the first colour, and so on.

    The chosen one has a frame.
    """
    rules = [
        f"{inside} button:nth-of-type({i + 1}) {{ background: {_both(i, 'bg')} !important; "
        f"color: {_both(i, 'fg')} !important; border-bottom: 3px solid {_both(i, 'bd')}; }}"
        for i in range(len(PALETTE))
    ]
    chosen = f"{inside} button[aria-checked=true] {{ box-shadow: inset 0 0 0 2px currentColor; font-weight: 700; }}"
    return "\n".join([*rules, chosen])


def _both(index: int, part: str) -> str:
    colour = PALETTE[index % len(PALETTE)]
    return f"light-dark({colour['light'][part]}, {colour['dark'][part]})"
