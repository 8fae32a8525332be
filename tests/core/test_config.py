"""Settings: strict values, a strict round trip, and an explanation for every field."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from ladtl_core.config import METHOD_NAMES, PRESETS, Config, ModelConfig, TrainingConfig, TransferConfig
from ladtl_core.errors import ConfigError
from ladtl_core.methods import METHODS


@pytest.mark.parametrize("preset", PRESETS)
def test_round_trip_through_json(preset: str) -> None:
    config = PRESETS[preset]
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"transfer": {"alhpa": 1}}, "no such setting: alhpa"),
        ({"transfer": {"alpha": -1}}, "alpha is -1.0; expected at least 0"),
        ({"transfer": {"epsilon": 1.5}}, "epsilon is 1.5; expected between 0 and 1"),
        ({"transfer": {"method": "magic"}}, "method is 'magic'; expected one of non-transfer"),
        ({"training": {"max_steps": "many"}}, "max_steps is 'many'; expected int"),
        ({"training": {"max_steps": True}}, "max_steps is True"),
        ({"transfer": {"bandwidths": [1.0, "two"]}}, "bandwidths is 'two'; expected float"),
        ({"transfer": {"bandwidths": [1.0, 0.0]}}, "expected one or more numbers above 0"),
        ({"transfer": {"beta": float("nan")}}, "beta is nan; expected a finite number"),
        ({"model": {"hidden_size": 0}}, "hidden_size is 0; expected at least 1"),
    ],
)
def test_bad_values_are_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Config.from_dict(values)


@pytest.mark.parametrize("part", [ModelConfig, TrainingConfig, TransferConfig])
def test_every_setting_explains_itself(part: type) -> None:
    for field in dataclasses.fields(part):
        assert field.metadata["help"].endswith(".") and field.metadata["source"], field.name


def test_the_names_of_methods_are_the_table_of_methods() -> None:
    assert set(METHOD_NAMES) == set(METHODS)
