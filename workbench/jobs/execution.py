"""What a run does, in a worker: from the labels that were frozen for it to a model and its suggestions."""

from __future__ import annotations

import json
import logging
import os
import shutil
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from itertools import takewhile
from pathlib import Path
from typing import Any

from ladtl_core.config import Config
from ladtl_core.errors import Cancelled, LadtlError
from ladtl_core.records import Record
from workbench.jobs import inputs, leftovers
from workbench.jobs.learned import learned
from workbench.jobs.learner import Learner
from workbench.jobs.persistence import persistently
from workbench.jobs.sampling import Pruned, judge
from workbench.store import runs, sweeps, trained
from workbench.store import scores as record_scores
from workbench.store.database import Database
from workbench.store.errors import Fenced, NotClaimable, Unavailable
from workbench.store.models import Attempt, Run
from workbench.store.paths import STATES_FILE, home
from workbench.store.records import LABELLING_SPLITS

BEAT_SECONDS = 2.0
MOST_INTERRUPTIONS = 5
PREDICTED_AT_ONCE = 200

log = logging.getLogger(__name__)


def execute(database: Database, run_id: int, worker: str, learner: Learner, beat_seconds: float = BEAT_SECONDS) -> None:
    """Make one attempt at a run, if it may be made, and write down how it ended.

    A run that is no longer waiting, that another worker took over or whose sweep is paused is left alone: deliveries
    may repeat.
    """
    try:
        with database.session() as session:
            if sweeps.held(session, run_id):
                log.info("run %d is held back: its sweep is paused", run_id)
                return
            number = runs.claim(session, run_id, worker)
            run = runs.get(session, run_id)
            interruptions = _interruptions(runs.attempts(session, run_id)[:-1])
    except NotClaimable as refused:
        log.info("%s", refused)
        return
    attempt = _Attempt(database, run, number, learner)
    try:
        with attempt.beating(beat_seconds):
            ending = _ending(attempt, interruptions)
            if ending is not None:
                persistently(lambda: attempt.finish(*ending), attempt.tell_trouble)
    except Fenced as replaced:
        log.warning("%s", replaced)


def _interruptions(attempts: Sequence[Attempt]) -> int:
    """How many attempts in a row, up to the last one, ended without saying so."""
    return sum(1 for _ in takewhile(lambda attempt: attempt.outcome == "lost", reversed(attempts)))


def _ending(attempt: _Attempt, interruptions: int) -> tuple[str, str | None] | None:
    """Do the work; state and error if it did not succeed. Success is written in one transaction with what it made."""
    try:
        if interruptions >= MOST_INTERRUPTIONS:
            raise LadtlError(
                f"given up after {interruptions} attempts that ended without a word: the worker was killed each time, "
                "perhaps for lack of memory; see its log file"
            )
        persistently(attempt.work_on, attempt.tell_trouble)
    except Fenced:
        raise
    except Cancelled:
        return "cancelled", None
    except Pruned as given_up:
        return "pruned", str(given_up)
    except LadtlError as error:
        return "failed", str(error)
    except Exception as error:
        # Where it happened, but not the message, which might quote a record: log files hold no clinical text.
        places = "".join(traceback.format_tb(error.__traceback__))
        log.error("run %d: %s\n%s", attempt.run.id, type(error).__name__, places)
        return "failed", f"an error of the program, not of your data ({type(error).__name__}); its place is in the log"
    return None


