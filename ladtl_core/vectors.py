"""Embeddings that others trained: files of word2vec, GloVe and fastText.

| file | how it is told |
|---|---|
| fastText `.bin` | begins with fastText's magic number; words that it never saw are made of its n-grams |
| word2vec binary | a line `words size`, then for each word the word, a space and `size` floats of 4 bytes |
| word2vec or fastText `.vec` text | a line `words size`, then a line a word |
| GloVe text | a line a word at once |
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ladtl_core.errors import DataError, MissingExtraError

_FASTTEXT_MAGIC = (793712314).to_bytes(4, "little")
_LONGEST_LINE, _MOST_DIGITS = 1 << 20, 20
# Magic, version, 12 settings (vector size first, then buckets and the longest n-gram among others) and a float; the
# counts of the dictionary; bytes behind each of its words; the head of a matrix.
_FASTTEXT_HEADER, _FASTTEXT_COUNTS = struct.Struct("<14id"), struct.Struct("<3iqq")
_FASTTEXT_ENTRY, _FASTTEXT_MATRIX = 9, struct.Struct("<?qq")
_LONGEST_NGRAM = 100


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
    (_check_fasttext if kind == "fasttext" else _check_header)(path, kind)
    try:
        if kind == "fasttext":
            model = load_facebook_vectors(str(path))
        else:
            model = KeyedVectors.load_word2vec_format(
                str(path), binary=kind == "binary", no_header=kind == "glove", unicode_errors="replace"
            )
    # What gensim's readers raise for files that are cut off, malformed or of a kind of fastText model that they lack.
    except (ValueError, EOFError, OSError, ArithmeticError, LookupError, AssertionError, NotImplementedError) as error:
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
    if len(header) == 2 and all(part.isdigit() and len(part) < _MOST_DIGITS for part in header):
        return "text" if _is_text(second, int(header[1])) else "binary"
    if len(header) > 2 and _is_text(first, len(header) - 1):
        return "glove"
    raise DataError(
        "begins like no file of word vectors; expected word2vec, GloVe or fastText, unpacked", file=str(path), line=1
    )


def _check_header(path: Path, kind: str) -> None:
    """Raise DataError for a first line that promises more than the file can hold: memory is taken for what it says."""
    if kind == "glove":
        return
    with path.open("rb") as opened:
        words, size = map(int, opened.readline(_LONGEST_LINE).split())
    # A word is a letter and a space at least; a number has four bytes, or a digit and a space.
    if words * (2 + size * (4 if kind == "binary" else 2)) > path.stat().st_size + 1:
        raise _not_as_it_says(path)


def _check_fasttext(path: Path, kind: str) -> None:
    """Raise DataError for a file of fastText that is cut off or says wrong sizes: gensim would read on for ever."""
    with path.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            numbers = _FASTTEXT_HEADER.unpack_from(data)
            dimension, bucket, longest = numbers[2], numbers[10], numbers[12]
            entries, words, _, _, pruned = _FASTTEXT_COUNTS.unpack_from(data, at := _FASTTEXT_HEADER.size)
            at += _FASTTEXT_COUNTS.size
            for _ in range(entries):
                if (end := data.find(b"\0", at)) < 0:
                    raise _not_as_it_says(path)
                at = end + 1 + _FASTTEXT_ENTRY
            quantised, rows, columns = _FASTTEXT_MATRIX.unpack_from(data, at := at + 8 * max(pruned, 0))
        except (struct.error, OverflowError):
            raise _not_as_it_says(path) from None
        sizes = (rows, columns) == (words + bucket, dimension) and entries == words
        if quantised or not sizes or not 0 < rows * columns * 4 <= len(data) - at or longest > _LONGEST_NGRAM:
            raise _not_as_it_says(path)


def _not_as_it_says(path: Path) -> DataError:
    return DataError(
        "cannot be read as word vectors: it is shorter than it says at its beginning; copy it again", file=str(path)
    )


def _is_text(line: bytes, size: int) -> bool:
    """Whether a line is a word and `size` numbers; the word may hold spaces, as some of GloVe's do."""
    try:
        return len([float(number) for number in line.split()[-size:]]) == size and len(line.split()) > size
    except ValueError:
        return False
