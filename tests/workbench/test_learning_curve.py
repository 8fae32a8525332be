"""Which trainings make a curve, and what it says of records still to label."""

from __future__ import annotations

import pytest

from tests.workbench.curve_kit import SIZES, UNLABELLED, add, finish, grown, law, submit
from workbench.jobs import api
from workbench.services import learning_curve, results
from workbench.services.learning_curve import Curve
from workbench.services.power_law import Law, Unknown
from workbench.store.database import Database


def curve(database: Database, department: int) -> Curve:
    found = learning_curve.of_department(database, department)
    assert found is not None
    return found


def sizes(database: Database, department: int) -> list[int]:
    return sorted(point.records for point in curve(database, department).overall.points)


def test_how_many_more(database: Database) -> None:
    found = curve(database, grown(database, "Cardiology"))
    assert (found.method, found.dev_records) == ("non-transfer", 30)
    assert [(point.records, point.f1) for point in reversed(found.overall.points)] == [(n, law(n)) for n in SIZES]
    told = learning_curve.forecast(found.overall, law(120), 80)
    assert told.more == 40 and 0 <= told.low < 40 < told.high
    assert told.text == f"About 40 more records for F1 {law(120):g} (90 % interval: {told.low} to {told.high})."
    assert learning_curve.forecast(found.overall, law(120), 90).more == 30


def test_an_f1_that_is_reached(database: Database) -> None:
    found = curve(database, grown(database, "Cardiology")).overall
    near = learning_curve.forecast(found, law(80) - 0.5, 80)
    assert near.more == 0 and near.high > 0 and f"up to {near.high} more" in near.text
    assert learning_curve.forecast(found, law(30), 80).text.endswith("with the 80 records that are labelled.")


def test_labels_have_their_own_curves_where_dev_has_enough_of_them(database: Database) -> None:
    labels = curve(database, grown(database, "Cardiology")).labels
    assert isinstance(labels["Problem"].law, Law) and labels["Problem"].support == 60
    assert isinstance(labels["Treatment"].law, Unknown)
    told = learning_curve.forecast(labels["Treatment"], 75, 80)
    assert told.more is None
    assert told.text == "Cannot tell: the dev records hold 4 spans, 20 are needed."
    rare, frequent = (learning_curve.forecast(labels[label], law(120), 80) for label in ("Test", "Problem"))
    assert rare.high - rare.low > frequent.high - frequent.low


def test_a_label_that_was_not_there_is_not_told(database: Database) -> None:
    department = grown(database, "Cardiology", sizes=(20, 40))
    for size in (60, 80):
        add(database, department, size - 20, size)
        finish(database, submit(database, department), law(size), without=["Test"])
    found = curve(database, department)
    assert isinstance(found.overall.law, Law) and "Test" not in found.labels
    add(database, department, 80, 100)
    finish(database, submit(database, department), law(100))
    again = curve(database, department).labels["Test"]
    assert sorted(point.records for point in again.points) == [20, 40, 100]


@pytest.mark.parametrize("tried", [(20,), (20, 40)])
def test_silent_with_fewer_than_three_sizes(database: Database, tried: tuple[int, ...]) -> None:
    found = curve(database, grown(database, "Cardiology", sizes=tried))
    told = learning_curve.forecast(found.overall, 75, 40)
    assert told.more is None and "3 different numbers of records" in told.text
    assert learning_curve.outlook(found, 40, UNLABELLED) is None


def test_silent_where_more_records_changed_nothing(database: Database) -> None:
    found = curve(database, grown(database, "Cardiology", f1=lambda size: 60.0 + size % 3))
    assert "no more than chance" in learning_curve.forecast(found.overall, 75, 80).text
    assert learning_curve.outlook(found, 80, UNLABELLED) is None


def test_only_trainings_that_differ_in_labels_and_seed_are_compared(database: Database) -> None:
    department = grown(database, "Cardiology")
    for run_id in (
        submit(database, department, steps=200),
        submit(database, department, seed=9),  # the same but for the seed
    ):
        finish(database, run_id, 50.0)
    submit(database, department, seed=10)  # not finished
    assert sizes(database, department) == [*SIZES, SIZES[-1]]


def test_a_curve_is_measured_on_parts_of_the_labels(database: Database) -> None:
    department = grown(database, "Cardiology", sizes=())
    add(database, department, 0, 80)
    finish(database, whole := submit(database, department), law(80))
    done = api.status(database, whole)
    *parts, again = learning_curve.measure(database, done, 80)
    assert again == whole  # nothing was labelled since
    assert learning_curve.under_way(database, done) == 3
    queued = [api.status(database, run_id) for run_id in parts]
    assert [run.spec["target"]["keep"] for run in queued] == [20, 40, 60]
    assert [run.title for run in queued] == [f"non-transfer: Cardiology, {n} records" for n in (20, 40, 60)]
    for run in queued:
        finish(database, run.run_id, law(run.spec["target"]["keep"]))
    assert sizes(database, department) == list(SIZES) and learning_curve.under_way(database, done) == 0
    assert learning_curve.forecast(curve(database, department).overall, law(120), 80).more == 40
    assert [result.run.run_id for result in results.of_department(database, department)] == [whole]


def test_a_changed_dev_set_begins_a_new_curve(database: Database) -> None:
    department = grown(database, "Cardiology")
    add(database, department, 100, 103, split="dev")
    finish(database, later := submit(database, department), 50.0)
    assert sizes(database, department) == list(SIZES)
    assert [point.f1 for point in learning_curve.of_run(database, api.status(database, later)).overall.points] == [50.0]


def test_what_the_next_records_should_gain(database: Database) -> None:
    found = curve(database, grown(database, "Cardiology"))
    told = [learning_curve.outlook(found, 80, left) for left in (UNLABELLED, 12, 3, 0)]
    assert told == [
        f"20 more records and non-transfer should gain about {law(100) - law(80):.0f} F1.",
        f"12 more records and non-transfer should gain about {law(92) - law(80):.0f} F1.",
        "3 more records should gain non-transfer less than 1 F1.",
        None,
    ]


def test_a_department_without_a_model_has_no_curve(database: Database) -> None:
    assert learning_curve.of_department(database, grown(database, "Cardiology", sizes=())) is None
