"""Kills the app, the supervisor and the worker at random moments while people save and trainings run.

After each round what a person would start is started again, if it was killed: the app. The next round begins when
everybody has saved again and a training has ended. Ends with 1 if an acknowledged edit is not in the database, a run
was lost or done twice, or a file is broken.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.crash_checks import broken_checkpoints, broken_runs, findings
from benchmarks.editors import Editor, editing, lost
from benchmarks.served import DATABASES, App, installation
from ladtl_core.config import Config, ModelConfig, TrainingConfig
from ladtl_core.records import Entity, Record
from workbench.jobs import api
from workbench.jobs.api import TrainSpec
from workbench.jobs.slots import Slot
from workbench.jobs.supervisor import SUPERVISOR
from workbench.store import departments, records
from workbench.store.database import Database

KINDS = ("app", "supervisor", "worker")
EDITORS, WAITING = 3, 2  # people who save; runs that wait at any time
MOST_SECONDS, BETWEEN_KILLS = 3.0, 0.5  # from a sound state to the first kill, and to the next
RECOVERED_SECONDS = 300.0
NOTE = "{} was seen in the clinic , number {} , after an MRI scan of the spine ."
WORDS = ("Dyspnoea", "Vertigo", "Headache")


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=20, help="rounds of kills (20)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the moments and of who is killed (0)")
    parser.add_argument("--database", choices=DATABASES, default="sqlite", help="(sqlite)")


def run(options: argparse.Namespace) -> None:
    from benchmarks.output import head, record  # loads torch

    head(options)
    with installation(options.database) as (home, database):
        crashes = Crashes(home, database, options.seed)
        for line in crashes.rounds(options.rounds):
            print(line, flush=True)
        counts = crashes.counts()
    record(options, {"table": "crashes", "database": options.database, "seed": options.seed, **counts})
    print("\n".join(f"{name}: {count:,}" for name, count in counts.items()))
    if crashes.problems:
        print("\n".join(["", *dict.fromkeys(crashes.problems)]))
        sys.exit(1)
    print("nothing lost, nothing done twice, nothing broken")


class Crashes:
    """Rounds on one installation. `problems` are what must not be; none if all is well."""

    def __init__(self, home: Path, database: Database, seed: int) -> None:
        self._home, self._database, self._random = home, database, random.Random(seed)
        self._ids, texts, label = seeded(database)
        self._app = App(home)
        self._slots = {"supervisor": Slot(SUPERVISOR), "worker": Slot("worker-1")}
        self._editors = [
            Editor(self._app.port, f"person-{n}", texts, label, pause=0.05, seed=seed + n) for n in range(EDITORS)
        ]
        self._submitted: list[int] = []
        self._done: set[int] = set()
        self._killed: Counter[str] = Counter()
        self._checked = [0] * EDITORS
        self.problems: list[str] = []

    def rounds(self, count: int) -> Iterator[str]:
        """Make so many rounds; a line for each, and for what was wrong after it."""
        self._app.start()
        try:
            with editing(self._editors):
                self._recover()
                for number in range(1, count + 1):
                    time.sleep(MOST_SECONDS * self._random.random())
                    killed, begin = self._kill(), time.monotonic()
                    if not self._app.alive():
                        self._app.start()
                    self._recover()
                    known = len(self.problems)
                    self._check()
                    seconds, edits = time.monotonic() - begin, sum(len(editor.acknowledged) for editor in self._editors)
                    yield (
                        f"{number:>4}  {' '.join(killed):<24} whole again after {seconds:5.1f} s; {edits:,} edits and "
                        f"{self._ended()} runs so far"
                    )
                    yield from self.problems[known:]
            self._wait(lambda: self._ended() == len(self._submitted), "every run ends")
            self._check(everything=True)
        finally:
            self._app.stop()

    def counts(self) -> dict[str, int]:
        attempts = [api.status(self._database, run_id).attempt for run_id in self._submitted]
        troubles = sum((editor.troubles for editor in self._editors), Counter[str]())
        return {
            **{f"killed: {kind}": self._killed[kind] for kind in KINDS},
            "acknowledged edits": sum(len(editor.acknowledged) for editor in self._editors),
            "runs done": len(attempts),
            "attempts that were killed": sum(attempts) - len(attempts),
            **{f"answers to edits, {what}": count for what, count in troubles.items()},
            "problems": len(self.problems),
        }

    def _kill(self) -> list[str]:
        """Kill one, two or all three, one after the other."""
        killed = self._random.sample(KINDS, self._random.randint(1, len(KINDS)))
        for kind in killed:
            self._app.kill() if kind == "app" else self._slots[kind].kill()
            self._killed[kind] += 1
            time.sleep(self._random.choice((0.0, BETWEEN_KILLS * self._random.random())))
        return killed

    def _recover(self) -> None:
        """Wait until everybody has saved once more and one more run has ended."""
        saved, done = [len(editor.acknowledged) for editor in self._editors], self._ended()

        def recovered() -> bool:
            while len(self._submitted) - self._ended() < WAITING:
                self._submitted.append(api.submit_training(self._database, tiny(*self._ids, len(self._submitted))))
            return self._ended() > done and all(
                len(editor.acknowledged) > before for editor, before in zip(self._editors, saved, strict=True)
            )

        self._wait(recovered, "everybody saves and a run ends")

    def _ended(self) -> int:
        """How many runs have. Asked so often that each run is only looked at until it has; `_check` looks at all."""
        waiting = set(self._submitted) - self._done
        self._done |= {run_id for run_id in waiting if api.status(self._database, run_id).ended}
        return len(self._done)

    def _wait(self, what: Callable[[], bool], text: str) -> None:
        until = time.monotonic() + RECOVERED_SECONDS
        while not what():
            if time.monotonic() > until:
                raise RuntimeError(f"waited {RECOVERED_SECONDS:.0f} s in vain until {text}; see {self._home}")
            time.sleep(0.1)

    def _check(self, everything: bool = False) -> None:
        """Look at what was acknowledged since the last check, at all runs and at all files."""
        for i, editor in enumerate(self._editors):
            first = 0 if everything else self._checked[i]
            self._checked[i] = len(editor.acknowledged)
            self.problems += [f"lost: {one}" for one in lost(self._database, editor.acknowledged[first:])]
        runs_seen = self._submitted if everything else self._submitted[-2 * WAITING :]
        self.problems += [*broken_runs(self._database, runs_seen), *broken_checkpoints(self._home), *findings()]


def seeded(database: Database) -> tuple[tuple[int, int], dict[int, str], int]:
    """Source and target of the trainings; the texts of the records that are labelled, and the label to use."""

    def notes(department: str, count: int) -> list[Record]:
        return [
            Record(
                f"{department}-{i}",
                NOTE.format(WORDS[i % 3], i),
                (Entity(0, len(WORDS[i % 3]), "Problem"),) if i % 3 else None,
                department,
                "dev" if i % 4 == 3 else "pool",
            )
            for i in range(count)
        ]

    with database.session() as session:
        made = [departments.create(session, name, "clinical", ["Problem"]) for name in ("Source", "Target", "Ward")]
        for department in made:
            records.add(session, department.id, notes(department.name, 12), "local")
        texts = {row.id: row.text for row in records.of_department(session, made[2].id)}
        label = departments.labels(session, made[2].id)[0].id
    return (made[0].id, made[1].id), texts, label


def tiny(source: int, target: int, seed: int) -> TrainSpec:
    """A training of a second or two, with many checkpoints."""
    training = TrainingConfig(seed=seed, max_steps=30, epoch_steps=2, batch_size=2, pretrain_epochs=1)
    model = ModelConfig(word_size=8, char_size=4, char_filters=4, hidden_size=6)
    return TrainSpec((source,), target, Config(model, training))
