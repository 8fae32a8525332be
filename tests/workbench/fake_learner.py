"""A learner for the tests of jobs: as resumable as the real one, without torch, with pauses where a kill shall hit.

Run as a program it is a worker with that learner: `python -m tests.workbench.fake_learner --slot worker-1 ...`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ladtl_core.config import Config
from ladtl_core.data import Selection, TrainingData
from ladtl_core.errors import Cancelled, TrainingError
from ladtl_core.records import Record
from workbench.jobs.learner import Learner
from workbench.jobs.worker import WorkerSettings, work

DIVERGES = 1e6  # the learning rate at which the loss is no number


@dataclass(frozen=True)
class Pauses:
    """Seconds in an epoch, in the middle of writing a checkpoint, and in saving the model; an epoch that hangs."""

    epoch: float = 0.0
    write: float = 0.0
    save: float = 0.0
    hang_at: int = 0


@dataclass(frozen=True)
class FakeProgress:
    payload: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return self.payload


@dataclass(frozen=True)
class FakeTrained:
    tagger: str
    best_epoch: int
    pause: float
    steps: int = 1
    seconds: float = 0.1
    selection: Selection = field(default=Selection("fixed", "for a fixed time"))
    scores: dict[str, Any] = field(default_factory=lambda: {"dev": None, "test": None})

    def save(self, folder: Path) -> str:
        time.sleep(self.pause)
        (folder / "model.json").write_text(json.dumps(self.tagger), encoding="utf-8")
        return self.tagger


@dataclass(frozen=True)
class FakeScore:
    """The fields of `ladtl_core.selection.RecordScore`, which loads torch."""

    tokens: int
    uncertainty: float
    gap: float | None
    gap_parts: dict[str, float]
    rank: int | None
    near_to: int
    close: int = 1
    doubtful: tuple[str, ...] = ("Problem",)


@dataclass(frozen=True)
class FakeGap:
    """The fields of `ladtl_core.tag_gaps.MeasuredGap`, which loads torch."""

    tag: str
    source: int
    target: int
    mmd2: float | None = 0.25
    p_value: float | None = 0.5


@dataclass(frozen=True)
class FakeLearner:
    pauses: Pauses = Pauses()

    def train(
        self,
        data: TrainingData,
        config: Config,
        *,
        progress: Callable[[FakeProgress], None],
        should_stop: Callable[[], bool],
        checkpoint: Path,
    ) -> FakeTrained:
        epochs = -(-config.training.max_steps // config.training.epoch_steps)
        state, epoch = data.fingerprint(), 0
        if checkpoint.exists():
            state, epoch = json.loads(checkpoint.read_text(encoding="utf-8"))
            progress(_progress("training", epoch, epochs))
        else:
            progress(_progress("embeddings", 0, epochs))
            progress(_progress("training", 0, epochs))
        while epoch < epochs:
            if config.training.learning_rate == DIVERGES:
                raise TrainingError("the loss target is nan at step 1; a smaller learning rate may help")
            time.sleep(self.pauses.epoch if epoch + 1 != self.pauses.hang_at else 3600)
            epoch += 1
            state = hashlib.sha256(f"{state} {config.training.seed} {epoch}".encode()).hexdigest()
            self._write(checkpoint, json.dumps([state, epoch]))
            progress(_progress("training", epoch, epochs))
            if should_stop():
                raise Cancelled("cancelled")
        return FakeTrained(state, epochs, self.pauses.save)

    def _write(self, checkpoint: Path, text: str) -> None:
        new = checkpoint.with_name(checkpoint.name + ".new")
        new.write_text(text[: len(text) // 2], encoding="utf-8")
        time.sleep(self.pauses.write)
        new.write_text(text, encoding="utf-8")
        os.replace(new, checkpoint)

    def load(self, folder: Path) -> str:
        loaded: str = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        return loaded

    def predict(self, tagger: str, records: Sequence[Record]) -> list[list[Any]]:
        """The first word of every record is a Problem."""
        return [
            [argparse.Namespace(start=0, end=len(r.text.split()[0]), label="Problem", confidence=0.75)] for r in records
        ]

    def score(
        self,
        tagger: str,
        records: Sequence[Record],
        source: Sequence[Record],
        target: Sequence[Record],
        told: Callable[[int], None],
    ) -> list[FakeScore]:
        """The longer the less certain; a gap where there is a source; ranks of the unlabelled in their order."""
        told(0)
        labelled = {record.id for record in target if record.entities is not None}
        free = [record.id for record in records if record.id not in labelled]
        return [
            FakeScore(
                tokens=len(record.text.split()),
                uncertainty=min(len(record.text) / 1000, 1.0),
                gap=0.25 if source else None,
                gap_parts={"Problem": 0.25} if source else {},
                rank=free.index(record.id) + 1 if record.id in free else None,
                near_to=i // 3 * 3,
            )
            for i, record in enumerate(records)
        ]

    def project(self, tagger: str, source: Sequence[Record], target: Sequence[Record]) -> dict[str, Any]:
        """Two tokens of the target, and one of the source where there is one."""
        points = {"target": {"B-Problem": [[0.0, 1.0]], "I-Problem": [[1.0, 0.0]]}}
        return {"explained": [0.6, 0.3], "points": points | ({"source": {"O": [[2.0, 2.0]]}} if source else {})}

    def gaps(self, tagger: str, sources: Sequence[Record], target: Sequence[Record], seed: int) -> list[FakeGap]:
        """The numbers of records that were given."""
        return [FakeGap("B-Problem", len(sources), len(target))] if sources else []

    def learner(self) -> Learner:
        steps = (self.train, self.load, self.predict, self.score, self.project, self.gaps)
        return Learner(*steps, rehearse=lambda: None, forget=lambda: None)


def _progress(stage: str, epoch: int, epochs: int) -> FakeProgress:
    dev = {"precision": 50.0, "recall": 50.0, "f1": 50.0 + epoch} if epoch else None
    losses = {"target": 1.0 / epoch} if epoch else {}
    gap = {"B-Problem": 0.1} if epoch else {}
    return FakeProgress(
        {
            "stage": stage,
            "epoch": epoch,
            "epochs": epochs,
            "step": epoch,
            "seconds": float(epoch),
            "losses": losses,
            "dev": dev,
            "gap": gap,
        }
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--slot", required=True)
    parser.add_argument("--stalled-seconds", type=float, default=30)
    for name in ("epoch", "write", "save"):
        parser.add_argument(f"--{name}", type=float, default=0)
    parser.add_argument("--hang-at", type=int, default=0)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, force=True)
    fake = FakeLearner(Pauses(given.epoch, given.write, given.save, given.hang_at))
    return work(WorkerSettings(given.slot, beat_seconds=0.2, stalled_seconds=given.stalled_seconds), fake.learner)


if __name__ == "__main__":
    sys.exit(main())
