"""The adjudicator: what several people labelled side by side, and one key to take a person's version of a place.

Choices are saved like labels, by the browser itself to the app's own route.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

import streamlit as st

from workbench.components import palette

_HERE = Path(__file__).parent
_ANNOTATOR = _HERE.parent / "span_annotator"
_SCRIPTS = (
    *(_ANNOTATOR / name for name in ("kept.js", "saver.js", "elements.js", "keyboard.js")),
    *(_HERE / name for name in ("choices.js", "versions_view.js", "frame.js", "adjudicator.js")),
)
_STYLES = (_ANNOTATOR / "annotator.css", _HERE / "adjudicator.css")

_component = st.components.v2.component(
    "adjudicator",
    html='<div class="annotator adjudicator"></div>',
    css=palette.css() + "".join(path.read_text(encoding="utf-8") for path in _STYLES),
    js="\n".join(path.read_text(encoding="utf-8") for path in _SCRIPTS),
)


class AdjudicatorEvent(TypedDict):
    """What was asked of the page, of which record: next, previous, finished, renew (a token)."""

    action: str
    record: int


def adjudicator(
    record: Mapping[str, Any], *, key: str, author: str, token: str, save_url: str, position: str
) -> AdjudicatorEvent | None:
    """Show a record as `services.adjudication.open_record` gives it; returns the event of this rerun, if any.

    `save_url`, `author` and `token` are where and as whom choices are saved; `position` is shown ("3 of 12").
    """
    labels = [{**label, "colour": label["colour"] % len(palette.PALETTE)} for label in record["labels"]]
    data = {"record": dict(record), "labels": labels, "url": save_url, "position": position}
    data |= {"author": author, "token": token}
    event: AdjudicatorEvent | None = _component(key=key, data=data, on_event_change=lambda: None).event
    return event
