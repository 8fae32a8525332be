"""A sweep of tiny runs on workers of this machine: the share of their time in which they train, and what else costs.

Training is what a run's own clock counts, all of `ladtl_core.training.train`: numbering the sentences, the network, its
embeddings, the steps, the evaluation on dev that stops it early and that of the weights that were kept, its progress
and its checkpoints. Not counted are reading the records, the claim, the end, and the queue between two runs. The whole
is from the first claim to the last end, for each worker; what the workers take to start is told by itself.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.output import begin, record
from benchmarks.processes import end
from ladtl_core.config import Config, ModelConfig, TrainingConfig
from workbench.services import demo, sweep_plans, sweeps
from workbench.services.sweep_plans import Grid
from workbench.store import departments
from workbench.store.database import Database, open_database
from workbench.store.models import Attempt, Run

LOOK_SECONDS = 0.5
SOURCE, TARGET = "Cardiology", "Respiratory"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=int, default=500, help="runs of the sweep (500)")
    parser.add_argument("--workers", type=int, default=2, help="worker processes (2)")
    parser.add_argument("--steps", type=int, default=20, help="steps of a run, in two epochs (20)")
    parser.add_argument("--default-model", action="store_true", help="the sizes that people get, not tiny ones")
    parser.add_argument("--seeds", type=int, default=5, help="seeds; each trains its embeddings once a worker (5)")


def run(options: argparse.Namespace) -> None:
    begin(options)
    with tempfile.TemporaryDirectory() as home:
        os.environ["LADTL_HOME"] = home
        database = open_database()
        queue(database, options)
        began = time.perf_counter()
        command = [sys.executable, "-m", "workbench.jobs", "worker", "--slot"]
        with (Path(home) / "workers.log").open("w") as log:
            workers = [subprocess.Popen([*command, f"worker-{n}"], stderr=log) for n in range(options.workers)]
        try:
            while sweeps.listed(database)[0].alive:
                if any(worker.poll() is not None for worker in workers):
                    raise SystemExit(f"a worker has ended:\n{(Path(home) / 'workers.log').read_text()}")
                time.sleep(LOOK_SECONDS)
            report(database, options, time.perf_counter() - began)
        finally:
            end(home)


def queue(database: Database, options: argparse.Namespace) -> None:
    """Queue the sweep over alpha and seed on two departments of the demo."""
    demo.ensure_demo(database)
    with database.reading() as session:
        ids = {department.name: department.id for department in departments.all_departments(session)}
    training = TrainingConfig(max_steps=options.steps, epoch_steps=max(1, options.steps // 2), pretrain_epochs=1)
    tiny = ModelConfig(word_size=16, char_size=8, char_filters=8, hidden_size=16)
    alphas = tuple(number / 1000 for number in range(-(-options.runs // options.seeds)))
    pairs = (((ids[SOURCE],), ids[TARGET]),)
    grid = Grid(
        pairs,
        ("la-dtl",),
        {"alpha": alphas},
        seeds=options.seeds,
        config=Config(ModelConfig() if options.default_model else tiny, training),
    )
    plan = sweep_plans.plan(database, grid)
    sweeps.queue(database, "tiny", replace(plan, runs=plan.runs[: options.runs]), "local")


def report(database: Database, options: argparse.Namespace, waited: float) -> None:
    """What the workers did between the first claim and the last end, in shares of their time."""
    with database.reading() as session:
        taken = session.execute(select(Attempt.started_at, Attempt.ended_at)).all()
        done, trained = session.execute(
            select(func.count(), func.sum(Run.result["seconds"].as_float())).where(Run.state == "succeeded")
        ).one()
    first, last = min(start for start, _ in taken), max(end for _, end in taken if end)
    seconds = (last - first).total_seconds()
    whole, attempts = options.workers * seconds, sum((end - start).total_seconds() for start, end in taken if end)
    shares = {
        "training, with evaluation, progress and checkpoints": trained,
        "the rest of a run: reading its records, its end": attempts - trained,
        "between runs: the queue, the claim": whole - attempts,
    }
    rate = done / seconds
    print(f"{done} runs of {options.steps} steps on {options.workers} workers: {seconds:.1f} s, {rate:.1f} a second")
    print(f"the workers took {waited - seconds:.1f} s to start, which is not in it\n")
    print("| share of the workers' time | % | ms a run |\n|---|---:|---:|")
    for name, of in shares.items():
        print(f"| {name} | {100 * of / whole:.1f} | {1000 * of / done:.0f} |")
    record(options, {"table": "sweeps", "runs": done, "seconds": seconds, **shares})
