"""The gap of a run before and after adaptation: which run is the one before, and what stands beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ladtl_core.scores import LabelScore, Scores
from tests.workbench.test_findings import result
from workbench.services import gaps
from workbench.services.gaps import Gap
from workbench.services.results import Result

SOURCE = {"name": "Cardiology", "snapshot_hash": "s", "department": 1, "snapshot": 1}


def run(
    version: int, method: str, gaps_of: list[dict[str, Any]] | None = None, f1: float = 0.0, seed: int = 0,
    alpha: float = 0.1, beta: float = 0.1, source: str = "s",
) -> Result:  # fmt: skip
    score = LabelScore(f1, f1, f1, 12)
    found = result(
        method, Scores(score, {"Test": score}, {}, None, 5), {"sources": [SOURCE | {"snapshot_hash": source}]}
    )
    status = replace(found.run, result={"gaps": gaps_of} if gaps_of is not None else {})
    settings: dict[str, dict[str, Any]] = {
        "model": {},
        "training": {"seed": seed},
        "transfer": {"alpha": alpha, "beta": beta},
    }
    return replace(found, run=status, version=version, settings=settings)


def measured(tag: str, mmd2: float | None, p_value: float | None) -> dict[str, Any]:
    return {"tag": tag, "source": 7, "target": 4, "mmd2": mmd2, "p_value": p_value}


def test_before_and_after_stand_beside_f1_and_spans() -> None:
    before = run(1, "joint-training", [measured("O", 0.5, 0.01), measured("B-Test", 0.3, 0.04)], f1=40.0)
    mine = run(
        2, "la-dtl", [measured("O", 0.2, 0.3), measured("B-Test", 0.1, 0.6), measured("I-Test", None, None)], f1=60.0
    )
    epochs = [
        {"epoch": i, "gap": {"B-Test": gap}} for i, gap in enumerate((0.9, 0.8, 0.4, 0.7), 1)
    ]  # the third is best
    b_test, i_test, outside = gaps.of_result(mine, before, epochs)
    assert (b_test.tag, b_test.before, b_test.after) == ("B-Test", Gap(0.3, 0.04), Gap(0.1, 0.6))
    assert (b_test.source, b_test.target, b_test.spans) == (7, 4, 12)
    assert (b_test.first, b_test.kept, b_test.f1_before, b_test.f1_after) == (0.9, 0.4, 40.0, 60.0)
    assert (i_test.tag, i_test.before, i_test.after, i_test.f1_after) == ("I-Test", None, None, 60.0)
    assert (outside.tag, outside.after, outside.f1_after, outside.spans) == ("O", Gap(0.2, 0.3), None, None)


def test_a_run_of_before_gaps_were_tested_shows_what_was_watched() -> None:
    [shown] = gaps.of_result(run(1, "la-dtl"), None, [{"epoch": 1, "gap": {"B-Test": 0.9}}])
    assert (shown.before, shown.after, shown.source, shown.first, shown.kept) == (None, None, None, 0.9, 0.9)
    assert gaps.of_result(run(1, "la-dtl"), None, [{"epoch": 1, "gap": {}}]) == []


def test_the_run_without_adaptation_differs_in_nothing_else() -> None:
    some = [measured("O", 0.5, 0.1)]
    mine, joint = run(9, "la-dtl", some), run(3, "joint-training", some)
    nothing = run(4, "la-dtl", some, alpha=0, beta=0)
    assert gaps.unadapted(mine, [mine, joint]) is joint
    assert gaps.unadapted(mine, [joint, nothing]) is nothing  # the newer one
    others = [
        run(5, "la-dtl", some, alpha=0),
        run(5, "non-transfer", some),
        run(5, "joint-training", some, seed=1),
        run(5, "joint-training", some, source="other"),
        run(5, "joint-training"),  # not tested
        replace(joint, snapshot="other"),
    ]
    assert gaps.unadapted(mine, others) is None
    assert gaps.unadapted(nothing, [joint]) is None  # it is one itself
    assert gaps.unadapted(run(9, "la-dtl"), [joint]) is None  # nothing to compare with
