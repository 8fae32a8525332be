"""Word embeddings to start from: FastText or word2vec on the departments' own training text."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from ladtl_core.errors import MissingExtraError
from ladtl_core.records import Sentence
from ladtl_core.vocab import Vocabulary, normal_form


def pretrained(
    sentences: Iterable[Sentence], vocabulary: Vocabulary, size: int, epochs: int, seed: int, kind: str = "fasttext"
) -> Tensor:
    """Skip-gram vectors (words + 2, size) of the vocabulary, scaled to a mean square of 1 / 16 an element.

    `kind` is fasttext (Bojanowski et al., TACL 2017), whose vectors are made of character n-grams, or word2vec (Mikolov
    et al., 2013). `sentences` is training text, labelled or not. One thread, so that a seed repeats.
    """
    try:
        from gensim.models import FastText, Word2Vec
    except ImportError as error:
        raise MissingExtraError("gensim", "Pre-training of word embeddings") from error
    corpus = [[normal_form(token) for token in sentence.tokens] for sentence in sentences]
    shared = {"vector_size": size, "window": 5, "min_count": 1, "sg": 1, "epochs": epochs, "workers": 1, "seed": seed}
    model = FastText(corpus, bucket=20_000, **shared) if kind == "fasttext" else Word2Vec(corpus, **shared)
    vectors = np.stack([model.wv[word] for word in vocabulary.words])
    scale = 0.25 / max(float(np.sqrt((vectors**2).mean())), 1e-8)
    table = np.zeros((len(vectors) + 2, vectors.shape[1]), np.float32)
    table[2:] = vectors * scale
    return torch.from_numpy(table)
