"""What the store refuses, in words for the person who asked."""

from __future__ import annotations

from ladtl_core.errors import LadtlError


class NotFound(LadtlError):
    """Nothing is stored under that id or name."""

    def __init__(self, what: str, key: object) -> None:
        super().__init__(f"there is no {what} {key!r}; it may have been removed, or the page is out of date")


class Unavailable(LadtlError):
    """A disk or a database server cannot be used at the moment; nothing was written, and later the same may succeed."""


class Conflict(LadtlError):
    """Labels were saved on a revision that is no longer the current one; nothing was written."""

    def __init__(self, current_revision: int, base_revision: int) -> None:
        self.current_revision, self.base_revision = current_revision, base_revision
        super().__init__(
            f"these labels were changed elsewhere: they are at revision {current_revision}, the save was based on "
            f"revision {base_revision}; load the record again and repeat the change"
        )


class NotClaimable(LadtlError):
    """A run has ended, so that no worker may start it."""

    def __init__(self, run_id: int, state: str) -> None:
        self.run_id, self.state = run_id, state
        super().__init__(f"run {run_id} is {state}; only a queued or an interrupted run can be started")


class Fenced(LadtlError):
    """A worker wrote for an attempt that is no longer the run's own; nothing was written."""

    def __init__(self, run_id: int, attempt: int) -> None:
        self.run_id, self.attempt = run_id, attempt
        super().__init__(f"attempt {attempt} of run {run_id} has ended or was replaced; this worker must stop")
