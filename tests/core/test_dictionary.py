"""The dictionary of training mentions."""

from __future__ import annotations

from ladtl_core.dictionary import Dictionary
from ladtl_core.evaluation import f1
from ladtl_core.records import Sentence

from .conftest import sentences


def sentence(tagged: str) -> Sentence:
    words, tags = zip(*(part.split("/") for part in tagged.split()), strict=True)
    return Sentence("r", words, tuple((i, i + 1) for i in range(len(words))), tags)


TRAINING = (
    sentence("Heart/B-Site failure/I-Site seen/O"),
    sentence("heart/B-Problem failure/I-Problem"),
    sentence("heart/B-Problem FAILURE/I-Problem and/O heart/B-Site"),
    sentence("failure/B-Event"),
)


def test_the_longest_mention_from_the_left() -> None:
    tags = Dictionary(TRAINING).tags(["Failure", "heart", "failure", "HEART", "rate"])
    assert tags == ["B-Event", "B-Problem", "I-Problem", "B-Site", "O"]


def test_labels_are_limited_and_ties_go_by_name() -> None:
    assert Dictionary(TRAINING, {"Site"}).tags(["heart", "failure"]) == ["B-Site", "I-Site"]
    tie = (sentence("x/B-Beta"), sentence("x/B-Alpha"))
    assert Dictionary(tie).tags(["x"]) == ["B-Alpha"]


def test_nothing_learned_finds_nothing() -> None:
    assert Dictionary([]).tags(["heart", "failure"]) == ["O", "O"]


def test_text_that_it_was_made_of() -> None:
    given = sentences("a", 30, 0)
    dictionary = Dictionary(given)
    assert f1([s.tags or () for s in given], [dictionary.tags(s.tokens) for s in given]).f1 > 90
