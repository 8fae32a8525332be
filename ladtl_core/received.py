"""A model that somebody else hands over, checked before a tagger is made of it.

Loads no torch, runs nothing, and allocates little more than the bytes that are there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from ladtl_core.config import Config
from ladtl_core.errors import ConfigError, DataError
from ladtl_core.methods import METHODS, SOURCE, TARGET
from ladtl_core.text import SCHEMES
from ladtl_core.vocab import tag_set, union

Tags = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Received:
    """What a model says of itself; `labels` are those that it predicts."""

    config: Config
    labels: tuple[str, ...]
    words: int


def check(about: bytes, weights: bytes) -> Received:
    """The model of a model.json and a model.safetensors. Raises DataError where `load_tagger` could not take them."""
    try:
        values = json.loads(about)
        config = Config.from_dict(values["config"])
        words, chars = (_distinct(values["vocabulary"][part]) for part in ("words", "chars"))
        tags = {str(domain): tuple(of_domain) for domain, of_domain in values["tags"].items()}
        _check_tags(tags, config)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ConfigError) as error:
        raise DataError(f"describes no model that can be used ({error})", file="model.json") from None
    _check_weights(weights, shapes(config, len(words), len(chars), tags))
    return Received(config, labels_of(tags[TARGET]), len(words))


def labels_of(tags: tuple[str, ...]) -> tuple[str, ...]:
    """The labels that BIO tags are about."""
    return tuple(sorted({tag[2:] for tag in tags if tag != "O"}))


def shapes(config: Config, words: int, chars: int, tags: Tags) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor of a `Tagger`, by its name."""
    model, method = config.model, METHODS[config.transfer.method]
    size = 2 * model.hidden_size
    found: dict[str, tuple[int, ...]] = {"encoder.words.weight": (words + 2, model.word_size)}
    if model.char_filters:
        found["encoder.chars.embedding.weight"] = (chars + 2, model.char_size)
        found |= _linear("encoder.chars.convolution", 3 * model.char_size, model.char_filters)
    for way in ("ahead", "back"):
        gates = 4 * model.hidden_size
        found[f"encoder.{way}.weight_ih_l0"] = (gates, model.word_size + model.char_filters)
        found[f"encoder.{way}.weight_hh_l0"] = (gates, model.hidden_size)
        found |= {f"encoder.{way}.bias_{part}_l0": (gates,) for part in ("ih", "hh")}
    if method.states == "projected":
        found |= _linear(f"states.maps.{SOURCE}", size, size) | _linear(f"states.maps.{TARGET}", size, size)
    for head, of_head in ({"shared": union(tags)} if method.crf == "shared" else tags).items():
        found |= _linear(f"heads.{head}.emissions", size, len(of_head))
        found[f"heads.{head}.crf.transitions"] = (len(of_head), len(of_head))
    return found


def _linear(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _distinct(values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values) or len(set(values)) < len(values):
        raise ValueError("a vocabulary is not a list of different words")
    return values


def _check_tags(tags: Tags, config: Config) -> None:
    needs_source = METHODS[config.transfer.method].needs_source
    if set(tags) != ({SOURCE, TARGET} if needs_source else {TARGET}):
        raise ValueError(f"tags of {', '.join(sorted(tags))} do not fit {config.transfer.method}")
    if config.model.scheme not in SCHEMES:
        raise ValueError(f"token scheme is {config.model.scheme!r}; expected one of {', '.join(SCHEMES)}")
    for domain, of_domain in tags.items():
        if len(of_domain) < 3 or of_domain != tag_set(labels_of(of_domain)):
            raise ValueError(f"the {domain}'s tags are not O and a B- and an I- of each label")


def _check_weights(weights: bytes, expected: dict[str, tuple[int, ...]]) -> None:
    def wrong(what: str) -> DataError:
        return DataError(what, file="model.safetensors")

    try:
        tensors: dict[str, np.ndarray] = load(weights)
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise wrong(f"holds no weights that can be read ({error})") from None
    found = {name: tensor.shape for name, tensor in tensors.items()}
    if different := sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name)):
        name = different[0]
        raise wrong(
            f"{name} has the shape {found.get(name, 'of nothing')}; model.json asks for {expected.get(name, 'none')}"
        )
    for name, tensor in tensors.items():
        if tensor.dtype != np.float32 or not np.isfinite(tensor).all():
            raise wrong(f"{name} holds something else than finite numbers of 32 bits")
