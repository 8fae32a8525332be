"""Word embeddings to start from: FastText on the departments' own training text."""

from __future__ import annotations

import functools

import numpy as np
import torch
from torch import Tensor

from ladtl_core.errors import MissingExtraError
from ladtl_core.vocab import Vocabulary, normal_form


@functools.lru_cache(maxsize=16)
def pretrained(text: tuple[tuple[str, ...], ...], vocabulary: Vocabulary, size: int, epochs: int, seed: int) -> Tensor:
    """FastText skip-gram vectors (words + 2, size) of the vocabulary, scaled to a mean square of 1 / 16 an element.

    Bojanowski et al., TACL 2017. `text` is training sentences, labelled or not; they are read in an order that the seed
    draws, in one thread, so that a seed repeats. Do not change the result in place: runs in one process share it.
    """
    try:
        from gensim.models import FastText
    except ImportError as error:
        raise MissingExtraError("gensim", "Pre-training of word embeddings") from error
    order = np.random.default_rng(seed).permutation(len(text))
    corpus = [[normal_form(token) for token in text[i]] for i in order]
    model = FastText(
        corpus, vector_size=size, window=5, min_count=1, sg=1, epochs=epochs, bucket=20_000, workers=1, seed=seed
    )
    vectors = np.stack([model.wv[word] for word in vocabulary.words])
    scale = 0.25 / max(float(np.sqrt((vectors**2).mean())), 1e-8)
    table = np.zeros((len(vectors) + 2, vectors.shape[1]), np.float32)
    table[2:] = vectors * scale
    return torch.from_numpy(table)
