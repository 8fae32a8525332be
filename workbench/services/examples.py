"""What people have labelled with a label, for its guideline: its most frequent words, where they stand."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.services.roles import Act, needs, seen_departments
from workbench.store import search
from workbench.store.database import Database

SHOWN = 5  # of a label
LOOKED_AT = 2000  # spans of a label
AROUND = 40  # characters on each side
Example = tuple[str, str, str]
"""Text before, words, text after; white space is one space, and words that are cut at the outer ends are left out."""


@needs(Act.SEE)
def examples(database: Database, label_ids: Sequence[int]) -> dict[int, list[Example]]:
    """For each label, submitted spans of pool and training records: those of the most frequent words first.

    Each is the first place of its words, whatever their case; the same spans give the same examples.
    """
    with database.reading() as session:
        seen = seen_departments(session)
        found = {label_id: search.mentions(session, label_id, seen, LOOKED_AT, AROUND) for label_id in label_ids}
    return {label_id: _frequent(mentions) for label_id, mentions in found.items()}


def _frequent(mentions: Sequence[Example]) -> list[Example]:
    by_form: dict[str, list[Example]] = {}
    for mention in mentions:
        by_form.setdefault(" ".join(mention[1].split()).casefold(), []).append(_shown(*mention))
    return [places[0] for places in sorted(by_form.values(), key=len, reverse=True)[:SHOWN]]  # the sort is stable


def _shown(before: str, words: str, after: str) -> Example:
    before, words, after = (re.sub(r"\s+", " ", text) for text in (before, words, after))
    if len(before) == AROUND:
        before = "…" + before[max(before.find(" "), 0) :]
    if len(after) == AROUND:
        after = after[: after.rfind(" ") + 1 or None] + "…"
    return before, words, after
