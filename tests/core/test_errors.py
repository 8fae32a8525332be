"""Errors come back whole from another process."""

from __future__ import annotations

import pickle

import pytest

from ladtl_core.errors import DataError, LadtlError, MissingExtraError, TrainingError


@pytest.mark.parametrize(
    "error",
    [DataError("wrong", file="a.conll", line=3), MissingExtraError("spacy", "The experiment"), TrainingError("broke")],
)
def test_errors_cross_processes(error: LadtlError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error) and str(copy) == str(error)
