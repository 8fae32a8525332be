"""The floor of every comparison: mentions of the training text, looked up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from ladtl_core.records import Sentence
from ladtl_core.text import bio_to_spans


class Dictionary:
    """Mentions of labelled sentences, in lower case, each with the label that it has most often.

    Ties go to the label whose name comes first. `labels` limits them, as to those of the target.
    """

    def __init__(self, sentences: Iterable[Sentence], labels: set[str] | None = None) -> None:
        counts: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for sentence in sentences:
            places = tuple((i, i + 1) for i in range(len(sentence.tokens)))
            for entity in bio_to_spans(sentence.tags or ("O",) * len(places), places):
                if labels is None or entity.label in labels:
                    counts[_key(sentence.tokens[entity.start : entity.end])][entity.label] += 1
        self.labels = {
            mention: min(found, key=lambda label: (-found[label], label)) for mention, found in counts.items()
        }
        self.longest = max(map(len, self.labels), default=0)

    def tags(self, tokens: Sequence[str]) -> list[str]:
        """BIO tags: from left to right the longest mention that begins at a token."""
        tags, at = ["O"] * len(tokens), 0
        while at < len(tokens):
            for length in range(min(self.longest, len(tokens) - at), 0, -1):
                label = self.labels.get(_key(tokens[at : at + length]))
                if label is not None:
                    tags[at : at + length] = [f"B-{label}", *[f"I-{label}"] * (length - 1)]
                    at += length - 1
                    break
            at += 1
        return tags


def _key(tokens: Sequence[str]) -> tuple[str, ...]:
    return tuple(token.lower() for token in tokens)
