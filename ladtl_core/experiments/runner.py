"""Runs what is not done yet, some at a time; a table of results grows by one row a run and survives a kill."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from importlib.metadata import version
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

from llvmlite.binding import get_host_cpu_name

import ladtl_core
from ladtl_core.errors import LadtlError
from ladtl_core.experiments.plans import RunSpec, described, spec_of
from ladtl_core.experiments.rows import COLUMNS, is_whole, read_rows, write_rows
from ladtl_core.experiments.runs import Corpus, Outcome, execute


class Results:
    """The table of runs, `runs.csv`: a row a run with all that repeats it and the counts of its test documents."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "runs.csv"
        # A row that a kill cut short is run again. Keys are made anew: a setting that is newer than a row joins them.
        rows = [row for row in read_rows(self.path) if is_whole(row)] if self.path.exists() else []
        self.rows = {key: {**row, "key": key} for row in rows for key in [spec_of(row).key(row["data"])]}
        write_rows(self.path, self.rows.values())

    def add(self, key: str, spec: RunSpec, data: str, outcome: Outcome) -> None:
        """Write a finished run."""
        # Another processor adds up in another order, and a long training then goes another way.
        machine = {"torch": version("torch"), "processor": get_host_cpu_name()}
        origin = {"key": key, "data": data, "version": ladtl_core.__version__, **machine}
        found = {**origin, **described(spec), **outcome.about, "test_counts": json.dumps(outcome.counts)}
        row = {name: str(found.get(name, "")) for name in COLUMNS}
        with self.path.open("a", encoding="utf-8", newline="") as opened:
            csv.DictWriter(opened, COLUMNS, lineterminator="\n").writerow(row)
            opened.flush()
            os.fsync(opened.fileno())
        self.rows[key] = row


def run_all(corpus: Corpus, specs: Sequence[RunSpec], results: Results, workers: int) -> list[str]:
    """Run what `results` lacks, with a bar that tells the time left; returns what failed, in words."""
    from tqdm import tqdm

    missing: dict[str, tuple[RunSpec, str]] = {}
    # Seed by seed, so that what is there after a cut is a table; runs on the same text follow each other, since a
    # process keeps its embeddings.
    for spec in sorted(specs, key=lambda spec: (spec.config.training.seed, spec.target, spec.source)):
        data = corpus.fingerprint(spec)
        if spec.key(data) not in results.rows:
            missing[spec.key(data)] = (spec, data)
    failures = []
    with tqdm(total=len(missing), unit="run", file=sys.stderr) as bar:
        for key, future in _finished(corpus, {key: spec for key, (spec, _) in missing.items()}, workers):
            spec, data = missing[key]
            try:
                results.add(key, spec, data, future.result())
            except BrokenProcessPool as error:
                raise LadtlError("a process was killed; the same command goes on with what is missing") from error
            except LadtlError as error:
                failures.append(f"{spec.method} {spec.source}>{spec.target} seed {spec.config.training.seed}: {error}")
            bar.update()
    return failures


def _finished(corpus: Corpus, specs: dict[str, RunSpec], workers: int) -> Iterator[tuple[str, Future[Outcome]]]:
    """Each run as it ends. Processes are started anew, not forked, and have one thread each."""
    if not specs:
        return
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_parent) as pool:
        keys: dict[Future[Outcome], str] = {pool.submit(execute, corpus, spec): key for key, spec in specs.items()}
        try:
            waiting: set[Future[Outcome]] = set(keys)
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield keys[future], future
        finally:
            pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """Let this process end when the one that started it is killed: it would train on, and nobody takes its result."""
    parent = parent_process()
    assert parent is not None, "called in a process of the pool"

    def watch() -> None:
        parent.join()
        os._exit(1)

    Thread(target=watch, daemon=True).start()
