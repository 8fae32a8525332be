"""Other libraries, each imported only when it is asked for."""

from __future__ import annotations

import importlib
from types import ModuleType

NOT_INSTALLED = "not installed: pip install -r requirements-bench.txt"


class NotInstalled(Exception):
    """A peer cannot be imported; the message is what its row says."""


def peer(module: str) -> ModuleType:
    """A library's module; NotInstalled where it is not there or does not load beside this torch."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and module.startswith(error.name):
            raise NotInstalled(NOT_INSTALLED) from None
        raise NotInstalled(f"does not load: {error}") from None
    except Exception as error:
        raise NotInstalled(f"does not load: {error}") from None
