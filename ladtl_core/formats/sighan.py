"""The named entities of the SIGHAN bakeoff of 2006: a character and its tag a line, a blank line after each sentence.

    患	B-PER
    者	N

It is CoNLL with two differences: the text is the characters without spaces between them, and outside of entities
stands `N`, `0` or `o` where others write `O`. Files in GB18030 or Big5 are read with `convert --encoding`. It is read
only; written as CoNLL, the records can be trained on.
"""

from __future__ import annotations

from collections.abc import Iterator

from ladtl_core.formats import conll
from ladtl_core.formats.scan import Content, Found

_DIALECT = conll.Dialect(space="", outside=("N", "n", "0", "o"))


def scan(content: Content, name: str) -> Iterator[Found]:
    """The scheme, the records with their lines, and the first error of each record that cannot be used."""
    return conll.scan(content, name, _DIALECT)
