"""The order of the Annotate page's queue: its choice, what it rests on, and why the open record has its place."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.components.plain import plain
from workbench.services import access, ordering
from workbench.services.ordering import GIVEN, Ranking
from workbench.services.queueing import QueueItem

TITLES = {
    "given": "as imported",
    "random": "random",
    "uncertainty": "uncertain first",
    "diversity": "unlike first",
    "gap-closing": "gap-closing",
    "mix": "mix of all",
}
HELP = """Near-duplicates never follow each other while there are others, except as imported.

- **uncertain first**: the model's tags are close calls
- **unlike first**: far from all that is labelled, and from each other
- **gap-closing**: where source and this department still differ
- **mix of all**: random and the three take turns"""


def pick_order(ranking: Ranking, items: Sequence[QueueItem], evaluation: bool) -> str:
    """The order that is chosen; the choice is kept from page to page and over a reload."""
    st.session_state.setdefault("order", st.query_params.get("order", GIVEN))
    if evaluation:
        st.caption("Order: as imported. A random set must not be chosen from.")
        return GIVEN
    kept = st.session_state["order"]
    st.session_state["queue-order"] = kept if kept in ranking.orders else GIVEN
    order: str = st.selectbox(
        "Order",
        ranking.orders,
        format_func=lambda name: f"Order: {TITLES[name]}",
        key="queue-order",
        on_change=_changed,
        help=HELP,
        label_visibility="collapsed",
    )
    _say(ranking, items, order)
    return order


def _changed() -> None:
    """The queue begins anew: with the first record of the new order that is open."""
    st.session_state["order"] = st.session_state["queue-order"]
    st.session_state["record"] = None
    st.query_params.pop("record", None)


def _say(ranking: Ranking, items: Sequence[QueueItem], order: str) -> None:
    """Which model the scores are of, and what is missing."""
    if ranking.model_id is None:
        st.caption("More orders come with the department's first model: they follow its scores.")
        return
    unscored = ranking.unscored(items)
    if unscored:
        _offer_scores(ranking, unscored)
    elif order not in (GIVEN, "random"):
        without = f"It shares no label with {ranking.sources}" if ranking.sources else "It learned from no source"
        missing = "" if ranking.has_gap else f" {without}: there is no gap to close."
        st.caption(plain(f"By the scores of model v{ranking.version}.{missing}"))


def _offer_scores(ranking: Ranking, unscored: int) -> None:
    version = f"model v{ranking.version}"
    what = f"{unscored:,} record{'s' * (unscored > 1)}"
    if ordering.being_scored(access.database(), ranking):
        st.caption(f"The worker scores {what} with {version}.")
        return
    come_last = "; they come last" if ranking.keys else ", so that there are no other orders yet"
    st.caption(f"{version.capitalize()} has not scored {what}{come_last}.")
    if st.button(f"Score {what}", width="stretch"):
        ordering.score(access.database(), ranking)
        st.rerun()
