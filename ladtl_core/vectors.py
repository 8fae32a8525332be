"""Embeddings that others trained: files of word2vec, GloVe and fastText.

| file | how it is told |
|---|---|
| fastText `.bin` | begins with fastText's magic number; words that it never saw are made of its n-grams |
| word2vec binary | a line `words size`, then for each word the word, a space and `size` floats of 4 bytes |
| word2vec or fastText `.vec` text | a line `words size`, then a line a word |
| GloVe text | a line a word at once |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ladtl_core.errors import DataError, MissingExtraError

_FASTTEXT_MAGIC = (793712314).to_bytes(4, "little")
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True)
class Vectors:
    """`of(word)` is the word's vector (size,), or None where the file has none."""

    size: int
    of: Callable[[str], np.ndarray | None]


def read_vectors(path: Path) -> Vectors:
    """The vectors of a file. Raises DataError where it is none of the formats, or broken."""
    try:
        from gensim.models import KeyedVectors
        from gensim.models.fasttext import load_facebook_vectors
    except ImportError as error:
        raise MissingExtraError("gensim", "Reading of word vectors") from error
    kind = _kind(path)
    try:
        if kind == "fasttext":
            model = load_facebook_vectors(str(path))
        else:
            model = KeyedVectors.load_word2vec_format(
                str(path), binary=kind == "binary", no_header=kind == "glove", unicode_errors="replace"
            )
    # What gensim's readers raise for files that are cut off, malformed or of a kind of fastText model that they lack.
    except (ValueError, EOFError, OSError, AssertionError, IndexError, NotImplementedError) as error:
        raise DataError(f"cannot be read as word vectors ({error})", file=str(path)) from error

    def of(word: str) -> np.ndarray | None:
        vector: np.ndarray | None = model[word] if kind == "fasttext" or word in model.key_to_index else None
        return vector

    return Vectors(model.vector_size, of)


def _kind(path: Path) -> str:
    """fasttext, binary, text or glove, by how the file begins."""
    try:
        with path.open("rb") as opened:
            first, second = opened.readline(_LONGEST_LINE), opened.readline(_LONGEST_LINE)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=str(path)) from None
    if first.startswith(_FASTTEXT_MAGIC):
        return "fasttext"
    header = first.split()
    if len(header) == 2 and all(part.isdigit() for part in header):
        return "text" if _is_text(second, int(header[1])) else "binary"
    if len(header) > 2 and _is_text(first, len(header) - 1):
        return "glove"
    raise DataError(
        "begins like no file of word vectors; expected word2vec, GloVe or fastText, unpacked", file=str(path), line=1
    )


def _is_text(line: bytes, size: int) -> bool:
    """Whether a line is a word and `size` numbers; the word may hold spaces, as some of GloVe's do."""
    try:
        return len([float(number) for number in line.split()[-size:]]) == size and len(line.split()) > size
    except ValueError:
        return False
