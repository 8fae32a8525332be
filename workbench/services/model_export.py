"""A trained model on its way out: what it is, how good it was, and its weights, without words of few patients."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from ladtl_core.data import TRAINING_SPLITS
from ladtl_core.received import check
from ladtl_core.release import FEWEST_PATIENTS, FEWEST_TIMES, Released, released, shared_words
from workbench.jobs import api
from workbench.jobs.api import RunStatus
from workbench.services import model_folder, model_trial
from workbench.services.model_card import card
from workbench.services.model_folder import FORMAT, SPEC, VERSION, Files, digest
from workbench.services.results import epochs
from workbench.services.roles import Act, needs, visible
from workbench.store import audit, departments, runs, snapshots, trained
from workbench.store.database import Database
from workbench.store.models import Model
from workbench.store.paths import home


@dataclass(frozen=True)
class Exported:
    """The files of a folder of that name, and how many of the model's words are in them."""

    name: str
    files: Files
    kept: int
    words: int

    @property
    def card(self) -> str:
        return self.files["card.md"].decode()


@needs(Act.MODELS)
def export(database: Database, model_id: int, who: str) -> Exported:
    """The model as files that may leave, measured as they are on dev; one that was brought in goes as it came.

    The same model gives the same bytes as long as the texts that it learned from are the same. Raises NotFound, and
    DataError where its files are damaged.
    """
    with database.reading() as session:
        model = trained.get(session, model_id)
        department = departments.get(session, model.department_id).name
    run = api.status(database, model.run_id)
    if runs.IMPORTED in run.spec:
        files = model_folder.read(home() / "models" / model.folder)
        spec = json.loads(files[SPEC])
    else:
        files, spec = _files(database, model, run)
    stem = "".join(c if c.isalnum() or c in "-_." else "_" for c in department)
    made = Exported(f"{stem}-v{model.version}-{spec['method']}", files, spec["words"]["kept"], spec["words"]["of"])
    with database.session() as session:
        audit.note(session, who, "exported", f"model {model_id}", {"words": made.kept, "of": made.words})
    return made


@needs(Act.MODELS)
def listed(database: Database) -> list[tuple[int, str]]:
    """Number and name of every model, by department and version: `3, Respiratory v2, current`."""
    with database.reading() as session:
        sees = visible(session)
        return [
            (model.id, f"{one.name} v{model.version}{', current' if model.id == one.current_model_id else ''}")
            for one in filter(lambda one: sees(one.id), departments.all_departments(session))
            for model in reversed(trained.of_department(session, one.id))
        ]


def _files(database: Database, model: Model, run: RunStatus) -> tuple[Files, dict[str, Any]]:
    scheme = run.spec["config"]["model"]["scheme"]
    words = shared_words(api.learned_from(database, run), scheme)
    safe = released(home() / "models" / model.folder, words)
    files = {"model.json": safe.about, "model.safetensors": safe.weights}
    with database.reading() as session:
        spec = _spec(session, model, run, safe)
        labelled = snapshots.records(session, run.spec["target"]["snapshot"])
    dev = [record for record in labelled if record.split == "dev"]
    metrics = {
        "dev": _without_counts(model_trial.scores(files, dev) if dev else None),
        "dev_with_all_words": _without_counts(model.scores.get("dev")),
        "epochs": epochs(database, run.run_id),
        **{name: (run.result or {})[name] for name in ("selection", "best_epoch", "steps", "seconds")},
    }
    files |= {"card.md": card(spec, metrics).encode(), "metrics.json": _json(metrics)}
    spec["files"] = {name: digest(data) for name, data in files.items()}
    return {**files, SPEC: _json(spec)}, spec


def _spec(session: Session, model: Model, run: RunStatus, safe: Released) -> dict[str, Any]:
    """What the model is, without ids of this installation."""
    known = check(safe.about, safe.weights)
    words = {"kept": safe.kept, "of": safe.words, "times": FEWEST_TIMES, "patients": FEWEST_PATIENTS}
    return {
        "format": FORMAT,
        "version": VERSION,
        "method": run.spec["config"]["transfer"]["method"],
        "config": known.config.to_dict(),
        "labels": list(known.labels),
        "sources": [_part(session, part) for part in run.spec["sources"]],
        "target": _part(session, run.spec["target"]),
        "trained": run.finished_at.date().isoformat() if run.finished_at else "",
        "trained_weights": model.hash,
        "code_version": runs.get(session, run.run_id).code_version,
        "words": words,
    }


def _part(session: Session, part: Mapping[str, Any]) -> dict[str, Any]:
    counts = snapshots.split_counts(session, part["snapshot"])
    labelled = sum(counts.get(split, 0) for split in TRAINING_SPLITS)
    return {"name": part["name"], "snapshot_hash": part["snapshot_hash"], "labelled": labelled} | (
        {"labels": part["labels"]} if "labels" in part else {}
    )


def _without_counts(scores: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Figures of single records stay here; so do all test scores, whose looks are counted."""
    return {**scores, "counts": {}} if scores else None


def _json(values: Mapping[str, Any]) -> bytes:
    return (json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
