"""Where each department stands, and what would help it most next."""

from __future__ import annotations

from dataclasses import dataclass

from ladtl_core.data import FEWEST_RECORDS_TO_HOLD_OUT
from ladtl_core.scores import Scores
from workbench.services.roles import Act, needs, visible
from workbench.store import departments
from workbench.store.database import Database
from workbench.store.departments import Overview, SplitCount

ENOUGH_TO_START = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """One department's card. `action` names the page of the next step, or is evaluate."""

    department_id: int
    name: str
    generated: bool
    records: int
    labelled: int
    evaluation_records: int
    evaluation_labelled: int
    model_version: int | None
    dev: Scores | None
    next_step: str
    action: str


@needs(Act.SEE)
def standings(database: Database) -> list[Standing]:
    """All departments that may be seen, in the order in which they were made."""
    with database.reading() as session:
        sees = visible(session)
        rows = [row for row in departments.overview(session) if sees(row.department_id)]
    return [_standing(row, others=[other for other in rows if other is not row]) for row in rows]


def _standing(row: Overview, others: list[Overview]) -> Standing:
    evaluation = [row.splits[split] for split in ("dev", "test") if split in row.splits]
    labelled = _labelled_for_training(row)
    dev = (row.scores or {}).get("dev")
    action, text = _next_step(row, labelled, any(_labelled_for_training(other) for other in others))
    return Standing(
        row.department_id,
        row.name,
        row.generated,
        row.records,
        labelled,
        sum(part.records for part in evaluation),
        sum(part.labelled for part in evaluation),
        row.model_version,
        Scores.from_dict(dev) if dev else None,
        text,
        action,
    )


def _labelled_for_training(row: Overview) -> int:
    return sum(row.splits[split].labelled for split in ("pool", "train") if split in row.splits)


def _next_step(row: Overview, labelled: int, has_source: bool) -> tuple[str, str]:
    dev = row.splits.get("dev", SplitCount(0, 0))
    if not row.records:
        return "data", "Import records to begin."
    waiting = sum(part.waiting for part in row.splits.values())
    if waiting:
        records = "record" if waiting == 1 else "records"
        return "agreement", f"Adjudicate {waiting} {records} that several people submitted, so that they count."
    if labelled < FEWEST_RECORDS_TO_HOLD_OUT:
        missing = FEWEST_RECORDS_TO_HOLD_OUT - labelled
        return (
            "annotate",
            f"Label {missing} more: from {FEWEST_RECORDS_TO_HOLD_OUT} records on, training can stop early.",
        )
    if dev.records and not dev.labelled:
        return "evaluate", f"Label the {dev.records} dev records, so that a model's F1 can be measured."
    if labelled < ENOUGH_TO_START and row.model_version is None:
        return "annotate", f"Label {ENOUGH_TO_START - labelled} more records, then train."
    if row.model_version is None:
        how = "with another department as the source" if has_source else "on its own records"
        return "train", f"Train a first model {how}."
    if labelled < row.records - sum(part.records for name, part in row.splits.items() if name in ("dev", "test")):
        return "review", "Correct the model's suggestions, then train again."
    return "train", "Every record is labelled; train again to use them all."
