"""Poisoned numbers: the run stops at the step, names what broke, and the checkpoint stays the last good one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ladtl_core import objective as objectives
from ladtl_core import training
from ladtl_core.checkpoint import load
from ladtl_core.data import TrainingData
from ladtl_core.errors import TrainingError
from ladtl_core.mmd import mmd2 as real_mmd2
from ladtl_core.objective import objective as real_objective
from ladtl_core.training import train

from .conftest import tiny_config

NAN, INFINITE = float("nan"), float("inf")
STEP = 13  # of the second epoch, which has ten steps


class Poison:
    """The objective with a poisoned term, or with a gradient that is none, at one step."""

    def __init__(self, term: str, value: float = NAN) -> None:
        self.term, self.value, self.steps = term, value, 0

    def __call__(self, method: Any, tagger: Any, *others: Any, **named: Any) -> tuple[Tensor, dict[str, Tensor]]:
        loss, parts = real_objective(method, tagger, *others, **named)
        self.steps += 1
        if self.steps == STEP and self.term == "gradient":
            loss = loss + (tagger.head("source").crf.transitions * 0).sum().sqrt()  # 0, whose root has no slope
        elif self.steps == STEP:
            parts[self.term] = parts[self.term] * self.value
        return loss, parts


def stopped(data: TrainingData, checkpoint: Path) -> str:
    with pytest.raises(TrainingError) as caught:
        train(data, tiny_config(gamma=0.01), checkpoint=checkpoint)
    found = load(checkpoint)
    assert found is not None and found[1]["state"]["epoch"] == 1
    assert all(bool(tensor.isfinite().all()) for tensor in found[0].values())
    return str(caught.value)


@pytest.mark.parametrize(
    ("term", "value", "said"),
    [
        ("source", NAN, "L_c of the source's CRF is nan"),
        ("target", INFINITE, "L_c of the target's CRF is inf"),
        ("mmd", NAN, "MMD is nan"),
        ("crf_l2", INFINITE, "L_p, the distance of the CRFs is inf"),
        ("l2", NAN, "L_r, the size of the weights is nan"),
        ("gradient", NAN, "the gradient of heads.source.crf.transitions is nan"),
    ],
)
def test_the_step_and_the_term_are_named(
    term: str, value: float, said: str, tiny_data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "objective", Poison(term, value))
    message = stopped(tiny_data, tmp_path / "c.safetensors")
    assert f"stopped at step {STEP}: {said}." in message and "train anew with a smaller" in message


def test_the_label_whose_mmd_broke_is_named(
    tiny_data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, calls = Poison("mmd"), list[int]()

    def mmd2(*states: Any, **named: Any) -> Tensor:
        calls.append(len(calls))
        return real_mmd2(*states, **named) * (NAN if len(calls) == 2 else 1.0)

    monkeypatch.setattr(training, "objective", poison)
    monkeypatch.setattr(objectives, "mmd2", mmd2)
    assert f"step {STEP}: MMD of B-Problem is nan" in stopped(tiny_data, tmp_path / "c.safetensors")


def test_weights_that_are_no_numbers_are_kept_nowhere(
    tiny_data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after the last step of an epoch, when no loss was computed with them yet."""
    real = training._Run._step

    def step(run: training._Run, number: int, domains: tuple[str, ...]) -> dict[str, float]:
        values = real(run, number, domains)
        if number == 19:
            with torch.no_grad():
                run.tagger.head("target").crf.transitions[0, 0] = INFINITE
        return values

    monkeypatch.setattr(training._Run, "_step", step)
    message = stopped(tiny_data, tmp_path / "c.safetensors")
    assert "stopped at step 20: heads.target.crf.transitions left the range of numbers" in message
