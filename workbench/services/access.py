"""Where services and pages get the database and the name of the person from."""

from __future__ import annotations

from workbench.store.database import Database, open_database

# Without accounts the one person at this machine.
LOCAL_USER = "local"
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
