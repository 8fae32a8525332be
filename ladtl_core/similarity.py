"""How similar a source sentence is to the target's text: the weights of CD-learning.

He and Sun, "A Unified Model for Cross-Domain and Semi-Supervised Named Entity Recognition in Chinese Social Media",
AAAI 2017, scale each source sentence's learning rate by one of three similarities. They leave the scale open. Here a
weight is a sentence's similarity over that of a typical target sentence, 1 at most.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from ladtl_core.records import Sentence

_ORDER = 5


class CharacterModel:
    """Character n-grams of up to five, interpolated by Witten and Bell's rule (IEEE Trans. Inf. Theory, 1991).

    p(c | h) = (n(hc) + t(h) p(c | h')) / (n(h) + t(h)), where h' is h without its first character and t(h) counts the
    different characters seen after h; below single characters all are equally likely. Characters need no choice of
    what a word is, and no word is unknown.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.after: dict[str, Counter[str]] = defaultdict(Counter)
        for text in texts:
            for history, character in _events(text):
                for length in range(len(history) + 1):
                    self.after[history[len(history) - length :]][character] += 1
        self.totals = {history: counts.total() for history, counts in self.after.items()}
        self.floor = 1 / (len(self.after[""]) + 1)

    def cross_entropy(self, text: str) -> float:
        """Bits a character."""
        events = _events(text)
        return -sum(math.log2(self._probability(history, c)) for history, c in events) / len(events)

    def _probability(self, history: str, character: str) -> float:
        p = self.floor
        for length in range(len(history) + 1):
            context = history[len(history) - length :]
            counts = self.after.get(context)
            if counts is None:
                break
            p = (counts[character] + len(counts) * p) / (self.totals[context] + len(counts))
        return p


def _events(text: str) -> list[tuple[str, str]]:
    """Each character of a text, and its end, with what is before it."""
    whole = " " * (_ORDER - 1) + text + "\n"
    return [(whole[i - _ORDER + 1 : i], whole[i]) for i in range(_ORDER - 1, len(whole))]


def weights(
    kind: str, source: Sequence[Sentence], target: Sequence[Sentence], vector: Callable[[str], np.ndarray]
) -> np.ndarray:
    """A weight in (0, 1] for each source sentence; `vector` gives a word's embedding.

    `kind` is cross-entropy, gaussian or polynomial; `target` holds the target's labelled training sentences, one at
    least.
    """
    if kind == "cross-entropy":
        typical = _typical_cross_entropy(target)
        model = CharacterModel([_text(sentence) for sentence in target])
        ratio = np.array([typical / model.cross_entropy(_text(sentence)) for sentence in source])
    else:
        of_source, of_target = (np.stack([_mean(s, vector) for s in part]) for part in (source, target))
        kernel = _gaussian(of_target) if kind == "gaussian" else _polynomial(of_target)
        ratio = kernel(of_source) / kernel(of_target).mean()
    return np.minimum(ratio, 1.0)


def _typical_cross_entropy(target: Sequence[Sentence]) -> float:
    """Mean of target sentences under a model of the other half of them: what unseen text of the target has."""
    texts = [_text(sentence) for sentence in target]
    halves = (texts[::2], texts[1::2]) if len(texts) > 1 else (texts, texts)
    models = [CharacterModel(half) for half in halves]
    return float(np.mean([models[1 - i].cross_entropy(text) for i, half in enumerate(halves) for text in half]))


def _gaussian(target: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """exp(-d^2 / 2 s) of the distance to the target's mean vector, s the median d^2 of the target's own sentences."""
    center = target.mean(0)

    def squared(vectors: np.ndarray) -> np.ndarray:
        return ((vectors - center) ** 2).sum(1)

    s = max(float(np.median(squared(target))), 1e-12)
    # Far sentences keep a trace of weight, so that no sentence is lost to rounding.
    return lambda vectors: np.maximum(np.exp(-squared(vectors) / (2 * s)), 1e-6)


def _polynomial(target: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """((1 + cos) / 2)^2, the quadratic kernel of unit vectors, with the target's mean vector."""
    center = target.mean(0)

    def cosine(vectors: np.ndarray) -> np.ndarray:
        norms = np.linalg.norm(vectors, axis=1) * np.linalg.norm(center)
        return (vectors @ center) / np.maximum(norms, 1e-12)

    return lambda vectors: np.maximum(((1 + cosine(vectors)) / 2) ** 2, 1e-6)


def _text(sentence: Sentence) -> str:
    return " ".join(sentence.tokens)


def _mean(sentence: Sentence, vector: Callable[[str], np.ndarray]) -> np.ndarray:
    return np.mean([vector(token) for token in sentence.tokens], axis=0)
