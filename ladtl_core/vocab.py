"""What a tagger knows by number: words, characters and tags, all taken from training text alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ladtl_core.methods import SOURCE, TARGET
from ladtl_core.records import Sentence

PADDING, UNKNOWN, FIRST_WORD = 0, 1, 2
MAX_CHARS = 20
_DIGIT = re.compile(r"\d")


def normal_form(word: str) -> str:
    """The form under which a word is looked up: lower case, every digit a 0. The characters keep the difference."""
    return _DIGIT.sub("0", word.lower())


@dataclass(frozen=True)
class Vocabulary:
    """Normal forms of words, and characters, by number; 0 is padding and 1 unknown."""

    words: tuple[str, ...]
    chars: tuple[str, ...]

    @classmethod
    def of(cls, sentences: Iterable[Sentence]) -> Vocabulary:
        tokens = [token for sentence in sentences for token in sentence.tokens]
        return cls(
            tuple(sorted({normal_form(token) for token in tokens})),
            tuple(sorted({c for token in tokens for c in token})),
        )

    @cached_property
    def word_ids(self) -> dict[str, int]:
        return {word: i for i, word in enumerate(self.words, start=FIRST_WORD)}

    @cached_property
    def char_ids(self) -> dict[str, int]:
        return {char: i for i, char in enumerate(self.chars, start=2)}

    def word_id(self, word: str) -> int:
        return self.word_ids.get(normal_form(word), UNKNOWN)

    def spelling(self, word: str) -> list[int]:
        """Ids of the first half and the last half of a long word's characters, MAX_CHARS at most."""
        if len(word) > MAX_CHARS:
            word = word[: MAX_CHARS // 2] + word[-MAX_CHARS // 2 :]
        return [self.char_ids.get(char, UNKNOWN) for char in word]

    def to_dict(self) -> dict[str, Any]:
        return {"words": list(self.words), "chars": list(self.chars)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Vocabulary:
        return cls(tuple(values["words"]), tuple(values["chars"]))


def tag_set(labels: Iterable[str]) -> tuple[str, ...]:
    """`O`, then B- and I- of every label in the order of their names."""
    return ("O", *(f"{prefix}-{label}" for label in sorted(set(labels)) for prefix in "BI"))


def union(tags: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The tags of a CRF that both domains share: the target's, then the source's others."""
    return tuple(dict.fromkeys((*tags[TARGET], *tags[SOURCE])))


def labels_of(sentences: Iterable[Sentence]) -> set[str]:
    """Labels of the entities in tagged sentences."""
    return {tag[2:] for sentence in sentences for tag in sentence.tags or () if tag != "O"}


def bio_moves(tags: Sequence[str]) -> list[list[bool]]:
    """Which tag may follow which, [from][to], and in one row more which may begin a sentence."""
    rows = [*tags, "O"]
    return [[not to.startswith("I-") or (before != "O" and before[2:] == to[2:]) for to in tags] for before in rows]
