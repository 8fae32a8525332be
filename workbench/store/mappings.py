"""Which label of one set stands for which of another: one to one, and by ids, so that a rename changes nothing.

What nobody decided goes by names: a label stands for the one that has its name, in upper or lower case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ladtl_core.errors import DataError
from workbench.store import label_sets
from workbench.store.base import Base
from workbench.store.models import Label


class LabelPair(Base):
    """A label of another set that training takes for one of `target_set_id`, or with None for none of them."""

    __tablename__ = "label_pair"

    target_set_id: Mapped[int] = mapped_column(ForeignKey("label_set.id"), primary_key=True)
    source_label_id: Mapped[int] = mapped_column(ForeignKey("label.id"), primary_key=True)
    target_label_id: Mapped[int | None] = mapped_column(ForeignKey("label.id"))


def save(session: Session, source_set_id: int, target_set_id: int, chosen: Mapping[int, int | None]) -> None:
    """Replace what was decided of the source's labels: the target's label for each, by ids, or None.

    Raises DataError, with nothing changed, unless the labels are of two sets and each target is given once; NotFound.
    """
    source, target = _standing(session, source_set_id), _standing(session, target_set_id)
    if source_set_id == target_set_id:
        raise DataError("a label set needs no mapping to itself; choose the set of another department")
    given: dict[int, str] = {}
    for source_id, target_id in chosen.items():
        if source_id not in source or (target_id is not None and target_id not in target):
            raise DataError(f"there is no label {source_id} or {target_id} to map in these sets; reload the page")
        if target_id is None:
            continue
        name, wanted = source[source_id].name, target[target_id].name
        if target_id in given:
            raise DataError(
                f"{given[target_id]!r} and {name!r} both stand for {wanted!r}; a mapping is one to one: choose another "
                "label or none for one of them"
            )
        given[target_id] = name
    own = select(Label.id).where(Label.label_set_id == source_set_id)
    earlier = delete(LabelPair).where(LabelPair.target_set_id == target_set_id, LabelPair.source_label_id.in_(own))
    session.execute(earlier)
    session.add_all(
        LabelPair(target_set_id=target_set_id, source_label_id=source_id, target_label_id=target_id)
        for source_id, target_id in chosen.items()
    )
    session.flush()


def pairs(session: Session, source_set_id: int, target_set_id: int) -> dict[int, int | None]:
    """The target's label for each of the source's, by ids, or None; labels that were merged are what they became.

    Raises NotFound.
    """
    source, target = _standing(session, source_set_id), _standing(session, target_set_id)
    if source_set_id == target_set_id:
        return {label_id: label_id for label_id in source}
    found: dict[int, int | None] = {}
    candidates = [*_decided(session, source_set_id, target_set_id), *_of_one_name(source.values(), target.values())]
    taken: set[int] = set()
    for source_id, target_id in candidates:  # a merge may have left two; the first counts
        if source_id not in found and target_id not in taken:
            found[source_id] = target_id
            if target_id is not None:
                taken.add(target_id)
    return {label_id: found.get(label_id) for label_id in source}


def renamed(session: Session, source_set_id: int, target_set_id: int) -> list[list[str]]:
    """The source's labels whose names training changes, each with its name in training.

    One that stands for a label of the target takes its name; one that does not must not share a name with one.
    """
    source, target = _standing(session, source_set_id), _standing(session, target_set_id)
    taken = {label.name for label in (*source.values(), *target.values())}
    changed = []
    for source_id, target_id in pairs(session, source_set_id, target_set_id).items():
        name = source[source_id].name
        if target_id is not None:
            wanted = target[target_id].name
        elif any(label.name == name for label in target.values()):
            wanted = f"{name} ({label_sets.get(session, source_set_id).name})"
            while wanted in taken:
                wanted += "'"
            taken.add(wanted)
        else:
            continue
        if wanted != name:
            changed.append([name, wanted])
    return changed


def _standing(session: Session, label_set_id: int) -> dict[int, Label]:
    """The labels of a set that were not merged, retired ones too, by their ids."""
    return {label.id: label for label in label_sets.get(session, label_set_id).labels if label.merged_into is None}


def _decided(session: Session, source_set_id: int, target_set_id: int) -> Iterator[tuple[int, int | None]]:
    """What was decided, those first whose labels were not merged since."""
    label_ids = (source_set_id, target_set_id)
    meant = dict(session.execute(select(Label.id, Label.merged_into).where(Label.label_set_id.in_(label_ids))).all())
    query = select(LabelPair).join(Label, Label.id == LabelPair.source_label_id)
    query = query.where(LabelPair.target_set_id == target_set_id, Label.label_set_id == source_set_id)
    rows = list(session.scalars(query.order_by(Label.position)))
    for row in sorted(rows, key=lambda row: bool(meant[row.source_label_id])):
        target_id = row.target_label_id
        yield meant[row.source_label_id] or row.source_label_id, target_id and (meant[target_id] or target_id)


def _of_one_name(source: Iterable[Label], target: Iterable[Label]) -> Iterator[tuple[int, int | None]]:
    for fold in (str, str.casefold):
        names = {fold(label.name): label.id for label in target}
        yield from ((label.id, names[fold(label.name)]) for label in source if fold(label.name) in names)
