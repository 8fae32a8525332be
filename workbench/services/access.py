"""Where services and pages get the database and the name of the person from."""

from __future__ import annotations

from workbench.store.database import Database, open_database

# Without accounts the one person at this machine.
LOCAL_USER = "local"


def database() -> Database:
    """The migrated database of this installation, opened once in a process."""
    return open_database()
