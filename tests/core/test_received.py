"""Models of other people: what a tagger can be made of is taken, all else is told, and nothing is run."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from ladtl_core.errors import DataError
from ladtl_core.methods import METHODS
from ladtl_core.prediction import load_tagger, save_tagger
from ladtl_core.received import check, shapes
from ladtl_core.tagger import Tagger
from ladtl_core.vocab import Vocabulary, tag_set

from .conftest import tiny_config

WORDS = Vocabulary(("cough", "fever"), ("a", "b", "c"))


def tagger(method: str) -> Tagger:
    tags = {"target": tag_set(("Problem", "Test")), "source": tag_set(("Problem", "Other"))}
    return Tagger(tiny_config(method), WORDS, tags if METHODS[method].needs_source else {"target": tags["target"]})


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    folder = tmp_path_factory.mktemp("model")
    save_tagger(tagger("la-dtl"), folder)
    return (folder / "model.json").read_bytes(), (folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize("method", METHODS)
def test_the_shapes_are_those_of_a_tagger(method: str) -> None:
    made = tagger(method)
    expected = {name: tuple(value.shape) for name, value in made.state_dict().items()}
    assert shapes(made.config, 2, 3, made.tags) == expected


def test_a_saved_model_is_taken(files: tuple[bytes, bytes]) -> None:
    found = check(*files)
    assert (found.labels, found.words, found.config) == (("Problem", "Test"), 2, tiny_config())


def changed(about: bytes, *path: str, to: Any) -> bytes:
    values = json.loads(about)
    inner = values
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = to
    return json.dumps(values).encode()


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("config", "model", "hidden_size"), 10**9),  # would take all memory
        (("config", "model", "char_filters"), 0),
        (("config", "model", "scheme"), "none"),
        (("config", "transfer", "method"), "os.system"),
        (("config", "training", "unheard"), 1),
        (("config",), []),
        (("vocabulary", "words"), ["cough", "cough"]),
        (("vocabulary", "words"), ["cough", 1]),
        (("vocabulary", "words"), ["cough", "fever", "more"]),
        (("vocabulary",), {}),
        (("tags", "target"), ["O", "B-Problem", "I-Test"]),
        (("tags", "target"), ["O"]),
        (("tags", "third"), ["O", "B-X", "I-X"]),
        (("tags",), None),
    ],
)
def test_a_description_that_fits_no_weights_is_told(files: tuple[bytes, bytes], path: tuple[str, ...], to: Any) -> None:
    with pytest.raises(DataError, match="model"):
        check(changed(files[0], *path, to=to), files[1])


@pytest.mark.parametrize("about", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, pickle.dumps({"config": {}})])
def test_what_is_no_description_is_told(files: tuple[bytes, bytes], about: bytes) -> None:
    with pytest.raises(DataError, match="describes no model"):
        check(about, files[1])


def weights(given: bytes, name: str, value: Any) -> bytes:
    return save(load(given) | {name: value})


def test_weights_that_are_no_weights_are_told(files: tuple[bytes, bytes], tmp_path: Path) -> None:
    about, good = files
    bias = load(good)["heads.target.emissions.bias"]
    bad = [
        pickle.dumps({"encoder": 1}),
        good[:-4],
        good + b"more",
        b"\xff" * 8 + good[8:],  # a header longer than the file
        save({}),
        weights(good, "heads.target.emissions.bias", bias * np.float32(np.nan)),
        weights(good, "heads.target.emissions.bias", bias.astype(np.float64)),
        weights(good, "heads.target.emissions.bias", bias[:2]),
        weights(good, "one.more", bias),
    ]
    for given in bad:
        with pytest.raises(DataError, match=r"model\.safetensors"):
            check(about, given)
    (tmp_path / "model.json").write_bytes(about)
    (tmp_path / "model.safetensors").write_bytes(good)
    assert load_tagger(tmp_path).vocabulary == WORDS
