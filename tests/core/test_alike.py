"""Words that training never met take their embedding from known words that are spelled alike."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ladtl_core import alike as module
from ladtl_core.alike import COUNT, alike
from ladtl_core.batching import form_table
from ladtl_core.config import ModelConfig
from ladtl_core.data import TrainingData
from ladtl_core.encoder import Encoder
from ladtl_core.prediction import prepare
from ladtl_core.preparation import forget, preparation
from ladtl_core.tagger import Tagger
from ladtl_core.vocab import FIRST_WORD, PADDING, UNKNOWN, Vocabulary
from tests.core.conftest import tiny_config

KNOWN = ("esplenomegalia", "hepatitis", "hepatopatía", "ictus", "tos")
WORDS = st.text("abcé", min_size=1, max_size=8)


def _cosine(word: str, other: str, known: tuple[str, ...]) -> float:
    """By hand: n-grams of 3 to 6 characters of the word between two spaces, tf-idf as scikit-learn smooths it."""

    def grams(of: str) -> Counter[str]:
        padded = f" {of} "
        return Counter(padded[i : i + n] for n in range(3, 7) for i in range(max(len(padded) - n + 1, n == 3)))

    holders = Counter(gram for one in known for gram in grams(one))

    def vector(of: str) -> dict[str, float]:
        counts = {gram: count for gram, count in grams(of).items() if gram in holders}
        found = {g: count * (math.log((1 + len(known)) / (1 + holders[g])) + 1) for g, count in counts.items()}
        length = math.sqrt(sum(value**2 for value in found.values())) or 1.0
        return {gram: value / length for gram, value in found.items()}

    mine, theirs = vector(word), vector(other)
    return sum(value * theirs.get(gram, 0.0) for gram, value in mine.items())


def test_the_nearest_by_hand() -> None:
    places, shares = alike(["hepatoesplenomegalia"], KNOWN)
    cosines = {word: _cosine("hepatoesplenomegalia", word, KNOWN) for word in KNOWN}
    total = sum(value**2 for value in cosines.values())
    expected = {word: value**2 / total for word, value in cosines.items() if value}
    found = {KNOWN[place]: share for place, share in zip(places[0], shares[0], strict=True) if share}
    assert found == pytest.approx(expected, abs=1e-5)
    assert list(found) == ["esplenomegalia", "hepatopatía", "hepatitis"]


@given(st.lists(WORDS, max_size=12), st.lists(WORDS, unique=True, max_size=15))
def test_shares_add_up_to_one_or_nothing_is_alike(words: list[str], known: list[str]) -> None:
    places, shares = alike(words, tuple(known))
    assert places.shape == shares.shape == (len(words), COUNT)
    for word, of_word, row in zip(words, places, shares, strict=True):
        cosines = {other: _cosine(word, other, tuple(known)) for other in known}
        assert row.sum() == pytest.approx(1 if any(cosines.values()) else 0, abs=1e-5)
        named = [known[place] for place, share in zip(of_word, row, strict=True) if share]
        assert all(cosines[one] >= cosines[two] - 1e-5 for one, two in pairwise(named))


def test_a_word_by_itself_is_as_among_others(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["hepático", "tosferina", "zz", "isquémico"]
    together = alike(words, KNOWN)
    monkeypatch.setattr(module, "_PART", 3)
    for whole, parts in zip(together, alike(words, KNOWN), strict=True):
        np.testing.assert_array_equal(whole, parts)
    assert not together[1][2].any()


def test_an_unknown_words_embedding_is_the_mean_of_those_alike() -> None:
    vocabulary = Vocabulary(KNOWN, tuple("abc"))
    numbers = {"Tos": 1, "hepático": 2, "zz": 3}
    encoder = Encoder(ModelConfig(word_size=4, char_filters=0, word_dropout=0.0), len(KNOWN) + 2, 5)
    weight, forms = encoder.words.weight, torch.tensor([[1, 2], [3, 0]])
    places, shares = (torch.from_numpy(part) for part in alike(["hepático"], KNOWN))
    mean = (shares[0].unsqueeze(1) * weight[places[0] + FIRST_WORD]).sum(0)
    tos = weight[vocabulary.word_id("tos")]
    encoder.eval()
    found = {kind: encoder.embed(form_table(numbers, vocabulary, kind), forms) for kind in ("alike", "one")}
    torch.testing.assert_close(found["alike"].view(4, 4), torch.stack([tos, mean, weight[UNKNOWN], weight[PADDING]]))
    one = torch.stack([tos, weight[UNKNOWN], weight[UNKNOWN], weight[PADDING]])
    torch.testing.assert_close(found["one"].view(4, 4), one)
    encoder.train()  # where word dropout teaches the vector of all unknown words
    torch.testing.assert_close(encoder.embed(form_table(numbers, vocabulary), forms).view(4, 4), one)


@pytest.mark.parametrize("unknown", ["alike", "one"])
def test_training_and_prediction_ask_the_setting(unknown: str, tiny_data: TrainingData) -> None:
    config = tiny_config("non-transfer")
    config = replace(config, model=replace(config.model, unknown=unknown))
    met, *others = tiny_data.dev
    data = replace(tiny_data, source=(), dev=(replace(met, tokens=("showings", *met.tokens[1:])), *others))
    ready = preparation(data, "own", unknown)
    _, table = prepare(Tagger(config, ready.vocabulary, ready.tags), data.dev)
    for forms in (ready.table, table):
        assert bool((forms.words == UNKNOWN).any())
        assert bool((forms.alike == UNKNOWN).any()) == (unknown == "one")


def test_words_are_let_go_of() -> None:
    alike(["hepático"], KNOWN)
    forget()
    assert module._grams.cache_info().currsize == 0
