"""Known words that are spelled like a word that training never met: their embeddings stand for the one it lacks.

FastText makes such a vector of the word's character n-grams (Bojanowski et al., TACL 2017). Here it is made of whole
words that share these, because their embeddings went on learning with the labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

COUNT = 10
_LENGTHS = (3, 6)  # of n-grams, with the word's ends, as FastText's
_TOO_COMMON = 200  # words that have an n-gram; one that more have says little and takes most of the time
_PART = 500  # words looked up at a time


def alike(words: Sequence[str], known: tuple[str, ...]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Places in `known` of the words spelled most like each of `words`, and their shares; both (words, COUNT).

    A share is the square of the cosine between the n-grams of the two, weighted by tf-idf; those of a word add up to
    1, or to 0 where no known word has an n-gram of it.
    """
    places = np.zeros((len(words), COUNT), dtype=np.int64)
    shares = np.zeros((len(words), COUNT), dtype=np.float32)
    if not known:
        return places, shares
    grams, table = _grams(known)
    for begin in range(0, len(words), _PART):
        cosines = (grams.transform(words[begin : begin + _PART]) @ table.T).tocsr()
        for row, (first, last) in enumerate(zip(cosines.indptr[:-1], cosines.indptr[1:], strict=True), start=begin):
            # Equal ones in the order of the vocabulary, whatever order the product came in.
            best = np.lexsort((cosines.indices[first:last], -cosines.data[first:last]))[:COUNT] + first
            if len(best):
                squares = cosines.data[best] ** 2
                places[row, : len(best)], shares[row, : len(best)] = cosines.indices[best], squares / squares.sum()
    return places, shares


@lru_cache(maxsize=2)
def _grams(known: tuple[str, ...]) -> tuple[Any, Any]:
    """What counts n-grams, and those of the known words, (words, n-grams) with rows of length 1."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=_LENGTHS, max_df=_TOO_COMMON, dtype=np.float32)
    return grams, grams.fit_transform(known)


def forget() -> None:
    """Let go of the words that are kept for the next look."""
    _grams.cache_clear()
