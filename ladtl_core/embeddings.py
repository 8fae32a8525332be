"""Word embeddings to start from: FastText on the departments' own training text."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from ladtl_core.errors import MissingExtraError
from ladtl_core.records import Sentence
from ladtl_core.vocab import Vocabulary, normal_form


def pretrained(sentences: Iterable[Sentence], vocabulary: Vocabulary, size: int, epochs: int, seed: int) -> Tensor:
    """FastText skip-gram vectors (words + 2, size) of the vocabulary, scaled to a mean square of 1 / 16 an element.

    Bojanowski et al., TACL 2017. `sentences` is training text, labelled or not. One thread, so that a seed repeats.
    """
    try:
        from gensim.models import FastText
    except ImportError as error:
        raise MissingExtraError("gensim", "Pre-training of word embeddings") from error
    corpus = [[normal_form(token) for token in sentence.tokens] for sentence in sentences]
    model = FastText(
        corpus, vector_size=size, window=5, min_count=1, sg=1, epochs=epochs, bucket=20_000, workers=1, seed=seed
    )
    vectors = np.stack([model.wv[word] for word in vocabulary.words])
    scale = 0.25 / max(float(np.sqrt((vectors**2).mean())), 1e-8)
    table = np.zeros((len(vectors) + 2, vectors.shape[1]), np.float32)
    table[2:] = vectors * scale
    return torch.from_numpy(table)
