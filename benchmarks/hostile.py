"""Spoiled input to every reader: nothing may crash, hang or be half taken.

    python -m benchmarks hostile --cases 1000000 --log cases.jsonl

A case is made of its reader's name and its number, so that `--case "format csv" 123` repeats one. Cases run in parts,
each in a process of its own with 2 GB of memory to spare and 20 seconds for a case; `--log` has a line for each part
that is done, and the same command goes on after the last one.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from random import Random
from types import FrameType
from typing import NoReturn

from benchmarks import hostile_files, hostile_services
from benchmarks.extra_memory import resident
from ladtl_core.errors import LadtlError

READERS = {**hostile_files.READERS, **hostile_services.READERS}
PART = 4000
SECONDS = 20.0
SPARE_BYTES = 2 * 10**9
SHOWN_CRASHES = 5


@dataclass
class Part:
    """Cases `first` to `first + cases` of a reader and what became of them; seconds of the slowest, growth in MB."""

    reader: str
    first: int
    cases: int
    accepted: int = 0
    refused: int = 0
    crashes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_case: int = 0
    memory: float = 0.0


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", type=int, default=10_000, help="cases of all readers together (10000)")
    parser.add_argument("--processes", type=int, default=2, help="parts at once (2)")
    parser.add_argument("--log", type=Path, metavar="FILE", help="a line for each part; goes on after those in it")
    parser.add_argument("--case", nargs=2, metavar=("READER", "NUMBER"), help="repeat one case, with its traceback")


def run(options: argparse.Namespace) -> None:
    if options.case:
        reader, number = options.case
        with tempfile.TemporaryDirectory() as home:
            hostile_services.settle(Path(home))
            print("taken" if one(reader, int(number), Path(home), show=True) else "refused")
        return
    done = [Part(**json.loads(line)) for line in _lines(options.log)]
    known = {(part.reader, part.first) for part in done}
    waiting = [part for part in parts(options.cases) if (part.reader, part.first) not in known]
    one("checkpoint", 0, Path(tempfile.mkdtemp()))  # loads torch, before the processes share its memory
    one("word vectors", 1, Path(tempfile.mkdtemp()))
    began = time.monotonic()
    with ThreadPoolExecutor(options.processes) as pool:
        for future in as_completed([pool.submit(in_process, part) for part in waiting]):
            done.append(part := future.result())
            if options.log:
                with options.log.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(part)) + "\n")
    print(f"{report(done)}\n\n{time.monotonic() - began:.0f} s for the parts of this call")
    if any(part.crashes for part in done):
        sys.exit("there were crashes")


def _lines(log: Path | None) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines() if log and log.exists() else []


def parts(cases: int) -> Iterator[Part]:
    """Parts of all readers in turn, until each has its share of the cases."""
    whole = sum(reader.share for reader in READERS.values())
    left = {name: round(cases * reader.share / whole) for name, reader in READERS.items()}
    first = 0
    while any(left.values()):
        for name, many in left.items():
            if many:
                left[name] -= min(many, PART)
                yield Part(name, first, min(many, PART))
        first += PART


def in_process(part: Part) -> Part:
    """The part done by a process of its own; that it died is a crash, too."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=lambda: theirs.send(finished(part)))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError:
        process.join()
        return replace(part, crashes=[f"one of {part.first} and later: the process died ({process.exitcode})"])


def finished(part: Part) -> Part:
    """Do the cases of a part."""
    signal.signal(signal.SIGALRM, _too_long)
    before, address = resident("VmRSS"), resident("VmSize") * 1024
    resource.setrlimit(resource.RLIMIT_AS, (address + SPARE_BYTES, address + SPARE_BYTES))
    with tempfile.TemporaryDirectory() as home:
        hostile_services.settle(Path(home))
        for number in range(part.first, part.first + part.cases):
            _count(part, number, Path(home))
    part.memory = (resident("VmHWM") - before) / 1024
    return part


def _count(part: Part, number: int, home: Path) -> None:
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    begin = time.perf_counter()
    try:
        if one(part.reader, number, home):
            part.accepted += 1
        else:
            part.refused += 1
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        part.crashes.append(f"{number}: {type(error).__name__}: {error} ({place.filename}:{place.lineno})"[:300])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    seconds = time.perf_counter() - begin
    part.seconds += seconds
    if seconds > part.slowest:
        part.slowest, part.slowest_case = seconds, number


def one(reader: str, number: int, home: Path, *, show: bool = False) -> bool:
    """Whether a case was taken; False where it was refused in words. Whatever else it raises is a fault of ours."""
    given = READERS[reader].make(Random(f"{reader} {number}"))
    if show:
        print(repr(given)[:2000])
    try:
        return READERS[reader].read(given, home)
    except LadtlError as error:
        if show:
            print(error)
        if not str(error):
            raise ValueError("a refusal without a word") from error
        return False


def _too_long(_number: int, _frame: FrameType | None) -> NoReturn:
    raise TimeoutError(f"more than {SECONDS:g} s")


def report(done: list[Part]) -> str:
    """A row a reader, and the first crashes below."""
    lines = [
        "| reader | cases | taken | refused | crashes | slowest, s | memory, MB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    rows = {name: [part for part in done if part.reader == name] for name in READERS}
    for name, mine in [*rows.items(), ("all", done)]:
        counts = (sum(getattr(part, key) for part in mine) for key in ("cases", "accepted", "refused"))
        crashes = sum(len(part.crashes) for part in mine)
        worst = max((part.slowest for part in mine), default=0.0), max((part.memory for part in mine), default=0.0)
        cells = " | ".join(f"{count:,}" for count in counts)
        lines.append(f"| {name} | {cells} | {crashes} | {worst[0]:.2f} | {worst[1]:.0f} |")
    for name, mine in rows.items():
        crashes_of = [crash for part in mine for crash in part.crashes]
        lines += [f"{name}, case {crash}" for crash in crashes_of[:SHOWN_CRASHES]]
    return "\n".join(lines)
