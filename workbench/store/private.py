"""What every process of the workbench does first, so that no text leaves the database by a file or a log."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Iterator
from typing import Any


def keep_private() -> None:
    """Files that this process and its children make are their owner's alone; logged errors are without their message.

    Where an error happened is logged, and its kind. Its message may quote a record.
    """
    os.umask(0o077)
    logging.setLogRecordFactory(_record)


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = logging.LogRecord(*args, **kwargs)
    if record.exc_info and record.exc_info[1] is not None:
        record.exc_text = "\n".join(_places(record.exc_info[1]))
        record.exc_info = None  # a handler would format it with its message
    return record


def _places(error: BaseException) -> Iterator[str]:
    """Kind and traceback of an error, after those of the one that it came from."""
    if earlier := error.__cause__ or error.__context__:
        yield from _places(earlier)
    yield "".join([*traceback.format_tb(error.__traceback__), type(error).__name__])
