"""Errors that are written for the person who reads them: what was found, what was expected, what to do."""

from __future__ import annotations


class LadtlError(Exception):
    """Base of every error that this project raises on purpose; its text is fit to be shown."""


class ConfigError(LadtlError):
    """A setting has a value that cannot be used."""


class DataError(LadtlError):
    """A file or a record cannot be used as it is.

    `file`, `line` and `column` (1-based, in characters) are None where they are not known; `field` names the part of
    a record that is wrong, such as "entities", for readers that know where it stands.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
        field: str | None = None,
    ) -> None:
        self.message, self.file, self.line, self.column, self.field = message, file, line, column, field
        places = (file, f"line {line}" if line else None, f"column {column}" if line and column else None)
        where = ", ".join(place for place in places if place)
        super().__init__(f"{where}: {message}" if where else message)

    def at(self, file: str | None = None, line: int | None = None, column: int | None = None) -> DataError:
        """The same error with a place, as far as it has none of its own."""
        return DataError(
            self.message,
            file=self.file or file,
            line=self.line or line,
            column=self.column or column,
            field=self.field,
        )


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
