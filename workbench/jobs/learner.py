"""The functions of `ladtl_core` with which a worker trains and predicts; only this module loads them, when asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ladtl_core.config import Config, TrainingConfig
from ladtl_core.data import TrainingData
from ladtl_core.records import Entity, Record


@dataclass(frozen=True)
class Learner:
    """The functions of `ladtl_core` that a run calls; see `training`, `prediction`, `selection`, `projection` and
    `tag_gaps` there.

    `rehearse` compiles and loads what is otherwise made ready at first use, while a person waits for the first epoch.
    `forget` lets go of the text that is kept for further runs.
    """

    train: Callable[..., Any]
    load: Callable[[Path], Any]
    predict: Callable[[Any, Sequence[Record]], list[list[Any]]]
    score: Callable[..., Sequence[Any]]
    project: Callable[..., dict[str, Any]]
    gaps: Callable[..., Sequence[Any]]
    rehearse: Callable[[], object]
    forget: Callable[[], None]


def core_learner() -> Learner:
    """The real one; loads torch."""
    from ladtl_core import kernels
    from ladtl_core.prediction import load_tagger, predict
    from ladtl_core.preparation import forget
    from ladtl_core.projection import projection
    from ladtl_core.selection import score
    from ladtl_core.tag_gaps import dev_gaps
    from ladtl_core.training import train

    def rehearse() -> object:
        kernels.warm_up()
        training = TrainingConfig(max_steps=1, fixed_steps=1, epoch_steps=1, pretrain_epochs=1)
        record = Record("rehearsal", "one two", (Entity(0, 3, "Number"),))
        return train(TrainingData.of_records([record], [record]), Config(training=training))

    return Learner(train, load_tagger, predict, score, projection, dev_gaps, rehearse, forget)
