"""Where services and pages get the database and the name of the person from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from workbench.store.database import Database, open_database
from workbench.store.errors import Unavailable as Unavailable
from workbench.store.trouble import try_home

# Without accounts the one person at this machine.
LOCAL_USER = "local"
OPERATOR = "command line"
# The pages in the order of the navigation: file in workbench/pages, which is its path too, and title.
HOME = "home"
PAGES = {
    HOME: "Home",
    "annotate": "Annotate",
    "review": "Review",
    "agreement": "Agreement",
    "train": "Train",
    "results": "Results",
    "research": "Research",
    "labels": "Labels",
    "people": "People",
    "data": "Data",
}


def database() -> Database:
    """The migrated database of this installation, opened once in a process."""
    return open_database()


def ready() -> Database:
    """The same at the start of the app. Raises Unavailable where its folder or it cannot be written."""
    try_home()
    return database()


# Whether people sign in, so that their roles count. The sidebar's names are no protection: anybody may choose any.
_enforced = False
_of_request: ContextVar[str | None] = ContextVar("person of the request", default=None)


def _no_page() -> None:
    return None


_of_page: Callable[[], str | None] = _no_page


def enforce(on: bool = True) -> None:
    """Let roles count from now on in this process: the app does so at its start where people sign in."""
    global _enforced
    _enforced = on


def enforced() -> bool:
    """Whether roles count; without accounts everything is permitted to everybody."""
    return _enforced


@contextmanager
def acting_for(person: str) -> Iterator[None]:
    """What is done inside is done for that person: a request of theirs is answered."""
    before = _of_request.set(person)
    try:
        yield
    finally:
        _of_request.reset(before)


def pages_are_for(whom: Callable[[], str | None]) -> None:
    """How to learn for whom the page of this thread is made; None where the thread makes no page."""
    global _of_page
    _of_page = whom


def person() -> str | None:
    """For whom this thread works; None: for the program itself, or for the operator at the command line."""
    asking = _of_request.get()
    return _of_page() if asking is None else asking


def who() -> str:
    """The same as a name for the audit trail."""
    return person() or OPERATOR
