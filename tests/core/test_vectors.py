"""Files of word vectors, as their own programs write them."""

from __future__ import annotations

import dataclasses
import struct
from pathlib import Path

import numpy as np
import pytest
from gensim.models import FastText
from gensim.models.fasttext import save_facebook_model

from ladtl_core.data import TrainingData
from ladtl_core.embeddings import from_file, initial
from ladtl_core.errors import ConfigError, DataError
from ladtl_core.training import train
from ladtl_core.vectors import read_vectors
from ladtl_core.vocab import Vocabulary

from .conftest import tiny_config

WORDS = {"fever": (1.0, 2.0, -3.0), "MRI": (0.5, 0.25, 4.0), "患者": (0.0, -1.0, 1.0)}


def text(header: bool) -> bytes:
    lines = ["3 3"] if header else []
    lines += [f"{word} {' '.join(map(str, vector))}" for word, vector in WORDS.items()]
    return "\n".join(lines).encode() + b"\n"


def binary() -> bytes:
    return b"3 3\n" + b"".join(f"{word} ".encode() + struct.pack("<3f", *v) + b"\n" for word, v in WORDS.items())


@pytest.mark.parametrize("content", [text(True), text(False), binary()], ids=["text", "glove", "binary"])
def test_each_format_is_told_by_how_it_begins(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    path.write_bytes(content)
    vectors = read_vectors(path)
    assert vectors.size == 3 and vectors.of("nowhere") is None
    for word, expected in WORDS.items():
        found = vectors.of(word)
        assert found is not None and found.tolist() == list(expected)


def test_fasttext_knows_words_by_their_parts(tmp_path: Path) -> None:
    model = FastText([["fever", "cough"]] * 5, vector_size=4, min_count=1, bucket=50, epochs=1)
    save_facebook_model(model, str(tmp_path / "model.bin"))
    vectors = read_vectors(tmp_path / "model.bin")
    fever, feverish = vectors.of("fever"), vectors.of("feverish")
    assert vectors.size == 4 and fever is not None and feverish is not None
    np.testing.assert_allclose(fever, model.wv["fever"], atol=1e-6)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "begins like no file of word vectors"),
        (b"\x80\x04pickle", "begins like no file of word vectors"),
        (b"5 3\nfever 1 2 3\nmri 1 2\n", "cannot be read as word vectors"),
        (b"9 3\nfever \x00\x00", "cannot be read as word vectors"),
    ],
)
def test_other_files_are_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_vectors(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_vectors(tmp_path / "nowhere")


def test_the_vocabularys_rows(tmp_path: Path) -> None:
    """Known words keep their directions, in lower case or not; the rest is random and the same for a seed."""
    path = tmp_path / "vectors.txt"
    path.write_bytes(text(True))
    vocabulary = Vocabulary(("fever", "mri", "unheard"), ("a",))
    table = from_file(path, vocabulary, 3, seed=1).numpy()
    assert table.shape == (5, 3) and not table[:2].any()
    scale = table[2, 0] / 1.0
    np.testing.assert_allclose(table[2:4], scale * np.array([WORDS["fever"], WORDS["MRI"]]), rtol=1e-5)
    assert np.sqrt((table[2:4] ** 2).mean()) == pytest.approx(0.25)
    assert table[4].any() and np.array_equal(table, from_file(path, vocabulary, 3, seed=1).numpy())
    with pytest.raises(ConfigError, match="have 3 numbers; set word_size to 3"):
        from_file(path, vocabulary, 100, seed=1)
    with pytest.raises(DataError, match="knows none of the 1 words"):
        from_file(path, Vocabulary(("unheard",), ()), 3, seed=1)


def test_a_run_begins_with_them(tiny_data: TrainingData, tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text("2 8\nfever 1 1 1 1 1 1 1 1\nmri 1 -1 1 -1 1 -1 1 -1\n")
    config = tiny_config("non-transfer")
    settings = dataclasses.replace(config.training, vectors=str(path), learning_rate=0.0)
    trained = train(tiny_data, dataclasses.replace(config, training=settings))
    assert trained.tagger.vector("fever").tolist() == pytest.approx([0.25] * 8)
    assert trained.tagger.vector("MRI").tolist() == pytest.approx([0.25, -0.25] * 4)


@pytest.mark.parametrize("kind", ["fasttext", "word2vec"])
def test_both_trainers_repeat(kind: str, tiny_data: TrainingData) -> None:
    settings = dataclasses.replace(tiny_config().training, pretrain=kind)
    vocabulary = Vocabulary.of(tiny_data.target)
    first, second = (initial(tiny_data.target, vocabulary, 8, settings) for _ in range(2))
    assert first is not None and second is not None and bool((first == second).all())
    assert first.shape == (len(vocabulary.words) + 2, 8)
    assert initial(tiny_data.target, vocabulary, 8, dataclasses.replace(settings, pretrain_epochs=0)) is None
