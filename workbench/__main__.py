"""The operator's commands, `python -m workbench COMMAND`; see `--help`. LADTL_HOME and LADTL_DATABASE_URL say where."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ladtl_core.errors import LadtlError
from workbench import model_commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, or 1 with a message on stderr."""
    parser = argparse.ArgumentParser(prog="python -m workbench", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    model_commands.add_to(commands)
    options = parser.parse_args(arguments)
    try:
        options.act(options)
    except LadtlError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
