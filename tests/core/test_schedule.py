"""Epochs, phases and step sizes."""

from __future__ import annotations

import dataclasses

import pytest

from ladtl_core.config import PRESETS
from ladtl_core.data import TrainingData
from ladtl_core.progress import Progress
from ladtl_core.schedule import plan, step_size, warmed
from ladtl_core.training import train

from .conftest import tiny_config


@pytest.mark.parametrize("max_steps", [1, 2, 7, 50, 51, 120, 3000])
@pytest.mark.parametrize("phases", [1, 2])
def test_phases_share_the_steps_equally(max_steps: int, phases: int) -> None:
    epochs = plan(max_steps, 50, phases)
    assert [step for epoch in epochs for step in epoch.steps] == list(range(max_steps))
    counts = [sum(len(epoch.steps) for epoch in epochs if epoch.phase == phase) for phase in range(phases)]
    assert max(counts) - min(counts) <= 1 and counts[-1] >= 1 and all(0 < len(epoch.steps) <= 50 for epoch in epochs)
    assert [epoch.opens for epoch in epochs] == [
        i == 0 or epoch.phase != epochs[i - 1].phase for i, epoch in enumerate(epochs)
    ]


@pytest.mark.parametrize("max_steps", [9, 1])
def test_max_steps_counts_both_phases_of_re_training(max_steps: int, tiny_data: TrainingData) -> None:
    config = tiny_config("re-training")
    config = dataclasses.replace(config, training=dataclasses.replace(config.training, max_steps=max_steps))
    seen: list[Progress] = []
    trained = train(tiny_data, config, progress=seen.append)
    assert trained.steps == max_steps
    # The source comes first, with half of the steps; dev is looked at in the target's half.
    done = [(set(p.losses), p.step, p.dev is not None) for p in seen if p.epoch]
    expected = [({"source"}, max_steps // 2, False), ({"target"}, max_steps, True)]
    assert done == expected[-len(done) :] and len(done) == min(2, max_steps)


def test_the_staircase() -> None:
    sizes = [step_size(0.03, 0.95, 5000, step) for step in (0, 4999, 5000, 9999, 10000)]
    assert sizes == pytest.approx([0.03, 0.03, 0.0285, 0.0285, 0.027075])
    assert step_size(0.1, 1.0, 5000, 10**6) == 0.1


def test_the_step_size_reaches_the_optimiser(tiny_data: TrainingData) -> None:
    """With a decay to nothing after the tenth step no weight moves any more."""
    config = tiny_config("non-transfer")

    def last_f1(decay: float) -> list[float]:
        changed = dataclasses.replace(
            config.training, decay=decay, decay_steps=10, learning_rate=1e-3, average=0.0, max_steps=30
        )
        seen: list[Progress] = []
        train(tiny_data, dataclasses.replace(config, training=changed), progress=seen.append)
        return [p.losses["target"] for p in seen if p.epoch]

    frozen, moving = last_f1(1e-3), last_f1(1.0)
    assert frozen[0] == moving[0] and moving[2] < frozen[2]


def test_passes_over_the_target_end_a_run(tiny_data: TrainingData) -> None:
    config = tiny_config("joint-training")
    training = dataclasses.replace(config.training, max_passes=3, batch_size=5, max_steps=1000)
    trained = train(tiny_data, dataclasses.replace(config, training=training))
    assert trained.steps == 3 * 3  # 12 sentences are three batches of five


def test_the_published_preset_to_the_letter() -> None:
    preset = PRESETS["published"]
    training, transfer, model = preset.training, preset.transfer, preset.model
    assert (training.optimizer, training.learning_rate, training.decay, training.decay_steps) == (
        "adagrad", 0.03, 0.95, 5000,
    )  # fmt: skip
    assert (training.batch_size, training.max_passes, training.average) == (15, 200, 0.0)
    assert (transfer.alpha, transfer.beta, transfer.epsilon, transfer.mmd_floor) == (0.02, 0.05, 0.2, 1e-4)
    assert (transfer.gamma, transfer.gamma_embeddings) == (0.0005, 0.001)
    assert len(transfer.bandwidths) == 19 and transfer.bandwidths[0] == 1e-6 and transfer.bandwidths[-1] == 1e6
    assert (model.word_size, model.hidden_size, model.dropout, model.hidden_dropout) == (100, 100, 0.5, 0.0)


def test_a_weight_grows_in_a_line_and_stays() -> None:
    assert [warmed(0.4, 4, step) for step in range(6)] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.4])
    assert warmed(0.4, 0, 0) == 0.4
