"""Splits: as a file says, else drawn by share, by patient, and the same every time."""

from __future__ import annotations

import pytest

from ladtl_core.errors import DataError
from ladtl_core.records import SPLITS, Record
from workbench.services.splits import Place, assign, read_splits


def test_a_splits_file_may_be_silent_on_either_part() -> None:
    data = '\ufeff{"1": {"department": "A"}, "2": {"split": "dev"}, "3": {}}'.encode()
    assert read_splits(data, "x") == {"1": Place("A", None), "2": Place(None, "dev"), "3": Place(None, None)}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"1":\n x}', "splits.json, line 2: this is not JSON"),
        (b"[]", "splits.json: expected"),
        (b'{"1": {"split": "late"}}', "the split of '1' is 'late'; expected one of pool"),
        (b'{"1": {"splits": "dev"}}', "the entry of '1' is not"),
        (b'{"1": "dev"}', "the entry of '1' is not"),
        (b"\xff", "splits.json: this is not JSON in UTF-8"),
    ],
)
def test_a_wrong_splits_file_is_an_error(data: bytes, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read_splits(data, "splits.json")
    assert message in str(caught.value)


def test_random_splits_are_by_share_deterministic_and_independent_of_order() -> None:
    items = [Record(str(i), "x") for i in range(100)]
    splits = assign(items, {}, seed=0)
    assert [splits.count(name) for name in SPLITS] == [70, 0, 15, 15]
    assert assign(items[::-1], {}, seed=0)[::-1] == splits
    assert assign(items, {}, seed=1) != splits


@pytest.mark.parametrize(("records", "held_back"), [(1, 0), (3, 0), (4, 1), (10, 2), (20, 3)])
def test_random_splits_of_few_records(records: int, held_back: int) -> None:
    splits = assign([Record(str(i), "x") for i in range(records)], {}, seed=0)
    assert splits.count("dev") == splits.count("test") == held_back


def test_patients_stay_on_one_side() -> None:
    items = [Record(str(i), "x", patient=f"p{i % 30}", split="dev" if i == 0 else None) for i in range(90)]
    splits = assign(items, {"p1": "test"}, seed=0)
    of_patient = {
        item.patient: {s for i, s in zip(items, splits, strict=True) if i.patient == item.patient} for item in items
    }
    assert all(len(found) == 1 for found in of_patient.values())
    assert of_patient["p0"] == {"dev"} and of_patient["p1"] == {"test"}
    assert 0 < splits.count("test") - 3 <= 13  # of 84 drawn; whole patients, never more than 15 %
