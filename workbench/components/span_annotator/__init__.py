"""The span annotator: text as tokens that are labelled by hand, key by key, and saved by the browser itself.

Edits go to the app's own route and never through a rerun, which could lose them; a rerun only brings the next record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypedDict

import streamlit as st

from workbench.components import palette

_HERE = Path(__file__).parent
# One module, in this order.
_SCRIPTS = (
    *("stretches.js", "units.js", "state.js", "edits.js", "cells.js"),  # without a page
    *("kept.js", "saver.js", "label_saver.js", "elements.js", "keyboard.js", "keys.js", "history.js", "text_view.js"),
    *("details.js", "suggestions.js", "comments.js", "finder.js", "view.js"),
    *("moving.js", "pointer.js", "presence.js", "annotator.js"),
)

_component = st.components.v2.component(
    "span_annotator",
    html='<div class="annotator"></div>',
    css=palette.css() + (_HERE / "annotator.css").read_text(encoding="utf-8"),
    js="\n".join((_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS),
)


class AnnotatorEvent(TypedDict):
    """What was asked of the page, of which record: next, previous, submitted, flagged, guidelines, renew (a token)."""

    action: str
    record: int


def span_annotator(
    record: Mapping[str, Any],
    *,
    key: str,
    author: str = "",
    token: str = "",
    save_url: str = "",
    position: str = "",
    notice: str = "",
    readonly: bool = False,
    navigation: bool = True,
    on_event: Callable[[], None] | None = None,
) -> AnnotatorEvent | None:
    """Show a record as `services.labelling.open_record` gives it; returns the event of this rerun, if any.

    `save_url`, `author` and `token` are where and as whom edits are saved; a `readonly` annotator needs none.
    `position` is shown beside the record's name ("3 of 12"), `notice` above the text; without `navigation` there are no
    buttons and keys to other records. `on_event` runs before the script does; it finds the event in
    `st.session_state[key]`.
    """
    data = {
        "record": _pieces(record),
        "labels": [{**label, "colour": label["colour"] % len(palette.PALETTE)} for label in record["labels"]],
        "url": save_url,
        "author": author,
        "token": token,
        "position": position,
        "notice": notice,
        "readonly": readonly,
        "navigation": navigation,
    }
    event: AnnotatorEvent | None = _component(key=key, data=data, on_event_change=on_event or (lambda: None)).event
    return event


def _pieces(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with its text cut into words and the gaps around them: JavaScript's own offsets are UTF-16."""
    text: str = record["text"]
    tokens: Sequence[Sequence[int]] = record["tokens"]
    edges = [0, *(edge for token in tokens for edge in token), len(text)]
    pieces = [text[begin:end] for begin, end in pairwise(edges)]
    names = (
        "id",
        "external_id",
        "split",
        "spans",
        "suggestions",
        "rejected",
        "model",
        "revision",
        "status",
        "overlaps",
    )
    return {
        **{name: record[name] for name in names},
        "words": pieces[1::2],
        "gaps": pieces[0::2],
        "starts": [start for start, _ in tokens],
        "ends": [end for _, end in tokens],
    }
