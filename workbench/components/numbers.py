"""How figures and dates are written, the same on every page."""

from __future__ import annotations

from datetime import datetime

from ladtl_core.scores import Scores


def f1_text(scores: Scores | None) -> str:
    """F1 with its 95 % interval and the records behind it: `61.3 (54.0-67.9, 30 records)`."""
    if scores is None:
        return "not measured"
    records = f"{scores.records} record{'' if scores.records == 1 else 's'}"
    if scores.interval is None:
        return f"{scores.overall.f1:.1f} ({records})"
    low, high = scores.interval
    return f"{scores.overall.f1:.1f} ({low:.1f}\u2013{high:.1f}, {records})"


def when(at: datetime | None) -> str:
    """A short local date and time."""
    return "" if at is None else at.astimezone().strftime("%d %b %H:%M")


def duration(seconds: float) -> str:
    """`48 s`, `1 min 20 s`, `2 h 5 min`."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
