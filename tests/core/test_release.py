"""What leaves with a model: words of many patients alone, in every byte of it, and a tagger that still predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ladtl_core.config import Config
from ladtl_core.prediction import load_tagger, predict, save_tagger
from ladtl_core.records import Record
from ladtl_core.release import released, shared_words
from ladtl_core.tagger import Tagger
from ladtl_core.text import to_sentences
from ladtl_core.vocab import Vocabulary, tag_set

from .conftest import tiny_config

NAME = "Quastel"


def notes(*texts: str, patients: Sequence[str | None] = ()) -> list[Record]:
    owners = patients or [None] * len(texts)
    return [Record(f"r{i}", text, patient=owner) for i, (text, owner) in enumerate(zip(texts, owners, strict=True))]


@pytest.mark.parametrize(
    ("records", "leaves"),
    [
        (notes("quastel a quastel", "quastel b"), True),
        (notes("quastel", "quastel b"), False),  # twice
        (notes("quastel quastel quastel quastel"), False),  # one record
        (notes("quastel a", "quastel b", "QUASTEL c", patients=["p", "p", "p"]), False),
        (notes("quastel a", "quastel b", "QUASTEL c", patients=["p", "p", None]), True),
        (notes("quastel a", "quastel a", "quastel a"), False),  # the same text again is no other patient
        ([replace(one, split="dev") for one in notes("quastel", "quastel b", "quastel c")], False),
    ],
)
def test_a_word_leaves_when_it_is_seen_three_times_in_two_patients(records: list[Record], leaves: bool) -> None:
    assert ("quastel" in shared_words(records, "word")) is leaves


WORDS = ("Ann", "ann", "Bo", "12", "34", "患者")


@given(st.lists(st.tuples(st.sampled_from((None, "p", "q")), st.lists(st.sampled_from(WORDS), max_size=4)), max_size=8))
def test_what_leaves_is_what_a_count_by_hand_says(given: list[tuple[str | None, list[str]]]) -> None:
    records = [Record(f"r{i}", " ".join(words), patient=owner) for i, (owner, words) in enumerate(given)]
    kept = shared_words(records, "word")
    for word in WORDS:
        form = "00" if word.isdigit() else word.lower()
        holding = [r for r in records if any((w.lower(), "00")[w.isdigit()] == form for w in r.text.split())]
        times = sum((w.lower(), "00")[w.isdigit()] == form for r in records for w in r.text.split())
        patients = {r.patient for r in holding if r.patient} | {r.text for r in holding if not r.patient}
        assert (form in kept) == (times >= 3 and len(patients) >= 2)


def untrained(folder: Path, records: Sequence[Record], method: str = "la-dtl") -> Tagger:
    """A tagger with random weights that knows all words of the records, saved in the folder."""
    torch.manual_seed(0)
    words = Vocabulary.of(s for record in records for s in to_sentences(record))
    config = tiny_config(method)
    config = replace(config, training=replace(config.training, vectors=f"/home/{NAME}/vectors.bin"))
    tags = {"target": tag_set(("Problem", "Test")), "source": tag_set(("Problem",))}
    tagger = Tagger(config, words, tags)
    for parameter in tagger.parameters():
        torch.nn.init.normal_(parameter)
    save_tagger(tagger, folder)
    return tagger


def test_a_name_is_in_no_byte_and_kept_words_predict_as_before(tmp_path: Path) -> None:
    texts = ("fever and cough with fever .", f"cough and fever with {NAME} .", "cough with fever and pain .")
    records = notes(*texts)
    before = untrained(tmp_path, records)
    made = released(tmp_path, shared_words(records, "word"))
    assert NAME.lower() in (tmp_path / "model.json").read_text().lower()
    assert NAME.lower().encode() not in (made.about + made.weights).lower()
    assert (made.kept, made.words) == (5, 7)  # ".", and, cough, fever, with; neither the name nor pain
    out = tmp_path / "out"
    out.mkdir()
    (out / "model.json").write_bytes(made.about)
    (out / "model.safetensors").write_bytes(made.weights)
    after = load_tagger(out)
    assert after.config.training.vectors == ""
    kept = notes("cough and fever with fever .", "with cough . fever and new")
    found = predict(after, kept)
    assert any(found) and found == predict(before, kept)
    # A word that was left out is read as one that the tagger never knew, with its spelling.
    assert (after.vector(NAME) == before.vector("never-seen")).all()
    assert (after.vector(NAME) != before.vector(NAME)).all()
    assert (after.vector("Fever") == before.vector("fever")).all()


def test_the_rows_of_words_that_stay_out_are_gone(tmp_path: Path) -> None:
    records = notes("fever and cough .", f"{NAME} has fever .")
    before = untrained(tmp_path, records)
    made = released(tmp_path, {"fever"})
    assert before.vector(NAME).tobytes() not in made.weights and before.vector("cough").tobytes() not in made.weights
    assert before.vector("fever").tobytes() in made.weights
    assert released(tmp_path, {"fever"}) == made  # the same bytes each time
    assert released(tmp_path, frozenset()).kept == 0


def test_no_setting_but_the_vectors_changes(tmp_path: Path) -> None:
    before = untrained(tmp_path, notes("fever and cough ."))
    (tmp_path / "model.json").write_bytes(released(tmp_path, {"fever", "and", "cough", "."}).about)
    after = load_tagger(tmp_path)
    training = replace(before.config.training, vectors="")
    assert after.config == Config(before.config.model, training, before.config.transfer)
    assert after.vocabulary == before.vocabulary
