"""python -m workbench sweep: many runs on the engine of the app, planned, queued when asked, followed and stopped."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ladtl_core.config import Config
from workbench.services import access, model_import, sampled_sweeps, sweep_plans, sweeps, training
from workbench.services.access import OPERATOR
from workbench.services.sampled_sweeps import Sampled, SampledPlan
from workbench.services.sweep_plans import WEIGHTS, Grid, Plan

RUNS_THEM = "Workers of the open app run it; without one: python -m workbench.jobs supervise --until-idle"


def add_to(commands: Any) -> None:
    """Add the command with its own commands to the subparsers of a parser; each sets `act` to what it does."""
    sweep = commands.add_parser("sweep", help="many runs: plan, queue, list, pause, resume, cancel, retry")
    parts = sweep.add_subparsers(required=True, metavar="COMMAND")
    _add_new(parts.add_parser("plan", help="say what a sweep would run; --queue queues that"))
    parts.add_parser("list", help="the sweeps with their numbers").set_defaults(act=_list)
    acts = {
        "status": (_status, "how far it is, and why runs failed"),
        "pause": (_pause, "let none of its waiting runs start"),
        "resume": (_resume, "let them start again"),
        "cancel": (_cancel, "end its waiting and running runs"),
        "retry": (_retry, "queue its failed runs again"),
    }
    for name, (act, help) in acts.items():
        part = parts.add_parser(name, help=help)
        part.add_argument("sweep", type=int, help="its number, as `list` shows it")
        part.set_defaults(act=act)
        if name == "retry":
            part.add_argument("--cancelled", action="store_true", help="the cancelled ones instead")


def _add_new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", action="append", default=[], metavar="DEPARTMENT", help="may be repeated")
    parser.add_argument("--together", action="store_true", help="each run learns from all sources at once")
    parser.add_argument("--target", action="append", required=True, metavar="DEPARTMENT", help="may be repeated")
    parser.add_argument("--method", nargs="+", choices=training.methods(), default=["la-dtl"])
    for name in WEIGHTS:
        parser.add_argument(
            f"--{name}", nargs="+", default=[], metavar="VALUE", help="values; with --sampled two limits"
        )
    parser.add_argument("--share", nargs="+", default=["1"], help="shares of the target's labels (1)")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each combination (1)")
    parser.add_argument("--max-steps", type=int, help="steps of a run at most")
    parser.add_argument("--sampled", type=int, metavar="TRIALS", help="search between limits instead of a grid")
    parser.add_argument("--queue", metavar="NAME", help="queue the runs under this name, behind all single trainings")
    parser.set_defaults(act=_plan)


def _plan(options: argparse.Namespace) -> None:
    planned = _planned(options)
    for what, count in _counts(planned).items():
        print(f"{what:<18}{count:>7,}")
    if planned.new:
        time = "not known before a training has finished here"
        if planned.seconds is not None:
            time = f"{timedelta(seconds=round(planned.seconds))} on one worker, from {planned.measured:,} trainings"
        print(f"{'time':<18}{time}")
    if options.queue:
        print(f"queued as sweep {_queued(planned, options.queue)}. {RUNS_THEM}")


def _queued(planned: Plan | SampledPlan, name: str) -> int:
    if isinstance(planned, Plan):
        return sweeps.queue(access.database(), name, planned, OPERATOR)
    return sampled_sweeps.queue(access.database(), name, planned, OPERATOR)


def _planned(options: argparse.Namespace) -> Plan | SampledPlan:
    database = access.database()
    sources, targets = (
        [model_import.department(database, name) for name in names] for names in (options.source, options.target)
    )
    training = (
        Config().training if options.max_steps is None else replace(Config().training, max_steps=options.max_steps)
    )
    grid = Grid(
        sweep_plans.pairs(sources, targets, options.together),
        tuple(options.method),
        {},
        sweep_plans.numbers(" ".join(options.share), "the shares"),
        options.seeds,
        Config(training=training),
    )
    texts = {name: " ".join(getattr(options, name)) for name in WEIGHTS}
    if options.sampled is None:
        weights = {name: sweep_plans.numbers(text, name) for name, text in texts.items()}
        return sweep_plans.plan(database, replace(grid, weights=weights))
    ranges = {name: ends for name, text in texts.items() if (ends := sampled_sweeps.limits(text, name))}
    return sampled_sweeps.plan(database, Sampled(grid, ranges, options.sampled))


def _counts(planned: Plan | SampledPlan) -> dict[str, int]:
    if isinstance(planned, SampledPlan):
        return {"trainings": len(planned.studies), "trials of each": planned.trials, "runs at most": planned.new}
    finished, under_way = planned.count("succeeded"), planned.count("queued", "running")
    return {"runs": len(planned.runs), "finished already": finished, "under way": under_way, "to run": planned.new}


def _list(_: argparse.Namespace) -> None:
    for one in sweeps.listed(access.database()):
        print(f"{one.listed.sweep_id:>6}  {f'{one.done:,} of {one.total:,}':>14}  {one.state:<10}  {one.listed.name}")


def _status(options: argparse.Namespace) -> None:
    database = access.database()
    one = sweeps.progress(database, options.sweep)
    print(f"{one.listed.name}: {one.state}, {one.done:,} of {one.total:,} runs done")
    for state, count in sorted(one.listed.states.items()):
        print(f"{state:<18}{count:>7,}")
    if one.to_come:
        print(f"{'not asked for yet':<18}{one.to_come:>7,}")
    if one.dropped:
        print(f"{'never asked for':<18}{one.dropped:>7,}")
    for failed in sweeps.failures(database, options.sweep):
        print(f"failed: {failed['run']} ({failed['settings']}): {failed['error']}")


def _pause(options: argparse.Namespace) -> None:
    sweeps.pause(access.database(), options.sweep, OPERATOR)
    print("paused; what runs goes on to its end")


def _resume(options: argparse.Namespace) -> None:
    sweeps.pause(access.database(), options.sweep, OPERATOR, paused=False)
    print(f"resumed. {RUNS_THEM}")


def _cancel(options: argparse.Namespace) -> None:
    print(f"{sweeps.cancel(access.database(), options.sweep, OPERATOR):,} runs cancelled; what is done stays")


def _retry(options: argparse.Namespace) -> None:
    state = "cancelled" if options.cancelled else "failed"
    print(f"{sweeps.retry(access.database(), options.sweep, state, OPERATOR):,} {state} runs queued again. {RUNS_THEM}")
