"""Zips that people hand over: whatever is wrong with the bytes of one is told in words."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from ladtl_core.errors import DataError

# The methods that the format names for everybody; others unpack without a limit.
USUAL = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile raises: RuntimeError for an encrypted file, NotImplementedError for a way to pack that it lacks.
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError)


@contextmanager
def unpacking(name: str, data: bytes) -> Iterator[zipfile.ZipFile]:
    """The zip that was called `name`. Raises DataError if it, or a file that is read inside, is broken."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            yield archive
    except _BROKEN as error:
        raise DataError(f"this zip cannot be unpacked: {error}", file=name) from None
