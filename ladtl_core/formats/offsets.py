"""Offsets of other tools: checked against the covered text that they give, and taken from UTF-16 where that fits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from ladtl_core.errors import DataError

_BLANK = re.compile(r"\s+|\\n")  # Label Studio writes a line break as \n in two characters

Stretch = tuple[int, int]


def in_code_points(
    text: str, stretches: Sequence[Stretch], covered: Sequence[str | None], lines: Sequence[int] | None = None
) -> tuple[list[Stretch], bool]:
    """The stretches in code points, and whether they were given in UTF-16.

    All of a record are taken alike: in code points if each then covers the text that goes with it (None: any, white
    space aside), else in UTF-16 if that is so there. Raises DataError, with the stretch's line, if neither fits.
    """
    wrong = _first_wrong(text, stretches, covered)
    if wrong is None:
        return list(stretches), False
    units = [0, *accumulate(1 + (character > "\uffff") for character in text)]
    place = {unit: index for index, unit in enumerate(units)}
    moved = [(place.get(start, -1), place.get(end, -1)) for start, end in stretches]
    if _first_wrong(text, moved, covered) is None:
        return moved, True
    start, end = stretches[wrong]
    message = f"the span {start}-{end} covers {text[start:end]!r} but is said to cover {covered[wrong]!r}"
    raise DataError(
        f"{message}; the offsets were counted in another text, for example with other line breaks",
        line=lines[wrong] if lines else None,
        field="entities",
    )


def _first_wrong(text: str, stretches: Sequence[Stretch], covered: Sequence[str | None]) -> int | None:
    for index, ((start, end), expected) in enumerate(zip(stretches, covered, strict=True)):
        if expected is not None and (start < 0 or _BLANK.sub("", text[start:end]) != _BLANK.sub("", expected)):
            return index
    return None
