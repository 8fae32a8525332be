"""The spellings of tags, and how they are told apart.

- BIO: every entity begins with `B-`, its further tokens are `I-`.
- IOB1: an entity begins with `I-`; `B-` stands only where it follows another of the same label at once.
- BIOES: the last token of an entity is `E-`, an entity of one token `S-`. BILOU and BMES are BIOES in other letters.

A single `I-` that continues nothing is an error in BIO and correct in IOB1, so the whole file decides: with one tag of
BIOES it is BIOES; it is IOB1 if some `I-` continues nothing and no `B-` stands where IOB1 has none; else it is BIO.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from ladtl_core.errors import DataError

_TAG = re.compile(r"O|[BIESLUM]-.+")
_LETTERS = str.maketrans("LUM", "ESI")


def normal(tag: str) -> str:
    """A tag of BILOU or BMES in the letters of BIOES. Raises DataError for what is no tag."""
    if not _TAG.fullmatch(tag):
        raise DataError(f"the tag is {tag!r}; expected O, B-label, I-label, E-label or S-label")
    return tag[0].translate(_LETTERS) + tag[1:]


def scheme_of(pairs: Collection[tuple[str | None, str]]) -> str:
    """`BIO`, `IOB1` or `BIOES` from the tags of a file, each with the one before it (None: it begins a sentence)."""
    if any(tag[0] in "ES" for _, tag in pairs):
        return "BIOES"
    begins = {tag[0] for previous, tag in pairs if not _follows(tag, previous)}
    return "IOB1" if "I" in begins and "B" not in begins else "BIO"


def check_order(tag: str | None, previous: str | None, scheme: str) -> None:
    """Raise DataError unless a tag (None: the sentence ends) may stand after another (None: the sentence begins)."""
    where = f"after {previous}" if previous else "at the beginning of a sentence"
    follows = tag is not None and _follows(tag, previous)
    if scheme == "BIO" and tag and tag[0] == "I" and not follows:
        raise DataError(f"{tag} {where} continues nothing; an entity begins with B-{tag[2:]}")
    if scheme != "BIOES":
        return
    goes_on = tag is not None and tag[0] in "IE"
    if previous is not None and previous[0] in "BI":
        if not (goes_on and follows):
            label, after = previous[2:], tag or "the end of the sentence"
            raise DataError(f"{previous} is followed by {after}; expected I-{label} or E-{label}")
    elif goes_on:
        raise DataError(f"{tag} {where} continues nothing; an entity begins with B- or is a single S-")


def in_bio(tag: str, previous: str | None, scheme: str) -> str:
    """The tag of a scheme in BIO; `previous` as in `check_order`."""
    if scheme == "BIOES":
        return {"S": "B", "E": "I"}.get(tag[0], tag[0]) + tag[1:]
    if scheme == "IOB1" and tag[0] == "I" and not _follows(tag, previous):
        return "B" + tag[1:]
    return tag


def _follows(tag: str, previous: str | None) -> bool:
    """Whether the token before is in an entity of the same label."""
    return previous is not None and previous != "O" and previous[1:] == tag[1:]
