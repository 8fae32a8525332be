"""Small made-up corpora for tests of the core."""

from __future__ import annotations

import random

import pytest

from ladtl_core.config import Config
from ladtl_core.data import TrainingData
from ladtl_core.kernels import one_thread, warm_up
from ladtl_core.records import Sentence

one_thread()

PROBLEMS = ("fever", "cough", "pain", "edema", "fracture")
TESTS = ("mri", "ct", "ecg", "x-ray")


def sentences(department: str, count: int, seed: int) -> tuple[Sentence, ...]:
    """`count` sentences like "the mri of ward-a showed fever ." with Problem and Test entities, two a record."""
    draw = random.Random(f"{department}{seed}")
    made = []
    for i in range(count):
        words = ["the", draw.choice(TESTS), "of", f"{department}{draw.randrange(9)}", "showed"]
        tags = ["O", "B-Test", "O", "O", "O"]
        if draw.random() < 0.5:
            words, tags = [*words, "severe"], [*tags, "B-Problem"]
        words.append(draw.choice(PROBLEMS))
        tags.append("I-Problem" if tags[-1] == "B-Problem" else "B-Problem")
        words, tags = [*words, "."], [*tags, "O"]
        offsets, at = [], 0
        for word in words:
            offsets.append((at, at + len(word)))
            at += len(word) + 1
        made.append(Sentence(f"{department}-{seed}-{i // 2}", tuple(words), tuple(offsets), tuple(tags)))
    return tuple(made)


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """All kernels: processes that run tests beside each other compile them once."""
    warm_up()


@pytest.fixture
def tiny_data() -> TrainingData:
    return TrainingData(
        source=sentences("a", 40, 0),
        target=sentences("b", 12, 0),
        dev=sentences("b", 12, 1),
        test=sentences("b", 12, 2),
    )


def tiny_config(method: str = "la-dtl", **transfer: float) -> Config:
    """A model of a few units that trains in a second."""
    return Config.from_dict(
        {
            "model": {
                "word_size": 8,
                "char_size": 4,
                "char_filters": 4,
                "hidden_size": 8,
                "dropout": 0.1,
                "hidden_dropout": 0.1,
            },
            "training": {
                "max_steps": 40,
                "epoch_steps": 10,
                "pretrain_epochs": 2,
                "learning_rate": 0.02,
                "average": 0.5,
            },
            "transfer": {"method": method, **transfer},
        }
    )
