"""Runs a minute of a small sweep over alpha and seed on the demo departments, by one worker process and by several.

Every worker has one thread and is given the next run when it is done with one.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import statistics
import time
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path

from benchmarks.corpora import corpus_option, pair
from benchmarks.interleaved import rotated
from benchmarks.output import begin, record, rounds_option

ALPHAS = (0.0, 0.02, 0.1)


def add_options(parser: argparse.ArgumentParser) -> None:
    rounds_option(parser, 3)
    corpus_option(parser)
    cores = os.cpu_count() or 1
    parser.add_argument("--workers", type=int, default=cores, help=f"worker processes at most ({cores})")
    parser.add_argument("--steps", type=int, default=200, help="steps of a run (200)")
    parser.add_argument("--seeds", type=int, default=2, help="seeds, each with every alpha (2)")


@dataclass(frozen=True)
class Job:
    alpha: float
    seed: int
    steps: int


def run(options: argparse.Namespace) -> None:
    begin(options)
    jobs = [Job(alpha, seed, options.steps) for alpha, seed in itertools.product(ALPHAS, range(options.seeds))]
    counts = list(range(1, options.workers + 1))
    print(f"{len(jobs)} runs of {options.steps} steps: alpha {ALPHAS} x {options.seeds} seeds\n", flush=True)
    minutes: dict[int, list[float]] = {count: [] for count in counts}
    with Workers(options.workers, options.corpus) as workers:
        prepared = workers.prepare(jobs)
        for number in range(options.rounds):
            for count in (int(name) for name in rotated([str(count) for count in counts], number)):
                minutes[count].append(workers.seconds(jobs, count) / 60)
        grown = {runs: workers.seconds((jobs * 4)[:runs], options.workers) for runs in (len(jobs), 4 * len(jobs))}
    _show(options, minutes, len(jobs))
    for runs, seconds in grown.items():
        print(f"{runs} runs on {options.workers} workers: {60 * runs / seconds:.1f} a minute")
        record(options, {"table": "growth with runs", "runs": runs, "seconds": seconds})
    print("\nPrepared once by a process, seconds, the slowest worker:")
    for name in prepared[0]:
        seconds = max(of_worker[name] for of_worker in prepared)
        print(f"- {name}: {seconds:.2f}")
        record(options, {"table": "prepared once", "name": name, "seconds": seconds})


def _show(options: argparse.Namespace, minutes: dict[int, list[float]], jobs: int) -> None:
    print("| workers | runs a minute | over one worker, per worker: median (min-max) |\n|---:|---:|---:|")
    for count, of_count in minutes.items():
        # Several workers did as many sweeps as they are, so that all of them are busy to the end.
        shares = [one / several for one, several in zip(minutes[1], of_count, strict=True)]
        rate, share = count * jobs / statistics.median(of_count), statistics.median(shares)
        print(f"| {count} | {rate:.1f} | {share:.2f} ({min(shares):.2f}-{max(shares):.2f}) |")
        record(options, {"table": "sweep", "workers": count, "runs_a_minute": rate, "share": share})


class Workers:
    """Worker processes, started once. Each has a pipe for its orders, so that some of them can rest."""

    def __init__(self, count: int, corpus: Path | None) -> None:
        context = multiprocessing.get_context("spawn")
        pipes = [context.Pipe() for _ in range(count)]
        self.ends = [ours for ours, _ in pipes]
        self.processes = [context.Process(target=work, args=(theirs, corpus)) for _, theirs in pipes]

    def __enter__(self) -> Workers:
        for process in self.processes:
            process.start()
        return self

    def __exit__(self, *exception: object) -> None:
        for end in self.ends:
            end.send(None)
        for process in self.processes:
            process.join()

    def prepare(self, jobs: list[Job]) -> list[dict[str, float]]:
        """What the start of each worker took, its first run and the same again; then every seed once, untimed."""
        found = []
        every_seed = {job.seed: job for job in jobs}.values()
        for end in self.ends:
            prepared: dict[str, float] = end.recv()
            times = []
            for job in (jobs[0], jobs[0], jobs[0], *every_seed):
                end.send(job)
                times.append(end.recv())
            found.append({**prepared, "first run": times[0], "the same run again": min(times[1:3])})
        return found

    def seconds(self, jobs: list[Job], count: int) -> float:
        """Until `count` workers have done all jobs as often; each gets the next one when it is done with one."""
        begin, waiting, busy = time.perf_counter(), list(jobs) * count, self.ends[:count]
        for end in busy:
            end.send(waiting.pop(0))
        while busy:
            for end in [end for end in busy if end in wait(busy)]:
                end.recv()
                if waiting:
                    end.send(waiting.pop(0))
                else:
                    busy = [other for other in busy if other is not end]
        return time.perf_counter() - begin


def work(orders: Connection, corpus: Path | None) -> None:
    """A worker: prepares and tells how long that took, then does jobs, telling the seconds of each, until None."""
    begin = time.perf_counter()
    from ladtl_core import kernels
    from ladtl_core.config import Config
    from ladtl_core.training import train

    kernels.one_thread()
    imported = time.perf_counter()
    kernels.warm_up()
    warm = time.perf_counter()
    data = pair(corpus)
    times = {"imports": imported - begin, "kernels": warm - imported, "records": time.perf_counter() - warm}
    orders.send(times)
    while (job := orders.recv()) is not None:
        begin = time.perf_counter()
        settings = Config()
        training = replace(settings.training, seed=job.seed, max_steps=job.steps)
        transfer = replace(settings.transfer, alpha=job.alpha)
        train(data, replace(settings, training=training, transfer=transfer))
        orders.send(time.perf_counter() - begin)
