"""Texts, entities and records that break careless offsets: emoji, combining marks, CRLF, CJK, right-to-left."""

from __future__ import annotations

from hypothesis import strategies as st

from ladtl_core.records import SPLITS, Entity, Record

PIECES = (
    *("L5 metastasis", "1,204.5 mg", "Dr. House", "e.g.", "fever. He", ".", "?!", "# doc = x", "O", "B-X", '"', "\\"),
    *("\r\n", "\n", "\r", "  ", "\t", "\u2028", "\u2029", "\x85", "\x0b", "\u00a0", "\u3000"),
    *("\u00ad", "\u200b", "\ufeff", "👩\u200d⚕️", "👍🏽", "🇪🇸", "cafe\u0301", "e\u0301\u0323"),
    *("患者發熱", "肺炎。", "か\u3099", "שלום", "מַחֲלָה", "كُتِبَ", "می\u200cخواهم", "हिन्दी", "ก็ดี"),
)
LABELS = ("Problem", "Test", "Body part", "B-X", "问题", "O")
NAMES = ("n1", "a b", "# doc = n", "ñandú", "患者 7", "1", "O")

texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)


def storable(text: str) -> bool:
    """Neither blank nor with a character that no file or database holds."""
    return bool(text.strip()) and "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


@st.composite
def records(draw: st.DrawFn) -> Record:
    """A record without tokens; its entities may overlap."""
    text = draw(texts.filter(storable))
    edges = st.integers(0, len(text))
    pairs = st.tuples(edges, edges).filter(lambda pair: pair[0] < pair[1])
    entities = st.lists(
        st.builds(lambda pair, label: Entity(pair[0], pair[1], label), pairs, st.sampled_from(LABELS)), max_size=6
    )
    return Record(
        id=draw(st.sampled_from(NAMES)),
        text=text,
        entities=draw(st.none() | entities.map(lambda found: tuple(sorted(set(found))))),
        department=draw(st.none() | st.sampled_from(NAMES)),
        split=draw(st.none() | st.sampled_from(SPLITS)),
        patient=draw(st.none() | st.sampled_from(NAMES)),
    )
