"""Which steps a run takes in which epoch and phase, and how large they are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """`steps` between two looks at the dev set, all of one phase; `opens`: they are the phase's first."""

    steps: range
    phase: int
    opens: bool


def plan(max_steps: int, epoch_steps: int, phases: int) -> list[Epoch]:
    """The epochs of a run of `max_steps` steps, which its phases share equally; the last phase has at least one."""
    epochs = []
    for phase in range(phases):
        begin, end = (max_steps * edge // phases for edge in (phase, phase + 1))
        for first in range(begin, end, epoch_steps):
            epochs.append(Epoch(range(first, min(first + epoch_steps, end)), phase, first == begin))
    return epochs


def step_size(initial: float, decay: float, decay_steps: int, step: int) -> float:
    """The learning rate at a step: times `decay` after each whole `decay_steps`, a staircase."""
    return initial * decay ** (step // decay_steps)


def warmed(weight: float, steps: int, step: int) -> float:
    """A weight that grows from 0 to its whole over the first `steps` steps, in a line."""
    return weight * min(1.0, step / steps) if steps else weight
