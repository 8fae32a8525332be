"""Who labels at this installation."""

from __future__ import annotations

import unicodedata

from ladtl_core.errors import DataError
from workbench.services import access
from workbench.services.access import LOCAL_USER
from workbench.services.roles import Act, needs
from workbench.store import audit, people
from workbench.store.annotations import ADJUDICATED
from workbench.store.database import Database

LONGEST_NAME = 60


@needs(Act.SEE)
def names(database: Database) -> list[str]:
    """Everybody who may label: the local user, then those who were added, in their order."""
    with database.reading() as session:
        return [LOCAL_USER, *people.names(session)]


@needs(Act.PEOPLE)
def add(database: Database, name: str) -> str:
    """Add a person; returns the name as it is kept. Raises DataError for no name, a long one, or one that is taken."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise DataError(f"the name is {name!r}; expected 1 to {LONGEST_NAME} letters")
    with database.session() as session:
        taken = {other.casefold(): other for other in (LOCAL_USER, ADJUDICATED, *people.names(session))}.get(
            name.casefold()
        )
        if taken or not people.add(session, name):
            raise DataError(f"there is a person {taken or name!r} already; choose that name, or another one")
        audit.note(session, access.who(), "added", f"person {name}")
    return name
