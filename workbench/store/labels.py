"""The labels of a set: what their names mean, now and before, and who may still use them.

Nothing here removes a label. A retired one keeps its spans and takes no new ones; one that was merged stays, too, so
that the history of records and the suggestions of older models still find what it became.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ladtl_core.errors import DataError
from ladtl_core.formats.scan import check_name
from workbench.store.errors import NotFound
from workbench.store.models import Label, LabelSet

KEYS = "1234567890"  # of the first ten labels of a set


def by_name(labels: Iterable[Label]) -> dict[str, Label]:
    """The label that each name means now: today's names, former ones, and those of labels that were merged."""
    by_id = {label.id: label for label in labels}
    meant = {number: by_id[label.merged_into or number] for number, label in by_id.items()}
    former = {name: meant[label.id] for label in by_id.values() for name in label.former_names}
    return former | {label.name: meant[label.id] for label in by_id.values()}


def get(session: Session, label_id: int) -> Label:
    """Raises NotFound."""
    label = session.get(Label, label_id)
    if label is None:
        raise NotFound("label", label_id)
    return label


def in_use(session: Session, label_set_id: int) -> dict[int, Label]:
    """The label that each id of a set means now; until the transaction ends nobody changes a label of the set."""
    labels = _locked(session, label_set_id, only_use=True)
    by_id = {label.id: label for label in labels}
    return {label.id: by_id[label.merged_into or label.id] for label in labels}


def ensure(session: Session, label_set_id: int, names: Sequence[str]) -> None:
    """Add the labels that the set lacks. Raises DataError for what cannot be a name."""
    known = by_name(_locked(session, label_set_id))
    for name in dict.fromkeys(names):
        if name not in known:
            add(session, label_set_id, name)


def add(session: Session, label_set_id: int, name: str) -> Label:
    """A new label behind the others, with the first key that is free. Raises DataError for the name, NotFound."""
    labels = _locked(session, label_set_id)
    _check_free(labels, name, None)
    position = len(labels)
    label = Label(
        label_set_id=label_set_id, name=name, colour=position, key=_free_key(labels), position=position, former_names=[]
    )
    session.add(label)
    session.flush()
    return label


def rename(session: Session, label_id: int, name: str) -> Label:
    """Give a label another name; its spans, rules and suggestions keep it, and the old name still means it.

    Raises DataError if the name means another label of the set, NotFound.
    """
    label, labels = _to_change(session, label_id)
    _check_free(labels, name, label)
    if name != label.name:
        label.former_names = [old for old in (*label.former_names, label.name) if old != name]
        label.name = name
        session.flush()
    return label


def show_as(session: Session, label_id: int, colour: int, key: str | None) -> Label:
    """Give a label a colour (index into the palette) and a key, or none; one that has the key takes the old one.

    Raises DataError for what is no key and for a retired label, NotFound.
    """
    label, labels = _to_change(session, label_id)
    if colour < 0 or (key is not None and key not in list(KEYS)):
        raise DataError(f"the colour is {colour} and the key {key!r}; expected 0 or more, and one of {', '.join(KEYS)}")
    if label.retired and key is not None:
        raise DataError(f"{label.name!r} is retired and needs no key; bring it back first")
    for other in labels:
        if key is not None and other.key == key:
            other.key = label.key
    label.colour, label.key = colour, key
    session.flush()
    return label


def retire(session: Session, label_id: int) -> Label:
    """Take no new spans with the label, and free its key; its spans stay. Raises NotFound."""
    label, _ = _to_change(session, label_id)
    label.retired, label.key = True, None
    session.flush()
    return label


def bring_back(session: Session, label_id: int) -> Label:
    """Take new spans with a retired label again. Raises NotFound, and DataError for one that was merged."""
    label, labels = _to_change(session, label_id)
    if label.retired:
        label.retired, label.key = False, _free_key(labels)
        session.flush()
    return label


def to_merge(session: Session, label_id: int, target_id: int) -> tuple[Label, Label]:
    """Both labels, and retire the first as merged into the second, with what was merged into the first before.

    Raises DataError unless they are two labels of one set and the second takes new spans, NotFound.
    """
    label, labels = _to_change(session, label_id)
    target = next((other for other in labels if other.id == target_id), None)
    if target is None or target is label or target.retired:
        raise DataError(f"{label.name!r} can be merged into another label of its set that is not retired")
    for other in labels:
        if label.id in (other.id, other.merged_into):
            other.merged_into = target.id
    label.retired, label.key = True, None
    session.flush()
    return label, target


def _locked(session: Session, label_set_id: int, *, only_use: bool = False) -> list[Label]:
    """The set's labels in their order. Whoever changes them waits for those who use them, and the other way round."""
    if not only_use:  # also where there is no label yet
        lock = select(LabelSet).where(LabelSet.id == label_set_id).with_for_update()
        if session.scalar(lock) is None:
            raise NotFound("label set", label_set_id)
    query = select(Label).where(Label.label_set_id == label_set_id).order_by(Label.position)
    locking = query.with_for_update(read=only_use).execution_options(populate_existing=True)
    return list(session.scalars(locking))


def _to_change(session: Session, label_id: int) -> tuple[Label, list[Label]]:
    """A label and all of its set. Raises NotFound, and DataError for one that was merged."""
    label = get(session, label_id)
    labels = _locked(session, label.label_set_id)
    by_id = {other.id: other for other in labels}
    if label.merged_into is not None:
        raise DataError(f"{label.name!r} was merged into {by_id[label.merged_into].name!r}; change that one")
    return label, labels


def _check_free(labels: Sequence[Label], name: str, own: Label | None) -> None:
    check_name("label", name)
    same = next((label for label in labels if label.name == name), None)
    meant = by_name(labels).get(name)
    if meant is None or same is own is not None or (same is None and meant is own):
        return
    if same is meant:
        raise DataError(f"the label set has a label {name!r} already; choose another name")
    raise DataError(f"{name!r} is an earlier name of {meant.name!r}, known to models and history; choose another name")


def _free_key(labels: Iterable[Label]) -> str | None:
    taken = {label.key for label in labels}
    return next((key for key in KEYS if key not in taken), None)
