"""Label sets for pages: their labels and changes of them, whether spans may overlap, and what people are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from workbench.services.roles import Act, needs, seen_departments, visible
from workbench.store import audit, departments, labels, search
from workbench.store import label_sets as sets
from workbench.store.database import Database
from workbench.store.labels import KEYS
from workbench.store.merging import Merged, merge

__all__ = [
    "KEYS", "GuidedLabel", "GuidedSet", "Standing", "add_label", "allow_overlaps", "bring_back_label", "by_id",
    "change_label", "copy_set", "create_set", "label_sets", "merge_labels", "of_department", "places", "rename_set",
    "retire_label", "standings", "write_guidelines",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class GuidedLabel:
    """A label with its guideline (Markdown) and its palette index."""

    label_id: int
    name: str
    colour: int
    key: str | None
    guideline: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A label with what it was called before, and how many spans have it."""

    label_id: int
    name: str
    colour: int
    key: str | None
    retired: bool
    former_names: tuple[str, ...]
    spans: int


@dataclass(frozen=True, slots=True)
class GuidedSet:
    """A label set with the departments that use it; retired labels are left out."""

    label_set_id: int
    name: str
    departments: dict[int, str]  # names by id
    overlaps: bool
    guideline: str
    labels: tuple[GuidedLabel, ...]


@needs(Act.SEE)
def label_sets(database: Database) -> list[GuidedSet]:
    """The label sets in the order in which they were made; not those of hidden departments alone."""
    with database.reading() as session:
        users: dict[int, dict[int, str]] = {}
        hidden, sees = set(), visible(session)
        for department in departments.all_departments(session):
            if sees(department.id):
                users.setdefault(department.label_set_id, {})[department.id] = department.name
            else:
                hidden.add(department.label_set_id)
        return [
            GuidedSet(
                found.id,
                found.name,
                users.get(found.id, {}),
                found.overlaps,
                found.guideline,
                tuple(
                    GuidedLabel(label.id, label.name, label.colour, label.key, label.guideline)
                    for label in found.labels
                    if not label.retired
                ),
            )
            for found in departments.label_sets(session)
            if found.id in users or found.id not in hidden
        ]


@needs(Act.SEE)
def of_department(database: Database, department_id: int) -> GuidedSet:
    """The department's label set. Raises NotFound."""
    with database.reading() as session:
        wanted = sets.of_department(session, department_id).id
    return by_id(database, wanted)


@needs(Act.SEE)
def by_id(database: Database, label_set_id: int) -> GuidedSet:
    """A label set that is there."""
    return next(found for found in label_sets(database) if found.label_set_id == label_set_id)


@needs(Act.LABELS)
def create_set(database: Database, name: str, names: Sequence[str], who: str) -> int:
    """A new label set with labels of these names, for departments to come; its id. Raises DataError for a name."""
    with database.session() as session:
        made = sets.create(session, name, names)
        audit.note(session, who, "create label set", name, {"labels": list(names)})
        return made.id


@needs(Act.LABELS)
def copy_set(database: Database, label_set_id: int, name: str, who: str) -> int:
    """A new set with another's labels that are in use and its guidelines; its id. Raises DataError, NotFound."""
    with database.session() as session:
        made = sets.copy(session, label_set_id, name)
        audit.note(session, who, "copy label set", name, {"of": sets.get(session, label_set_id).name})
        return made.id


@needs(Act.LABELS)
def rename_set(database: Database, label_set_id: int, name: str, who: str) -> None:
    """Raises DataError for the name, NotFound."""
    with database.session() as session:
        before = sets.get(session, label_set_id).name
        sets.rename(session, label_set_id, name)
        audit.note(session, who, "rename label set", before, {"name": name})


@needs(Act.LABELS)
def allow_overlaps(database: Database, label_set_id: int, allowed: bool, who: str) -> None:
    """Let new spans overlap others, or no longer; spans that are there stay. Raises NotFound."""
    with database.session() as session:
        sets.allow_overlaps(session, label_set_id, allowed)
        audit.note(session, who, "overlaps", sets.get(session, label_set_id).name, {"allowed": allowed})


@needs(Act.LABELS)
def write_guidelines(
    database: Database, label_set_id: int, guideline: str, of_labels: Mapping[int, str], who: str
) -> None:
    """Replace the guideline of the set and those of labels, by their ids. Raises NotFound."""
    with database.session() as session:
        sets.write_guidelines(session, label_set_id, guideline, of_labels)
        audit.note(session, who, "guidelines", sets.get(session, label_set_id).name)


@needs(Act.LABELS)
def standings(database: Database, label_set_id: int) -> list[Standing]:
    """All labels of a set, retired ones too; those that were merged are former names of what they became."""
    with database.reading() as session:
        found = sets.get(session, label_set_id).labels
        counts = search.span_counts(session, label_set_id)
        former: dict[int, list[str]] = {label.id: [] for label in found}
        for name, label in labels.by_name(found).items():
            if name != label.name:
                former[label.id].append(name)
        return [
            Standing(
                label.id,
                label.name,
                label.colour,
                label.key,
                label.retired,
                tuple(former[label.id]),
                counts.get(label.id, 0),
            )
            for label in found
            if label.merged_into is None
        ]


@needs(Act.LABELS)
def add_label(database: Database, label_set_id: int, name: str, who: str) -> None:
    """A new label behind the others. Raises DataError for the name, NotFound."""
    with database.session() as session:
        labels.add(session, label_set_id, name)
        audit.note(session, who, "add label", sets.get(session, label_set_id).name, {"label": name})


@needs(Act.LABELS)
def change_label(database: Database, label_id: int, name: str, colour: int, key: str | None, who: str) -> None:
    """Name, colour and key of a label; the label that has the key takes its old one.

    Raises DataError, with nothing changed, for a name that means another label and for what is no key, NotFound.
    """
    with database.session() as session:
        before = labels.get(session, label_id).name
        labels.rename(session, label_id, name)
        label = labels.show_as(session, label_id, colour, key)
        detail = {"label": before, "name": name, "colour": colour, "key": key}
        audit.note(session, who, "change label", label.label_set.name, detail)


@needs(Act.LABELS)
def retire_label(database: Database, label_id: int, who: str) -> None:
    """Its spans stay and it takes no new ones. Raises NotFound, and DataError for one that was merged."""
    with database.session() as session:
        label = labels.retire(session, label_id)
        audit.note(session, who, "retire label", label.label_set.name, {"label": label.name})


@needs(Act.LABELS)
def bring_back_label(database: Database, label_id: int, who: str) -> None:
    """It takes new spans again. Raises NotFound, and DataError for one that was merged."""
    with database.session() as session:
        label = labels.bring_back(session, label_id)
        audit.note(session, who, "bring back label", label.label_set.name, {"label": label.name})


@needs(Act.LABELS)
def merge_labels(database: Database, label_id: int, target_id: int, who: str) -> Merged:
    """Every span, decision and rule of a label becomes one of another of its set, in one transaction.

    Raises DataError unless they are two labels of one set and the second takes new spans, NotFound.
    """
    with database.session() as session:
        merged = merge(session, label_id, target_id, who)
        label, target = labels.get(session, label_id), labels.get(session, target_id)
        detail = {"label": label.name, "into": target.name, **asdict(merged)}
        audit.note(session, who, "merge labels", label.label_set.name, detail)
        return merged


@needs(Act.LABELS)
def places(database: Database, label_id: int, limit: int) -> list[tuple[str, str, str, str]]:
    """The first spans with a label: department, record, author, words."""
    with database.reading() as session:
        return search.spans_with(session, label_id, seen_departments(session), limit)