class _Attempt:
    """One attempt at a run; every write carries its number, and is refused once another attempt has begun."""

    def __init__(self, database: Database, run: Run, number: int, learner: Learner) -> None:
        self.database, self.run, self.number, self.learner = database, run, number, learner
        self._places, self._told = self._recorded(), {"epoch": 0, "epochs": 0}

    @contextmanager
    def beating(self, seconds: float) -> Iterator[None]:
        """Say every few seconds that the worker lives."""
        done = threading.Event()

        def beat() -> None:
            while not done.wait(seconds):
                try:
                    with self.database.session() as session:
                        if not runs.beat(session, self.run.id, self.number).mine:
                            return
                except Exception as error:  # the database may be back for the next beat
                    log.warning("no heartbeat for run %d: %s", self.run.id, type(error).__name__)

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def should_stop(self) -> bool:
        """Whether somebody cancelled the run or another attempt has replaced this one."""
        with self.database.reading() as session:
            run = runs.get(session, self.run.id)
        return run.cancel_requested or run.state != "running" or run.attempt != self.number

    def _to_stop(self) -> bool:
        """The same after an epoch of a training. Raises Pruned for a trial that is bad beside its study's others."""
        if self.should_stop():
            return True
        if self._told["epoch"] == self._told["epochs"]:
            return False  # it is done
        try:
            judge(self.database, self.run.id, self._told["epoch"])
        except Pruned:
            shutil.rmtree(leftovers.checkpoints(self.run.id), ignore_errors=True)  # there may be hundreds of them
            raise
        return False

    def stop_if_asked(self) -> None:
        if self.should_stop():
            raise Cancelled("cancelled before the end")

    def tell_trouble(self, why: str) -> None:
        """Say on the run what it waits for, if that can be written, and give back the room of what is half made."""
        log.warning("run %d waits: %s", self.run.id, why)
        shutil.rmtree(leftovers.draft(self.run.id, self.number), ignore_errors=True)
        with suppress(Unavailable), self.database.session() as session:
            runs.tell_trouble(session, self.run.id, self.number, why)

    def work_on(self) -> None:
        """Begin, or go on from the checkpoint if the disk or the database failed on the way."""
        self.stop_if_asked()
        if self.run.kind == "train":
            self._train()
        else:
            self._predict()

    def _train(self) -> None:
        spec = self.run.spec
        config = Config.from_dict(spec["config"])
        sources, target, data = learned(self.database, spec)
        trained_now = self.learner.train(
            data,
            config,
            progress=lambda progress: self.tell(progress.to_dict()),
            should_stop=self._to_stop,
            checkpoint=self._checkpoint(),
        )
        result = {
            "scores": {name: scores and scores.to_dict() for name, scores in trained_now.scores.items()},
            "selection": {"kind": trained_now.selection.kind, "text": trained_now.selection.text},
            "best_epoch": trained_now.best_epoch,
            "steps": trained_now.steps,
            "seconds": trained_now.seconds,
        }
        if "keep" not in spec["target"]:
            self._finish_with_model(trained_now, result, sources, target)
        else:
            with self.database.session() as session:
                runs.finish(session, self.run.id, self.number, "succeeded", result=result)
        leftovers.remove(self.run.id)

    def _finish_with_model(
        self, trained_now: Any, result: dict[str, Any], sources: Sequence[Record], target: Sequence[Record]
    ) -> None:
        digest = self._save(trained_now, sources, target)
        spans = self._suggestions(trained_now.tagger)
        scored = self._scores(trained_now.tagger, sources, target)
        gaps = self.learner.gaps(trained_now.tagger, sources, target, self.run.spec["config"]["training"]["seed"])
        with self.database.session() as session:
            model = trained.add_model(
                session,
                department_id=self.run.department_id,
                run_id=self.run.id,
                folder=digest,
                hash=digest,
                scores=result["scores"],
            )
            trained.store_suggestions(session, model.id, spans)
            record_scores.store(session, model.id, scored)
            made = {**result, "hash": digest, "model_id": model.id, "gaps": [asdict(gap) for gap in gaps]}
            runs.finish(session, self.run.id, self.number, "succeeded", result=made)

    def _predict(self) -> None:
        with self.database.reading() as session:
            model = trained.get(session, self.run.spec["model_id"])
            sources, target = inputs.learned_from(session, runs.get(session, model.run_id).spec)
        count, tagger = 0, self.learner.load(home() / "models" / model.folder)
        for spans in self._parts(tagger):
            # A transaction each, so that people who save meanwhile wait for a part and not for a department.
            with self.database.session() as session:
                trained.store_suggestions(session, model.id, spans)
            count += len(spans)
        scored = self._scores(tagger, sources, target)
        for first in range(0, len(scored), PREDICTED_AT_ONCE):
            with self.database.session() as session:
                record_scores.store(session, model.id, scored[first : first + PREDICTED_AT_ONCE])
        with self.database.session() as session:
            runs.finish(session, self.run.id, self.number, "succeeded", result={"model_id": model.id, "records": count})

    def _suggestions(self, tagger: Any) -> dict[int, list[dict[str, Any]]]:
        """The spans of every record of the department, by the record's id."""
        return {record_id: spans for part in self._parts(tagger) for record_id, spans in part.items()}

    def _parts(self, tagger: Any) -> Iterator[dict[int, list[dict[str, Any]]]]:
        """The same, some records at a time."""
        with self.database.reading() as session:
            records = inputs.all_records(session, self.run.department_id)
        for first in range(0, len(records), PREDICTED_AT_ONCE):
            self.stop_if_asked()
            part = records[first : first + PREDICTED_AT_ONCE]
            self.tell({"stage": "suggestions", "epoch": first, "epochs": len(records)})
            found = self.learner.predict(tagger, [record for _, record in part])
            yield {
                record_id: [{"start": s.start, "end": s.end, "label": s.label, "confidence": s.confidence} for s in of]
                for (record_id, _), of in zip(part, found, strict=True)
            }

    def _scores(self, tagger: Any, sources: Sequence[Record], target: Sequence[Record]) -> list[dict[str, Any]]:
        """What the tagger says of the records that could be labelled next, as rows of the store."""
        with self.database.reading() as session:
            records = inputs.all_records(session, self.run.department_id, LABELLING_SPLITS)

        def told(done: int) -> None:
            self.stop_if_asked()
            self.tell({"stage": "scores", "epoch": done, "epochs": len(records)})

        ids = [record_id for record_id, _ in records]
        found = self.learner.score(tagger, [record for _, record in records], sources, target, told)
        return [
            {**asdict(one), "record_id": own, "doubtful": list(one.doubtful), "near_to": ids[one.near_to]}
            for own, one in zip(ids, found, strict=True)
        ]

    def tell(self, payload: dict[str, Any]) -> None:
        """Write an event. One that an earlier attempt wrote already keeps its place, so that no number is left out."""
        step = (payload["stage"], payload["epoch"])
        self._told = payload
        place = self._places.setdefault(step, len(self._places))
        with self.database.session() as session:
            runs.record_event(session, self.run.id, self.number, place, payload)

    def _recorded(self) -> dict[tuple[str, int], int]:
        with self.database.reading() as session:
            events = runs.events(session, self.run.id, -1)
        return {(event.payload["stage"], event.payload["epoch"]): event.seq for event in events}

    def finish(self, state: str, error: str | None) -> None:
        with self.database.session() as session:
            runs.finish(session, self.run.id, self.number, state, error=error)

    def _checkpoint(self) -> Path:
        """This attempt's own file, a copy of the latest one of the attempts before: an old worker cannot spoil it."""
        folder = leftovers.checkpoints(self.run.id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = folder / f"attempt-{self.number}.safetensors"
        if own.exists():  # this attempt waited for a disk or the database
            return own
        for number in range(self.number - 1, 0, -1):
            earlier = folder / f"attempt-{number}.safetensors"
            if earlier.exists():
                copy = own.with_suffix(".copy")
                shutil.copyfile(earlier, copy)
                os.replace(copy, own)
                break
        return own

    def _save(self, trained_now: Any, sources: Sequence[Record], target: Sequence[Record]) -> str:
        """Put the model and its hidden states into the folder that its hash names; returns the hash."""
        models, making = home() / "models", leftovers.draft(self.run.id, self.number)
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700, parents=True)
        digest: str = trained_now.save(making)
        states = self.learner.project(trained_now.tagger, sources, target)
        (making / STATES_FILE).write_text(json.dumps(states), encoding="utf-8")
        if (models / digest).exists():  # the same weights again, after a kill between here and the database
            shutil.rmtree(making)
        else:
            os.replace(making, models / digest)
        return digest
