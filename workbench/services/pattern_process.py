"""The process in which regular expressions run, see `patterns`: Python's `re` cannot be stopped from another thread.

Read from stdin: {seconds, attempts, expressions, texts}; written to stdout, for each text: {expression: [[start, end],
...]}, with null where it took too long.
"""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn


def main() -> None:
    given = json.load(sys.stdin)
    signal.signal(signal.SIGVTALRM, _stop)  # of the process's own time, so that a busy machine stops nothing
    failed = dict.fromkeys(given["expressions"], 0)
    answer: list[dict[str, list[Sequence[int]] | None]] = []
    for text in given["texts"]:
        answer.append(found := {})
        for expression in given["expressions"]:
            # What was too slow on some texts is not tried on thousands of others.
            tried = failed[expression] < given["attempts"]
            found[expression] = _spans(expression, text, given["seconds"]) if tried else None
            failed[expression] += found[expression] is None
    json.dump(answer, sys.stdout)


def _spans(expression: str, text: str, seconds: float) -> list[Sequence[int]] | None:
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        return [match.span() for match in re.finditer(expression, text)]
    except (TimeoutError, re.error):  # it could be read when it was made
        return None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _stop(*_: object) -> NoReturn:
    raise TimeoutError


if __name__ == "__main__":
    main()
