"""Which weights to try next, and which trial to give up: Optuna, told all finished trials anew each time.

It keeps nothing, so that whoever asks may be ended at any moment. Without Optuna (requirements-sweeps.txt) there are no
sampled sweeps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

STARTING_TRIALS = 10  # at random, before others are taken for a guide
# Trials that must have reached an epoch before a run is given up there; in the first epochs none is.
JUDGED_BY, SPARED_EPOCHS = 5, 5

Space = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Finished:
    """A trial that succeeded, with its F1 on dev, or was given up, without. `curve` is dev F1 by epoch."""

    weights: Mapping[str, float]
    curve: Mapping[int, float]
    f1: float | None


def installed() -> bool:
    """Whether there can be sampled sweeps."""
    return find_spec("optuna") is not None


def suggestion(space: Space, finished: Sequence[Finished], seed: int, number: int) -> dict[str, float]:
    """Weights for the trial of that number, to three digits; the same for the same finished trials."""
    study = _study(space, finished, (seed * 1_000_003 + number) % 2**32)
    asked = study.ask(_distributions(space)).params
    return {name: min(max(float(f"{asked[name]:.3g}"), low), high) for name, (low, high) in space.items()}


def falls_behind(
    space: Space, finished: Sequence[Finished], weights: Mapping[str, float], curve: Mapping[int, float]
) -> bool:
    """Whether the best dev F1 so far of a running trial is below the median of the succeeded ones at its epoch."""
    study = _study(space, finished, 0)
    study.enqueue_trial(dict(weights))
    trial = study.ask(_distributions(space))
    for epoch, f1 in sorted(curve.items()):
        trial.report(f1, epoch)
    return bool(trial.should_prune())


def _study(space: Space, finished: Sequence[Finished], seed: int) -> Any:
    import optuna
    from optuna.trial import TrialState, create_trial

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTING_TRIALS),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=JUDGED_BY, n_min_trials=JUDGED_BY),
    )
    for one in finished:
        state = TrialState.PRUNED if one.f1 is None else TrialState.COMPLETE
        study.add_trial(
            create_trial(
                state=state,
                value=one.f1,
                params=dict(one.weights),
                distributions=_distributions(space),
                intermediate_values=dict(one.curve),
            )
        )
    return study


def _distributions(space: Space) -> dict[str, Any]:
    """Weights by their size where their limits allow; epsilon is a share, and has none."""
    from optuna.distributions import FloatDistribution

    return {
        name: FloatDistribution(low, high, log=name != "epsilon" and low > 0) for name, (low, high) in space.items()
    }
