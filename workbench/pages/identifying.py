"""Names, dates and numbers in the texts of an import, shown with their context and replaced where a person agrees."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.components.plain import plain
from workbench.pages.who import user
from workbench.services import access, identifying
from workbench.services.exchange import Preview
from workbench.services.identifying import Findings, Found
from workbench.services.importing import Replacements

SHOWN = 1000
FOUND, WORDS = "identified", "identified-words"  # in the session state
LEFT, LEFT_NOW = "identified-left", "identified-left-now"  # findings that a person leaves, by their number
TITLES = {
    "date": "Dates",
    "id": "Numbers of people",
    "phone": "Phone numbers",
    "email": "E-mail",
    "url": "Web addresses",
    "name": "Words of the list",
}
CAPTION = (
    "A help for whoever reads the texts, and no proof that nothing is left: it knows common forms of dates, numbers "
    "and addresses in English, Spanish and Chinese, and the words of the list. Names that are not in the list stay. "
    "Ids of records and patients are imported as they are."
)


def review(preview: Preview) -> Replacements:
    """Between preview and import: what is to be replaced, nothing before somebody has looked."""
    with st.expander("Look for names, dates and numbers before the import"):
        st.caption(CAPTION)
        words = _words([part.name for part in preview.departments])
        if st.button("Look for them"):
            with st.spinner("Looking ..."):
                bar = st.progress(0.0)
                found = identifying.look(preview, words, lambda done: _tell(bar, done, preview.records))
                bar.empty()
            st.session_state[FOUND], st.session_state[WORDS] = (preview, found), words
            st.session_state[LEFT] = st.session_state[LEFT_NOW] = frozenset()
        of, findings = st.session_state.get(FOUND, (None, None))
        if findings is None or of is not preview:
            return {}
        if st.session_state[WORDS] != words:
            st.warning("The words have changed since: look again.")
        return identifying.replacements(_accepted(findings))


def keep_words() -> None:
    """After the import: the words are there for the next one."""
    identifying.keep_words(access.database(), st.session_state.pop(WORDS, {}), user())
    st.session_state.pop(FOUND, None)


def _words(names: Sequence[str]) -> dict[str, list[str]]:
    kept = identifying.words_of(access.database(), names)
    return {
        name: identifying.parsed(
            st.text_area(
                f"Words to look for in {plain(name)}, one a line",
                "\n".join(kept[name]),
                key=f"words of {name}",
                placeholder="Names of the staff, the hospital, the town",
                help="Whole words, whatever their case and accents. Kept for the next import.",
            )
        )
        for name in names
    }


def _accepted(findings: Findings) -> list[Found]:
    if not findings.found:
        st.write(f"Nothing was found in {findings.records:,} records. That does not say that nothing is there.")
        return []
    kinds = st.pills(
        "Replace",
        list(findings.kinds),
        selection_mode="multi",
        default=list(findings.kinds),
        format_func=lambda kind: f"{TITLES[kind]} {findings.kinds[kind]:,}",
        on_change=lambda: st.session_state.update({LEFT: st.session_state[LEFT_NOW]}),
    )
    chosen = {number: one for number, one in enumerate(findings.found) if one.finding.kind in kinds}
    left = _left(chosen)
    accepted = [one for number, one in chosen.items() if number not in left]
    labels = sum(one.labels for one in accepted)
    moved = f" {labels:,} labels lie on them and stay on what replaces them." if labels else ""
    st.caption(f"{len(accepted):,} of {len(findings.found):,} findings will be replaced.{moved}")
    return accepted


def _left(chosen: dict[int, Found]) -> frozenset[int]:
    """Numbers of the findings that are to stay; all of them are in the session state, whatever is shown."""
    before: frozenset[int] = st.session_state[LEFT]
    shown = list(chosen)[:SHOWN]
    rows = [{"Replace": number not in before, **_row(chosen[number])} for number in shown]
    if not rows:
        return before
    columns = [name for name in rows[0] if name != "Replace"]
    key = f"findings {sorted({one.finding.kind for one in chosen.values()})}"
    edited = st.data_editor(rows, key=key, hide_index=True, disabled=columns, height=320)
    if len(chosen) > SHOWN:
        st.caption(f"The first {SHOWN:,} are shown; the others are replaced by their kinds.")
    off = {number for number, row in zip(shown, edited, strict=True) if not row["Replace"]}
    st.session_state[LEFT_NOW] = (before - frozenset(shown)) | off
    return st.session_state[LEFT_NOW]


def _row(one: Found) -> dict[str, str]:
    return {
        "Before": one.before,
        "Found": one.words,
        "After": one.after,
        "Becomes": one.finding.placeholder,
        "Record": one.record_id,
        "Department": one.department,
    }


def _tell(bar: object, done: int, records: int) -> None:
    if done % 200 == 0:
        bar.progress(min(1.0, done / max(1, records)), f"{done:,} of {records:,} records")  # type: ignore[attr-defined]
