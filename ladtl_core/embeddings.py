"""Word embeddings to start from: trained on the departments' own training text, or read from a file."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ladtl_core.config import TrainingConfig
from ladtl_core.errors import ConfigError, DataError, MissingExtraError
from ladtl_core.records import Sentence
from ladtl_core.vectors import read_vectors
from ladtl_core.vocab import Vocabulary, normal_form

_SCALE = 0.25


def initial(text: Iterable[Sentence], vocabulary: Vocabulary, size: int, settings: TrainingConfig) -> Tensor | None:
    """The embeddings (words + 2, size) that the settings ask for; None where they are to start at random."""
    if settings.vectors:
        return from_file(Path(settings.vectors), vocabulary, size, settings.seed)
    if settings.pretrain_epochs:
        tokens = tuple(sorted(sentence.tokens for sentence in text))
        return pretrained(tokens, vocabulary, size, settings.pretrain_epochs, settings.seed, settings.pretrain)
    return None


def from_file(path: Path, vocabulary: Vocabulary, size: int, seed: int) -> Tensor:
    """The vocabulary's vectors from a file, scaled as below; words that it lacks get random ones of the same scale.

    The vocabulary is in lower case with digits as 0; a word that is not there so is looked up as a name or in capitals.
    Raises DataError for a file that cannot be read or knows no word, ConfigError where its vectors are of another size.
    """
    vectors = read_vectors(path)
    if vectors.size != size:
        raise ConfigError(f"the vectors of {path} have {vectors.size} numbers; set word_size to {vectors.size}")
    rows = np.random.default_rng(seed).normal(0, _SCALE, (len(vocabulary.words), size)).astype(np.float32)
    found = {}
    for i, word in enumerate(vocabulary.words):
        forms = (vectors.of(form) for form in (word, word.capitalize(), word.upper()))
        vector = next((v for v in forms if v is not None), None)
        if vector is not None:
            found[i] = vector
    if not found:
        raise DataError(f"knows none of the {len(rows)} words of the training text", file=str(path))
    rows[list(found)] = _scaled(np.stack(list(found.values())))
    return _table(rows)


@functools.lru_cache(maxsize=16)
def pretrained(
    text: tuple[tuple[str, ...], ...], vocabulary: Vocabulary, size: int, epochs: int, seed: int, kind: str = "fasttext"
) -> Tensor:
    """Skip-gram vectors (words + 2, size) of the vocabulary, scaled to a mean square of 1 / 16 an element.

    `kind` is fasttext (Bojanowski et al., TACL 2017), whose vectors are made of character n-grams, or word2vec (Mikolov
    et al., 2013). `text` is training sentences, labelled or not; they are read in an order that the seed draws, in one
    thread, so that a seed repeats. Do not change the result in place: runs in one process share it.
    """
    try:
        from gensim.models import FastText, Word2Vec
    except ImportError as error:
        raise MissingExtraError("gensim", "Pre-training of word embeddings") from error
    order = np.random.default_rng(seed).permutation(len(text))
    corpus = [[normal_form(token) for token in text[i]] for i in order]
    shared = {"vector_size": size, "window": 5, "min_count": 1, "sg": 1, "epochs": epochs, "workers": 1, "seed": seed}
    model = FastText(corpus, bucket=20_000, **shared) if kind == "fasttext" else Word2Vec(corpus, **shared)
    vectors = np.stack([model.wv[word] for word in vocabulary.words])
    return _table(_scaled(vectors))


def _scaled(vectors: np.ndarray) -> np.ndarray:
    scaled: np.ndarray = vectors * (_SCALE / max(float(np.sqrt((vectors**2).mean())), 1e-8))
    return scaled


def _table(rows: np.ndarray) -> Tensor:
    """The rows of the words after those of padding and of the unknown word, which are 0."""
    return torch.from_numpy(np.concatenate((np.zeros((2, rows.shape[1])), rows)).astype(np.float32))
