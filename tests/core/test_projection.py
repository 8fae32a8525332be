"""Hidden states in two dimensions against the eigenvectors of their covariance."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import torch

from ladtl_core.methods import SOURCE, TARGET
from ladtl_core.projection import STATES_A_TAG, principal_components, projection
from ladtl_core.witness import sampled_states

from .test_selection import SOURCES, TARGETS, tagger_of


def test_components_are_those_of_the_covariance() -> None:
    states = torch.from_numpy(np.random.default_rng(0).normal(size=(30, 5)) * [1, 9, 2, 5, 1] + 7)
    places, shares = principal_components(states)
    values, vectors = np.linalg.eigh(np.cov(states.numpy(), rowvar=False))
    assert np.allclose(shares, values[::-1][:2] / values.sum())
    by_hand = (states.numpy() - states.numpy().mean(0)) @ vectors[:, ::-1][:, :2]
    assert np.allclose(np.abs(places.numpy()), np.abs(by_hand))
    # A sign of their own: the same states in another order give the same places.
    assert torch.allclose(principal_components(states.flip(0))[0].flip(0), places)


def test_few_states_have_places_too() -> None:
    places, shares = principal_components(torch.ones(1, 4).double())
    assert places.tolist() == [[0, 0]] and shares == [0, 0]


def test_states_of_both_domains_without_words_and_without_evaluation_records() -> None:
    tagger = tagger_of()
    found = projection(tagger, SOURCES, TARGETS)
    expected = {
        domain: {tag: len(states) for tag, states in sampled_states(tagger, part, domain, 0, STATES_A_TAG).items()}
        for domain, part in ((SOURCE, SOURCES), (TARGET, TARGETS))
    }
    assert {domain: {tag: len(of) for tag, of in tags.items()} for domain, tags in found["points"].items()} == expected
    assert all(len(place) == 2 for tags in found["points"].values() for of in tags.values() for place in of)
    assert 0 < found["explained"][1] <= found["explained"][0] and sum(found["explained"]) <= 1.001
    assert not any(word in json.dumps(found).lower() for word in ("fever", "chest", "film"))
    evaluation = [replace(record, id=f"{record.id}-dev", split="dev") for record in TARGETS]
    assert projection(tagger, SOURCES, [*TARGETS, *evaluation]) == found


def test_a_tagger_without_a_source_and_without_labels() -> None:
    assert set(projection(tagger_of("non-transfer"), SOURCES, TARGETS)["points"]) == {TARGET}
    unlabelled = [replace(record, entities=None) for record in TARGETS]
    assert projection(tagger_of("non-transfer"), [], unlabelled)["points"] == {}
