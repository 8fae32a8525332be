"""The order of a queue: as imported, at random, or by what the department's current model says of the records."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workbench.jobs import api
from workbench.services.roles import Act, needs
from workbench.store import departments, runs, scores, trained
from workbench.store.database import Database
from workbench.store.labels import by_name
from workbench.store.records import QueueItem
from workbench.store.scores import Key, RecordScore

GIVEN, RANDOM, UNCERTAINTY, DIVERSITY, GAP, MIX = "given", "random", "uncertainty", "diversity", "gap-closing", "mix"
ORDERS = (GIVEN, RANDOM, UNCERTAINTY, DIVERSITY, GAP, MIX)
UNSCORED = "unscored"
OUTSIDE = "words without a label"
NAMED = 0.1  # the least share of a record's gap for which a label is named


@dataclass(frozen=True)
class Ranking:
    """What a department's current model says of its records; without a model nothing. `sources` it learned from."""

    department_id: int
    model_id: int | None = None
    version: int | None = None
    sources: str = ""
    keys: Mapping[int, Key] = field(default_factory=dict)

    @property
    def orders(self) -> tuple[str, ...]:
        """The orders that can be offered now."""
        if not self.keys:
            return GIVEN, RANDOM
        return tuple(order for order in ORDERS if order != GAP or self.has_gap)

    @property
    def has_gap(self) -> bool:
        return any(key.gap is not None for key in self.keys.values())

    @property
    def alike(self) -> dict[int, int]:
        """The group of near-duplicates that each record is in."""
        return {record_id: key.near_to for record_id, key in self.keys.items()}

    def unscored(self, items: Iterable[QueueItem]) -> int:
        """How many of these records the model has no scores of."""
        return sum(item.record_id not in self.keys for item in items)


@dataclass(frozen=True)
class Arranged:
    """A queue in an order. `chosen_by` says by which order each record has its place; a mix has it from the others."""

    items: list[QueueItem]
    chosen_by: Mapping[int, str]


@needs(Act.ANNOTATE)
def ranking(database: Database, department_id: int) -> Ranking:
    """The scores of the department's current model."""
    with database.reading() as session:
        model = trained.current(session, department_id)
        if model is None:
            return Ranking(department_id)
        parts = runs.get(session, model.run_id).spec.get("sources", [])
        sources = " and ".join(part["name"] for part in parts)
        return Ranking(department_id, model.id, model.version, sources, scores.keys(session, model.id))


@needs(Act.ANNOTATE)
def being_scored(database: Database, ranking: Ranking) -> bool:
    """Whether a run that will score the department's records waits or is under way."""
    found = api.list_runs(database, ranking.department_id)
    return any(run.kind == "predict" and not run.ended and run.spec["model_id"] == ranking.model_id for run in found)


@needs(Act.ANNOTATE)
def score(database: Database, ranking: Ranking) -> None:
    """Let a worker score the records that the current model has no scores of."""
    if ranking.model_id is not None:
        api.submit_prediction(database, ranking.model_id)


def arranged(items: Sequence[QueueItem], order: str, ranking: Ranking, author: str) -> Arranged:
    """The items in an order that `ranking` offers; in any other they keep theirs.

    Records without scores come last, but in a random order. A near-duplicate never follows another one while there are
    others, and may therefore come later still; the given order alone is left as it is.
    """
    if order == GIVEN or order not in ranking.orders:
        return Arranged(list(items), dict.fromkeys((item.record_id for item in items), GIVEN))
    known = ranking.keys
    scored = [item.record_id for item in items if item.record_id in known]
    seed = f"{ranking.department_id} {author}"
    if order == RANDOM:
        chosen = dict.fromkeys(_shuffled([item.record_id for item in items], seed), RANDOM)
    elif order == MIX:
        single = [one for one in (UNCERTAINTY, GAP, DIVERSITY) if one in ranking.orders]
        chosen = _mixed({RANDOM: _shuffled(scored, seed), **{one: _sorted(scored, one, known) for one in single}})
    else:
        chosen = dict.fromkeys(_sorted(scored, order, known), order)
    by_id = {item.record_id: item for item in items}
    chosen |= dict.fromkeys((record_id for record_id in by_id if record_id not in chosen), UNSCORED)
    return Arranged([by_id[record_id] for record_id in apart(list(chosen), ranking.alike)], chosen)


