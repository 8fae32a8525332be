"""Weights of CD-learning: target-like sentences keep theirs, alien ones lose it."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from ladtl_core.config import SIMILARITIES
from ladtl_core.records import Sentence
from ladtl_core.similarity import CharacterModel, weights

from .conftest import sentences


def sentence(text: str) -> Sentence:
    words = tuple(text.split())
    return Sentence("alien", words, tuple((0, 1) for _ in words))


def vector(word: str) -> np.ndarray:
    """Counts of a word's letters: words of the same letters are near, others at a right angle."""
    counts = Counter(word.lower())
    return np.array([counts[chr(code)] for code in range(ord("a"), ord("z") + 1)], dtype=float) + 0.01


@pytest.mark.parametrize("kind", SIMILARITIES)
def test_target_text_weighs_one_and_alien_text_less(kind: str) -> None:
    target = sentences("b", 30, 0)
    found = weights(kind, [*target, sentence("zwei jux quiz vox"), sentence("zzz zzz qqq")], target, vector)
    assert found.shape == (32,) and bool((found > 0).all()) and bool((found <= 1).all())
    assert found[:30].mean() > 0.9
    assert found[30] < 0.8 and found[31] < 0.8 and bool((found[:30] > found[30:].max()).all())


@pytest.mark.parametrize("kind", SIMILARITIES)
def test_one_target_sentence_is_enough(kind: str) -> None:
    (only,) = sentences("b", 1, 0)
    found = weights(kind, [only, sentence("zzz qqq")], [only], vector)
    assert found[0] == pytest.approx(1) and found[1] < 0.7


def test_the_character_model_is_a_distribution() -> None:
    model = CharacterModel(["abab", "abc", "b"])
    alphabet = ["a", "b", "c", "\n", "unseen"]
    for history in ("    ", "  ab", "xyza", "abab"):
        assert sum(model._probability(history, c) for c in alphabet) == pytest.approx(1)


def test_interpolation_by_hand() -> None:
    """One text `ab`: its three events are a, b and the end, so the base is 1 / 4 and p(a) = (1 + 3 / 4) / 6."""
    single = (1 + 3 / 4) / 6
    assert CharacterModel(["ab"])._probability("", "a") == pytest.approx(single)
    # After an unseen history nothing but single characters is known.
    assert CharacterModel(["ab"])._probability("xxxx", "a") == pytest.approx(single)
    after_a = (1 + single) / 2
    assert CharacterModel(["ab"])._probability("xxxa", "b") == pytest.approx(after_a)


def test_cross_entropy_is_bits_a_character() -> None:
    model = CharacterModel(["ab"])
    probabilities = [model._probability(*event) for event in (("    ", "a"), ("   a", "b"), ("  ab", "\n"))]
    assert model.cross_entropy("ab") == pytest.approx(-sum(math.log2(p) for p in probabilities) / 3)
