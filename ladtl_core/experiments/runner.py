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
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import ladtl_core
from ladtl_core.errors import LadtlError
from ladtl_core.experiments.plans import RunSpec, described
from ladtl_core.experiments.runs import Corpus, Outcome, execute

COLUMNS = (
    "key", "source", "target", "method", "rate", "seed", "alpha", "beta", "epsilon", "dev_f1", "test_f1",
    "best_epoch", "steps", "seconds", "data", "version", "torch", "config",
)  # fmt: skip


class Results:
    """`runs.csv` has a row a run with everything that repeats it, `counts/KEY.json` the counts of its documents."""

    def __init__(self, folder: Path) -> None:
        self.path, self.counts = folder / "runs.csv", folder / "counts"
        self.counts.mkdir(parents=True, exist_ok=True)
        rows = list(csv.DictReader(self.path.open(encoding="utf-8", newline=""))) if self.path.exists() else []
        # A row that a kill cut short is run again.
        self.rows = {row["key"]: row for row in rows if row.get("config") and self._has_counts(row["key"])}
        new = self.path.with_name("runs.csv.new")
        with new.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.DictWriter(opened, COLUMNS)
            writer.writeheader()
            writer.writerows(self.rows.values())
        os.replace(new, self.path)

    def _has_counts(self, key: str) -> bool:
        try:
            json.loads((self.counts / f"{key}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return True

    def add(self, key: str, spec: RunSpec, data: str, outcome: Outcome) -> None:
        """Write a finished run: its counts, then its row."""
        (self.counts / f"{key}.json").write_text(json.dumps(outcome.counts), encoding="utf-8")
        origin = {"key": key, "data": data, "version": ladtl_core.__version__, "torch": version("torch")}
        row = {**origin, **described(spec), **outcome.about}
        with self.path.open("a", encoding="utf-8", newline="") as opened:
            csv.DictWriter(opened, COLUMNS).writerow(row)
            opened.flush()
            os.fsync(opened.fileno())
        self.rows[key] = {name: str(row.get(name, "")) for name in COLUMNS}

    def counts_of(self, key: str, split: str) -> dict[str, list[int]]:
        """Correct, predicted and gold entities of each document."""
        counts: dict[str, dict[str, list[int]]] = json.loads((self.counts / f"{key}.json").read_text(encoding="utf-8"))
        return counts[split]


def run_all(corpus: Corpus, specs: Sequence[RunSpec], results: Results, workers: int) -> list[str]:
    """Run what `results` lacks, with a bar that tells the time left; returns what failed, in words."""
    from tqdm import tqdm

    missing: dict[str, tuple[RunSpec, str]] = {}
    for spec in specs:
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
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        keys: dict[Future[Outcome], str] = {pool.submit(execute, corpus, spec): key for key, spec in specs.items()}
        try:
            waiting: set[Future[Outcome]] = set(keys)
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield keys[future], future
        finally:
            pool.shutdown(cancel_futures=True)


def rows_of(results: Results, corpus: Corpus, specs: Sequence[RunSpec]) -> list[dict[str, Any]] | None:
    """The rows of a cell's runs; None while one is missing."""
    rows = [results.rows.get(spec.key(corpus.fingerprint(spec))) for spec in specs]
    return None if None in rows else [row for row in rows if row is not None]
