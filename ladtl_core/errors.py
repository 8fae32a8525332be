"""Errors that are written for the person who reads them: what was found, what was expected, what to do."""

from __future__ import annotations


class LadtlError(Exception):
    """Base of every error that this project raises on purpose; its text is fit to be shown."""


class ConfigError(LadtlError):
    """A setting has a value that cannot be used."""


class DataError(LadtlError):
    """A file or a record cannot be used as it is.

    `file` and `line` (1-based) are None where they are not known.
    """

    def __init__(self, message: str, *, file: str | None = None, line: int | None = None) -> None:
        self.message, self.file, self.line = message, file, line
        where = f"{file}, line {line}: " if file and line else f"{file}: " if file else f"line {line}: " if line else ""
        super().__init__(where + message)


class MissingExtraError(LadtlError):
    """An optional package is needed for what was asked."""

    def __init__(self, package: str, purpose: str) -> None:
        # The arguments as they are: an error of another process is made anew from them.
        super().__init__(package, purpose)

    def __str__(self) -> str:
        package, purpose = self.args
        return f"{purpose} needs the package {package}: pip install {package}"


class TrainingError(LadtlError):
    """Training cannot go on, for example because a loss is no longer a number."""


class Cancelled(LadtlError):
    """A run was asked to stop, and did."""
