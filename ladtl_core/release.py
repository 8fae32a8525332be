"""What of a saved model may leave the place whose text it learned from: no word that few patients' records hold.

Loads no torch. The files are those of `prediction.save_tagger`, and `prediction.load_tagger` reads what is made here.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from ladtl_core.data import TRAINING_SPLITS
from ladtl_core.errors import DataError
from ladtl_core.records import Record
from ladtl_core.text import to_sentences
from ladtl_core.vocab import PADDING, UNKNOWN, normal_form

FEWEST_TIMES, FEWEST_PATIENTS = 3, 2
EMBEDDINGS = "encoder.words.weight"  # of `tagger.Tagger`: padding, unknown, then a row for each word


@dataclass(frozen=True)
class Released:
    """`about` is model.json and `weights` model.safetensors with `kept` of `words` words; the others are unknown."""

    about: bytes
    weights: bytes
    kept: int
    words: int


def shared_words(records: Iterable[Record], scheme: str) -> frozenset[str]:
    """Normal forms that the training text has at least three times, in records of at least two patients.

    A record that names no patient counts as one of its own; such records with the same text count as one. A patient's
    id means the same person in every department.
    """
    times, owners = Counter[str](), defaultdict[str, set[tuple[str, str]]](set)
    for record in records:
        if (record.split or "train") not in TRAINING_SPLITS:
            continue
        owner = (record.patient, "") if record.patient else ("", record.text)
        for sentence in to_sentences(record, scheme):
            for word in map(normal_form, sentence.tokens):
                times[word] += 1
                owners[word].add(owner)
    return frozenset(w for w in times if times[w] >= FEWEST_TIMES and len(owners[w]) >= FEWEST_PATIENTS)


def released(folder: Path, may_leave: Set[str]) -> Released:
    """The model of a folder with those of its words that are in `may_leave`, and nothing that names a file here.

    The same model and words give the same bytes. Raises DataError where the folder holds no model.
    """
    try:
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        tensors = load_file(folder / "model.safetensors")
    except (OSError, ValueError, SafetensorError) as error:
        raise DataError(f"holds no model that can be read ({error})", file=str(folder)) from error
    words = about["vocabulary"]["words"]
    stay = [number for number, word in enumerate(words) if word in may_leave]
    about["vocabulary"]["words"] = [words[number] for number in stay]
    about["config"]["training"]["vectors"] = ""
    tensors[EMBEDDINGS] = tensors[EMBEDDINGS][[PADDING, UNKNOWN, *(number + 2 for number in stay)]]
    text = json.dumps(about, ensure_ascii=False, sort_keys=True)
    return Released(text.encode(), save(tensors), len(stay), len(words))
