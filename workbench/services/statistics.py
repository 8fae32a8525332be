"""How far everybody is: records, spans, time a record, and what became of suggestions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from workbench.services.roles import Act, needs
from workbench.services.suggesting import SOURCES
from workbench.store import statistics
from workbench.store.database import Database

LONGEST_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Work:
    """What one person did in a department.

    `seconds` is the median over records, None where no time is known; `accepted` has (accepted, decided) suggestions
    by their origin.
    """

    person: str
    records: int
    spans: int
    seconds: float | None
    accepted: dict[str, tuple[int, int]] = field(default_factory=dict)


@needs(Act.REVIEW)
def of_department(database: Database, department_id: int) -> list[Work]:
    """Everybody who did something in the department, by name."""
    with database.reading() as session:
        submitted = statistics.submitted(session, department_id)
        seconds = seconds_a_record(statistics.saves(session, department_id))
        decided = statistics.decided(session, department_id)
    people = sorted({*submitted, *seconds, *(person for person, _ in decided)})
    return [
        Work(
            person,
            *submitted.get(person, (0, 0)),
            seconds.get(person),
            {origin: decided[person, origin] for origin in SOURCES if (person, origin) in decided},
        )
        for person in people
    ]


def seconds_a_record(saves: Iterable[tuple[str, int, datetime]]) -> dict[str, float]:
    """The median time of each person for a record, from saves ordered by person and time.

    The time between two saves belongs to the record of the later; pauses over five minutes are not counted. So the
    time before a person's first save is unknown.
    """
    spent: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    before: tuple[str, datetime] | None = None
    for person, record_id, at in saves:
        if before and before[0] == person and at - before[1] <= LONGEST_PAUSE:
            spent[person][record_id] += (at - before[1]).total_seconds()
        before = person, at
    return {person: median(records.values()) for person, records in spent.items()}
