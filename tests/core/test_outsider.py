"""spaCy's trainer as an outsider."""

from __future__ import annotations

import sys

import pytest

from ladtl_core.data import TrainingData, gold_tags
from ladtl_core.errors import MissingExtraError
from ladtl_core.evaluation import f1
from ladtl_core.experiments.outsider import spacy_tags


def test_without_spacy_it_says_what_to_install(tiny_data: TrainingData, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(MissingExtraError, match="pip install spacy"):
        spacy_tags(tiny_data, 0)


@pytest.mark.slow
def test_it_learns_the_toy_task(tiny_data: TrainingData) -> None:
    pytest.importorskip("spacy", reason="the optional package spacy is not installed")
    tags = spacy_tags(tiny_data, 0)
    assert [len(row) for row in tags["test"]] == [len(s.tokens) for s in tiny_data.test]
    assert f1(gold_tags(tiny_data.test), tags["test"]).f1 > 80
