"""What in a text may say who somebody is: dates, numbers, addresses and words of a list; English, Spanish, Chinese.

A help for a person who reads, not a method that finds all: what it knows is what stands in `_PATTERNS`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

KINDS = ("email", "url", "id", "date", "phone", "name")  # of findings that overlap the first kind is taken


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """`text[start:end]`, in code points, and its kind, one of KINDS."""

    start: int
    end: int
    kind: str

    @property
    def placeholder(self) -> str:
        """What is proposed in its place, such as `[DATE]`."""
        return f"[{self.kind.upper()}]"


_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
    "|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre"
    "|ene|abr|ago|set|dic"
)
_DAY, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:1[89]|20)\d\d"
_KEYWORDS = (
    r"MRN|NHC|CIPA?|NASS|NUSS|SSN|DNI|NIE|NHS|hospital\ no|patient\ id|case\ no|record\ no|accession"
    r"|historia(?:\ clínica)?|expediente|episodio|n[º°o]\ de\ historia|住院号|病历号|门诊号"
)
_CALL = r"tel(?:[eé]f(?:ono)?)?|tfno|tlf|phone|ph|fax|m[oó]vil|mobile|cell|pager|busca|电话|手机"
# Every part is bounded in length, so that no text makes a pattern slow.
_PATTERNS = {
    "email": [r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"],
    "url": [r"(?<!\w)(?:https?://|www\.)[^\s<>\"']{1,2000}[^\s<>\"'.,;:!?)\]]"],
    "id": [
        r"(?<!\w)[A-Z]{2}\d{2}(?:\ ?[A-Z0-9]{4}){2,7}(?:\ ?[A-Z0-9]{1,3})?(?!\w)",  # IBAN
        r"(?<!\w)\d{3}-\d{2}-\d{4}(?!\w)",  # social security, United States
        r"(?<!\w)\d{2}[ /-]\d{8}[ /-]\d{2}(?!\w)",  # social security, Spain
        r"(?<!\w)(?:\d{8}|(?-i:[XYZ])\d{7})-?(?-i:[A-Z])(?!\w)",  # identity cards, Spain
        r"(?<!\w)\d{17}[\dX](?!\w)",  # identity cards, China
        rf"(?<!\w)(?:{_KEYWORDS})\.?(?:\ ?[:#º°])?\ {{0,2}}(?P<part>(?=[\w-]{{0,20}}\d)\w[\w/-]{{2,20}})",
        r"(?<![\w.,/+-])\d{7,20}(?![\w/-])",  # any long number
    ],
    "date": [
        rf"(?<!\d){_YEAR}\ ?([-/.])\ ?(?:0?[1-9]|1[0-2])\ ?\1\ ?{_DAY}(?!\d)",
        rf"(?<![\d.,/-]){_DAY}\ ?([-/.])\ ?{_DAY}\ ?\1\ ?(?:{_YEAR}|\d\d)(?![\d/-])",
        rf"(?<![\d/])(?:0?[1-9]|1[0-2])/{_YEAR}(?!\d)",
        rf"(?<![\d.,]){_DAY}(?:st|nd|rd|th)?[\ -](?:of\ |de\ )?(?:{_MONTHS})\.?"
        rf"(?:,?(?:\ |-|\ del?\ ){_YEAR})?(?!\w)",
        rf"(?<!\w)(?:{_MONTHS})\.?\ {_DAY}(?:st|nd|rd|th)?(?:,?\ {_YEAR})?(?!\w)",
        rf"(?<!\w)(?:{_MONTHS})\.?,?(?:\ |\ del?\ ){_YEAR}(?!\w)",
        r"(?:\d{4}\ ?年\ ?)?\d{1,2}\ ?月\ ?\d{1,2}\ ?[日号]",
        r"\d{4}\ ?年(?:\ ?\d{1,2}\ ?月)?",
    ],
    "phone": [
        r"(?<![\w+])(?:\+|00)[1-9]\d{0,2}(?:[\ .-]?\(?\d{1,4}\)?){2,5}(?!\w)",
        r"(?<![\w.,/-])\(?\d{3}\)?[\ .-]\d{3}[\ .-]\d{4}(?![\w-])",
        r"(?<![\w.,/-])[6-9]\d{2}(?:[\ .]\d{3}){2}(?![\w-])",
        r"(?<![\w.,/-])[89]\d[\ .]\d{3}[\ .]\d{2}[\ .]\d{2}(?![\w-])",
        rf"(?<!\w)(?:{_CALL})\.?:?\ {{0,2}}(?P<part>\(?\d[\d ().-]{{1,18}}\d)",
    ],
}
_READY = {kind: [re.compile(one, re.IGNORECASE) for one in of] for kind, of in _PATTERNS.items()}


def find(text: str, words: Sequence[str] = ()) -> list[Finding]:
    """What was found, in the order of the text; no two overlap.

    `words` are found whole, whatever their case and accents and the white space within them.
    """
    found: list[Finding] = []
    for kind in KINDS:
        places = _words(text, words) if kind == "name" else _matches(text, kind)
        found += [Finding(start, end, kind) for start, end in _free(places, found)]
    return sorted(found)


def _matches(text: str, kind: str) -> Iterator[tuple[int, int]]:
    for pattern in _READY[kind]:
        for match in pattern.finditer(text):
            yield match.span("part") if "part" in pattern.groupindex else match.span()


def _free(places: Iterable[tuple[int, int]], taken: Sequence[Finding]) -> list[tuple[int, int]]:
    """Of places that overlap each other the first, and the longest that begins there; none that is taken."""
    kept: list[tuple[int, int]] = []
    last = 0
    busy = sorted((one.start, one.end) for one in taken)
    for start, end in sorted(set(places), key=lambda place: (place[0], -place[1])):
        while busy and busy[0][1] <= start:
            busy.pop(0)
        if start >= last and not (busy and busy[0][0] < end):
            kept.append((start, end))
            last = end
    return kept


def _words(text: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    patterns = sorted({_pattern(word) for word in words if folded(word).strip()}, key=len, reverse=True)
    if not patterns:
        return
    plain, origins = _folded(text)
    for match in re.finditer("|".join(patterns), plain):
        start, end = origins[match.start()], origins[match.end() - 1] + 1
        while end < len(text) and unicodedata.combining(text[end]):  # an accent that is a code point of its own
            end += 1
        yield start, end


def _pattern(word: str) -> str:
    """A word as a regular expression on folded text: whole, but for the signs of languages without spaces."""
    parts = folded(word).split()
    ahead, behind = (not _without_spaces(letter) for letter in (parts[0][0], parts[-1][-1]))
    return ("(?<!\\w)" if ahead else "") + "\\s+".join(map(re.escape, parts)) + ("(?!\\w)" if behind else "")


def _without_spaces(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) == "W"


def folded(text: str) -> str:
    """Without case and accents."""
    return _folded(text)[0]


def _folded(text: str) -> tuple[str, list[int]]:
    """The same with the place in `text` that each letter comes from."""
    letters: list[str] = []
    origins: list[int] = []
    for place, letter in enumerate(text):
        for plain in unicodedata.normalize("NFD", letter.casefold()):
            if not unicodedata.combining(plain):
                letters.append(plain)
                origins.append(place)
    return "".join(letters), origins
