"""Where numbers end: a run stops at the step at which one is NaN or infinite, and says which and what may help."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from torch import Tensor

from ladtl_core.errors import TrainingError

SMALLER_STEPS = "a smaller learning_rate, or gradient clipping (clip 5)"
# The terms of the loss by their names in `objective`: what they are called, and what may help.
TERMS = {
    "source": ("L_c of the source's CRF", SMALLER_STEPS),
    "target": ("L_c of the target's CRF", SMALLER_STEPS),
    "mmd": ("MMD", "a smaller alpha, or larger bandwidths"),
    "crf_l2": ("L_p, the distance of the CRFs", "a smaller beta, or a smaller learning_rate"),
    "l2": ("L_r, the size of the weights", "a smaller gamma, or a smaller learning_rate"),
    "embedding_l2": ("the size of the embeddings", "a smaller gamma_embeddings"),
}


def check_terms(values: Mapping[str, float], step: int, by_label: Callable[[], Mapping[str, float]]) -> None:
    """Raise TrainingError naming the terms that are no finite numbers; `by_label` tells the MMD of each label."""
    broken = {name: value for name, value in values.items() if not math.isfinite(value)}
    if not broken:
        return
    said, help = [], []
    for name, value in broken.items():
        term, may_help = TERMS[name]
        labels = (
            [label for label, of_label in by_label().items() if not math.isfinite(of_label)] if name == "mmd" else []
        )
        said.append(f"{term}{' of ' if labels else ''}{', '.join(labels)} is {value}")
        help.append(may_help)
    raise _stopped(step, " and ".join(said), help[0])


def check_gradient(norm: float, named: Iterable[tuple[str, Tensor]], step: int) -> None:
    """Raise TrainingError naming the weights whose gradient is not finite, where the norm of all is not."""
    if math.isfinite(norm):
        return
    broken = [name for name, weight in named if weight.grad is not None and not bool(weight.grad.isfinite().all())]
    raise _stopped(step, f"the gradient of {_some(broken) or 'all weights together'} is {norm}", SMALLER_STEPS)


def check_weights(named: Iterable[tuple[str, Tensor]], step: int) -> None:
    """Raise TrainingError naming the weights that are not finite, before they are kept anywhere."""
    if broken := [name for name, weight in named if not bool(weight.isfinite().all())]:
        raise _stopped(step, f"{_some(broken)} left the range of numbers", SMALLER_STEPS)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _stopped(step: int, what: str, may_help: str) -> TrainingError:
    return TrainingError(
        f"stopped at step {step}: {what}. Nothing of this step was kept; the checkpoint is of the last whole epoch. "
        f"Going on from it would end here again: train anew with {may_help}"
    )
