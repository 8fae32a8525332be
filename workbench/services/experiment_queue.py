"""An experiment of `ladtl_core` as a sweep: its corpus as departments, its runs on the engine of the app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ladtl_core.corpora import read_split
from ladtl_core.errors import DataError
from ladtl_core.experiments.plans import RunSpec
from ladtl_core.formats import jsonl
from ladtl_core.methods import METHODS
from ladtl_core.records import Record
from workbench.jobs.api import TrainSpec
from workbench.services import exchange, importing, sweep_plans, training
from workbench.services.roles import Act, needs
from workbench.services.sweep_plans import Plan
from workbench.store import departments, records
from workbench.store.database import Database

CORPUS_SPLITS = ("train", "dev", "test")


@needs(Act.IMPORT)
def bring_in(database: Database, corpus: Path, folders: Sequence[str], who: str) -> tuple[dict[str, int], list[str]]:
    """The departments that stand for these folders of a corpus, by folder; and the names of those that were made.

    Raises DataError for files that cannot be read, and where a department of that name has other records.
    """
    names = {folder: f"{corpus.name} {folder}" for folder in folders}
    found = {folder: _records(corpus / folder, name) for folder, name in names.items()}
    with database.reading() as session:
        known = {folder: departments.by_name(session, name) for folder, name in names.items()}
        for folder, department in known.items():
            if department is not None:
                held = {row.external_id: (row.text, row.split) for row in records.of_department(session, department.id)}
                if held != {one.id: (one.text, one.split) for one in found[folder]}:
                    raise DataError(
                        f"the department {names[folder]} has other records than {corpus / folder}; give the corpus's "
                        "folder another name"
                    )
    new = [folder for folder, department in known.items() if department is None]
    if new:
        lines = "".join(line for folder in new for line in jsonl.write(found[folder]))
        looked = exchange.preview(database, [(f"{corpus.name}.jsonl", lines.encode())], "jsonl")
        if looked.errors:
            raise looked.errors[0]
        importing.commit(database, looked, who)
    with database.reading() as session:
        ids = {folder: one.id for folder, name in names.items() if (one := departments.by_name(session, name))}
    return ids, [names[folder] for folder in new]


def _records(folder: Path, department: str) -> list[Record]:
    """All records of a folder; ids of different files may be alike, so they carry the split."""
    return [
        replace(record, id=f"{split}/{record.id}", department=department)
        for split in CORPUS_SPLITS
        for record in read_split(folder, split)
    ]


@needs(Act.RESEARCH)
def plan(database: Database, specs: Sequence[RunSpec], ids: dict[str, int]) -> Plan:
    """The runs of our methods on these departments; outsiders, which no worker knows, are left out.

    A run keeps a share of the target's labelled records, where `experiment` itself keeps one of its sentences. Raises
    as a sweep's plan does.
    """
    counts: dict[str, int] = {}
    asked = []
    for spec in specs:
        if spec.method in METHODS:
            one = TrainSpec((ids[spec.source],) if spec.source else (), ids[spec.target], spec.config)
            if spec.target not in counts:
                counts[spec.target] = training.offer(database, one).target_labelled
            keep = max(1, round(spec.rate * counts[spec.target]))
            asked.append((replace(one, keep=keep), spec.rate))
    return sweep_plans.planned(database, asked)