def _sorted(record_ids: Sequence[int], order: str, known: Mapping[int, Key]) -> list[int]:
    """The most telling first; equal ones stay as they are."""

    def place(record_id: int) -> float:
        key = known[record_id]
        if order == DIVERSITY:
            return float("inf") if key.rank is None else key.rank
        return -((key.gap or 0.0) if order == GAP else key.uncertainty)

    return sorted(record_ids, key=place)


def _shuffled(record_ids: Sequence[int], seed: str) -> list[int]:
    """An order of a person's own; a record keeps its place between the others when more come."""
    return sorted(record_ids, key=lambda one: hashlib.blake2b(f"{seed} {one}".encode(), digest_size=8).digest())


def _mixed(orders: Mapping[str, Sequence[int]]) -> dict[int, str]:
    """The orders take turns, each with its next record that none has taken."""
    chosen: dict[int, str] = {}
    left = {order: iter(ids) for order, ids in orders.items()}
    while left:
        for order, ids in list(left.items()):
            record_id = next((one for one in ids if one not in chosen), None)
            if record_id is None:
                del left[order]
            else:
                chosen[record_id] = order
    return chosen


def apart(record_ids: Sequence[int], alike: Mapping[int, int]) -> list[int]:
    """The same, with each near-duplicate of the one before it put off until another has come between."""

    def follows(before: int, after: int) -> bool:
        return alike.get(before, before) == alike.get(after, after)

    done: list[int] = []
    waiting: deque[int] = deque()  # all of one group, that of the last one done
    for record_id in record_ids:
        if done and follows(done[-1], record_id):
            waiting.append(record_id)
            continue
        done.append(record_id)
        if waiting:
            done.append(waiting.popleft())
    return [*done, *waiting]


@needs(Act.ANNOTATE)
def reason(database: Database, ranking: Ranking, arranged: Arranged, record_id: int) -> str:
    """Why the record has its place, in one line."""
    order = arranged.chosen_by[record_id]
    if order == GIVEN:
        return "In the order of import."
    if order == UNSCORED:
        return f"Imported after model v{ranking.version} scored the records: such records come last."
    if ranking.model_id is None or record_id not in ranking.keys:
        return "Drawn at random."
    with database.reading() as session:
        row = scores.of_record(session, record_id, ranking.model_id)
        labels = departments.labels(session, ranking.department_id)
    names = {name: label.name for name, label in by_name(labels).items()}
    if row is None or order == RANDOM:
        said = "Drawn at random."
    elif order == UNCERTAINTY:
        said = _doubts(row, names)
    else:
        said = _gap(row, names, ranking) if order == GAP else _unlike(row, ranking)
    group = ranking.keys[record_id].near_to
    copies = sum(key.near_to == group for key in ranking.keys.values())
    return said if copies == 1 else f"{said} One of {copies:,} near-duplicates."


def _doubts(row: RecordScore, names: Mapping[str, str]) -> str:
    if not row.close:
        return "Certain: none of its tokens is a close call."
    about = " or ".join(names.get(label, label) for label in row.doubtful)
    tokens = f"{row.tokens:,} token{'s' * (row.tokens > 1)}"
    are = "is a close call" if row.close == 1 else "are close calls"
    return f"Uncertain: {row.close:,} of {tokens} {are}{f', most about {about}' if about else ''}."


def _unlike(row: RecordScore, ranking: Ranking) -> str:
    if row.rank is None:
        return f"Labelled before: model v{ranking.version} learned from it."
    others = sum(key.rank is not None for key in ranking.keys.values())
    return f"Unlike anything labelled when model v{ranking.version} was trained: number {row.rank:,} of {others:,}."


def _gap(row: RecordScore, names: Mapping[str, str], ranking: Ranking) -> str:
    if not row.gap:
        return f"No gap to close here: {ranking.sources} and this department agree."
    parts = sorted(row.gap_parts.items(), key=lambda part: -part[1])
    shares = [
        f"{OUTSIDE if label == 'O' else names.get(label, label)} ({part / row.gap:.0%})"
        for label, part in parts
        if part >= NAMED * row.gap
    ]
    return f"Closes the gap to {ranking.sources}, most in {', then '.join(shares)}."
