"""What transfer gained so far: the best training with a source against the best without, on the same labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.services.roles import Act, needs
from workbench.store import outcomes
from workbench.store.database import Database
from workbench.store.outcomes import Outcome

ALONE = "non-transfer"


@dataclass(frozen=True)
class Gain:
    """F1 on dev that a source brought a target, in points; None where a training is missing, and `missing` says which.

    `method` reached it; `runs` are how many trainings there are with the source, and how many without: with `f1` those
    that were compared.
    """

    f1: float | None = None
    method: str = ""
    runs: tuple[int, int] = (0, 0)
    missing: str = ""


@needs(Act.RESEARCH)
def trainings(database: Database) -> int:
    """How many there are: while it is the same, so is what was `seen`."""
    with database.reading() as session:
        return outcomes.count(session)


@needs(Act.RESEARCH)
def seen(database: Database, department_ids: Sequence[int]) -> dict[tuple[int, int], Gain]:
    """The gain of every (source, target), by their ids.

    Only trainings with this one source count, and only those on the same snapshot of the target, dev records included:
    the newest on which both kinds were trained.
    """
    with database.reading() as session:
        found = outcomes.of_trainings(session)
    by_target: dict[int, list[Outcome]] = {target: [] for target in department_ids}
    for outcome in found:
        by_target.get(outcome.target, []).append(outcome)
    pairs = [(source, target) for source in department_ids for target in department_ids if source != target]
    return {(source, target): _gain(by_target[target], source) for source, target in pairs}


def _gain(of_target: Sequence[Outcome], source: int) -> Gain:
    runs = [run for run in of_target if run.sources == (source,) or run.method == ALONE]
    measured = [run for run in runs if run.f1 is not None]
    if runs and not measured:
        return Gain(missing="label dev records, train again")
    for snapshot in dict.fromkeys(run.snapshot for run in reversed(measured)):
        here = [(run.f1 or 0.0, run.method) for run in measured if run.snapshot == snapshot]
        alone = [f1 for f1, method in here if method == ALONE]
        transfer = [(f1, method) for f1, method in here if method != ALONE]
        if alone and transfer:
            best, method = max(transfer)
            return Gain(best - max(alone), method, (len(transfer), len(alone)))
    alone_of_all = sum(run.method == ALONE for run in measured)
    counts = len(measured) - alone_of_all, alone_of_all
    return Gain(runs=counts, missing=_missing(*counts))


def _missing(transfer: int, alone: int) -> str:
    """What to train so that there is a gain to see, by the trainings that are there."""
    if transfer and alone:
        return "train both on today's labels"
    if transfer:
        return f"train {ALONE}"
    return "train la-dtl" if alone else f"train {ALONE} and la-dtl"
