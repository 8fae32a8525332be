"""Corpora on disk: a folder of `train.conll`, `dev.conll` and `test.conll` for each domain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ladtl_core.data import TrainingData
from ladtl_core.errors import DataError
from ladtl_core.formats import read_file
from ladtl_core.mapping import LabelMapping, labels_of_records
from ladtl_core.records import Record


def read_split(folder: Path, split: str) -> list[Record]:
    """The records of one split of a folder. Raises DataError."""
    path = folder / f"{split}.conll"
    if not path.exists():
        raise DataError(
            "there is no such file; the folder must hold train.conll, dev.conll and test.conll", file=str(path)
        )
    return [replace(record, split=split) for record in read_file(path)]


def read_sources(folders: Sequence[Path], split: str) -> list[Record]:
    """Records of all sources, one after the other: they are one domain with one CRF.

    The paper has one source. Two or more are taken for a larger one, whose sentences a batch draws alike; where they
    must count differently, choose what is in the folders. Records of several folders carry the folder in their id.
    """
    if len(folders) == 1:
        return read_split(folders[0], split)
    return [replace(r, id=f"{folder.name}/{r.id}") for folder in folders for r in read_split(folder, split)]


def read_training_data(
    sources: Sequence[Path], target: Path, scheme: str, mapping: LabelMapping | None = None
) -> TrainingData:
    """The training sentences of the sources, their labels mapped, and the target's three splits. Raises DataError."""
    of_target = [record for split in ("train", "dev", "test") for record in read_split(target, split)]
    of_source = read_sources(sources, "train")
    if mapping is not None:
        of_source = mapping.apply(of_source, labels_of_records(of_target))
    return TrainingData.of_records(of_source, of_target, scheme)
