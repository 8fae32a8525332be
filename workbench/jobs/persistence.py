"""What a worker does while a disk is full or the database away: it says so, waits, and begins again."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import chain, repeat

from workbench.store.errors import Unavailable
from workbench.store.paths import home
from workbench.store.trouble import of_file

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # seconds; the last one again and again


def persistently(act: Callable[[], None], tell: Callable[[str], None]) -> None:
    """Do it, once more after each time that a disk or the database refused, of which `tell` hears why.

    Raises every other error.
    """
    for pause in chain(PAUSES, repeat(PAUSES[-1])):
        try:
            return act()
        except Unavailable as away:
            tell(str(away))
        except OSError as error:
            why = of_file(error, home())
            if why is None:
                raise
            tell(why)
        time.sleep(pause)
