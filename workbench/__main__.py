"""python -m workbench: the operator's commands. LADTL_HOME and LADTL_DATABASE_URL say which installation."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ladtl_core.errors import LadtlError
from workbench.commands import erasing, experiment, installation, logins, models, moving, roles, sweep


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if all is well, 1 if the command failed, which stderr says, or the doctor found something."""
    parser = argparse.ArgumentParser(prog="python -m workbench", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    installation.add_to(commands)
    models.add_to(commands)
    roles.add_to(commands)
    logins.add_to(commands)
    sweep.add_to(commands)
    experiment.add_to(commands)
    erasing.add_to(commands)
    moving.add_to(commands)
    options = parser.parse_args(arguments)
    try:
        return int(options.act(options) or 0)
    except LadtlError as error:
        why = str(error)
    except OSError as error:
        why = f"{error.filename or 'a file'}: {error.strerror or error}"
    print(f"python -m workbench {options.command}: {why}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
