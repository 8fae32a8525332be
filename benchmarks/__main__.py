"""The command line of the benchmarks: `python -m benchmarks COMMAND`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

# Name -> what it measures; each is a module of this package that is imported only when asked for.
COMMANDS = {
    "crf": "negative log-likelihood, Viterbi and marginals of a linear-chain CRF against other libraries",
    "mmd": "label-aware MMD with its gradient against the matrix-product loop, and its memory",
    "step": "a whole La-DTL step against the form that one would write first, and where its time goes",
    "epoch": "an epoch of a Bi-LSTM-CRF against flair, bi-lstm-crf and spaCy, with F1",
    "decode": "prediction of a whole department against flair and spaCy",
    "sweep": "training runs a minute of one worker process and of several",
    "sweeps": "a sweep of tiny runs on two local workers of the queue: the share of their time in which they train",
    "research": "Research and Results with 10,000 finished runs in a real browser: seconds to open and to filter",
    "importing": "an import of 10,000 and of 100,000 records: records a second, memory",
    "labelling": "ten demo records by keyboard in a real browser, with and without a model's suggestions",
    "hostile": "spoiled input to every reader: cases, refusals, crashes, the slowest case, memory",
    "app": "the app in a real browser: ready, first metric, finished model, key to saved, memory",
    "crashes": "the app, the supervisor and the worker killed at random moments while people save and trainings run",
    "load": "thirty people who save while a training runs and 20,000 records are imported: waits, losses, memory",
}
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def parser_of(command: str) -> argparse.ArgumentParser:
    """The parser of one command's options."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {command}", description=COMMANDS[command])
    parser.add_argument("--json", type=Path, metavar="FILE", help="append the rows to FILE as JSON lines")
    importlib.import_module(f"benchmarks.{command}").add_options(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    width = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name:<{width}}  {text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"Measure. Options of a command: COMMAND --help.\n\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND")
    command = parser.parse_args(arguments[:1]).command
    # Read by the libraries when torch is imported, which the command's module does.
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        options = parser_of(command).parse_args(arguments[1:])
        importlib.import_module(f"benchmarks.{command}").run(options)
    except ModuleNotFoundError as error:
        print(f"{error.name} is not installed: pip install -r requirements-dev.txt", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
