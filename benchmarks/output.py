"""What every command prints: the machine on top, tables, and the same rows as JSON lines."""

from __future__ import annotations

import argparse
import json
from typing import Any

from benchmarks.interleaved import Table, growth
from benchmarks.machine import describe, gemm_line
from ladtl_core import kernels


def rounds_option(parser: argparse.ArgumentParser, default: int) -> None:
    parser.add_argument("--rounds", type=int, default=default, help=f"rounds of the comparison ({default})")


def begin(options: argparse.Namespace, *, products: bool = False) -> None:
    """One thread, compiled kernels, and what the machine is; with `products`, its rate of matrix products."""
    kernels.one_thread()
    kernels.warm_up()
    head(options, *([gemm_line()] if products else []))


def head(options: argparse.Namespace, *more: str) -> None:
    """What the machine is."""
    lines = [*describe(), *more]
    print("\n".join(lines) + "\n", flush=True)
    record(options, {"table": "machine", "lines": lines})


def show(table: Table, options: argparse.Namespace, **more: Any) -> None:
    """Print a table, and append its rows, with `more` in each, to the file of `--json`."""
    print(table.markdown(), flush=True)
    record(options, *({**row, **more} for row in table.rows()))


def show_growth(title: str, tables: dict[str, Table], options: argparse.Namespace) -> None:
    """The same for comparisons of one kind at several sizes."""
    print(growth(title, tables), flush=True)
    record(options, *({**row, "table": title, "size": size} for size, of in tables.items() for row in of.rows()))


def record(options: argparse.Namespace, *rows: dict[str, Any]) -> None:
    if options.json is not None:
        with options.json.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
