"""The label-aware MMD with its gradient, against the loop over labels, other libraries, and the authors' broadcast."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks.compared import agreement, compared
from benchmarks.extra_memory import measured
from benchmarks.interleaved import Table
from benchmarks.mmd_forms import BROADCAST, FORMS, LOOP, ONE_KERNEL, Form, States, call_of
from benchmarks.output import begin, record, rounds_option, show, show_growth
from benchmarks.peers import NotInstalled
from benchmarks.switch import COMPILED, TORCH
from ladtl_core.config import AUTHORS_BANDWIDTHS

# All differences of 1,000 tokens would take gigabytes.
BROADCAST_TOKENS = 200
ONE_BANDWIDTH = (20.0,)
GROWTH_TOKENS = (250, 500, 1000, 2000)
GROWTH_LABELS = (1, 5, 9, 25)


def add_options(parser: argparse.ArgumentParser) -> None:
    rounds_option(parser, 15)
    parser.add_argument("--tokens", type=int, default=1000, help="tokens of each domain (1000)")
    parser.add_argument("--no-growth", action="store_true", help="only the comparison, not the growth")


def run(options: argparse.Namespace) -> None:
    begin(options, products=True)
    states = States.draw(options.tokens)
    usual = (COMPILED, TORCH, LOOP)
    about = f"{options.tokens} tokens a domain, 200-d, 9 labels"
    title = f"label-aware MMD and gradient, {about}, {len(AUTHORS_BANDWIDTHS)} kernels"
    show(table(title, {name: FORMS[name] for name in usual}, states, AUTHORS_BANDWIDTHS, options.rounds), options)
    show(table(f"one kernel, s = 20, {about}", ONE_KERNEL, states, ONE_BANDWIDTH, options.rounds), options)
    title = f"with the broadcast, {BROADCAST_TOKENS} tokens a domain"
    few = States.draw(BROADCAST_TOKENS)
    show(table(title, FORMS, few, AUTHORS_BANDWIDTHS, max(options.rounds // 5, 3)), options)
    weigh(options)
    if not options.no_growth:
        by_tokens = {f"{tokens} tokens a domain": _grown(States.draw(tokens), options) for tokens in GROWTH_TOKENS}
        show_growth("growth with tokens, 9 labels", by_tokens, options)
        drawn = {f"labels: {labels}": States.draw(options.tokens, num_labels=labels) for labels in GROWTH_LABELS}
        by_labels = {name: _grown(states, options) for name, states in drawn.items()}
        show_growth(f"growth with labels, {options.tokens} tokens a domain", by_labels, options)


def _grown(states: States, options: argparse.Namespace) -> Table:
    forms = {name: FORMS[name] for name in (COMPILED, TORCH, LOOP)}
    return table("growth", forms, states, AUTHORS_BANDWIDTHS, max(options.rounds // 5, 3))


def table(title: str, forms: dict[str, Form], states: States, bandwidths: tuple[float, ...], rounds: int) -> Table:
    calls: dict[str, Callable[[], object]] = {}
    missing = {}
    for name, form in forms.items():
        call = call_of(name, form, states, bandwidths)
        try:
            call()
            calls[name] = call
        except NotInstalled as error:
            missing[name] = str(error)
    result = compared(title, calls, missing, rounds)
    if LOOP in calls and len(bandwidths) > 1:
        exact = states.double()
        loop, ours = (call_of(name, FORMS[name], exact, bandwidths)() for name in (LOOP, TORCH))
        result.notes[LOOP] += f"; in float64 {agreement(loop, ours)}, for its distance of a token to itself is not 0"
    return result


def weigh(options: argparse.Namespace) -> None:
    """Extra memory of each form at its size."""
    print("### extra memory over the inputs, MB\n")
    for name in FORMS:
        tokens = BROADCAST_TOKENS if name == BROADCAST else options.tokens
        extra = measured(name, tokens)
        said = "not to be had on this system" if extra is None else f"{extra:.1f}"
        print(f"- {name}, {tokens} tokens a domain: {said}", flush=True)
        record(options, {"table": "extra memory", "name": name, "tokens": tokens, "extra_mb": extra})
    print()
