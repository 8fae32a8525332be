"""What a department marks by its words: propagated mentions, terms of a dictionary, regular expressions."""

from __future__ import annotations

import re

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ladtl_core.errors import DataError
from ladtl_core.formats.scan import check_text
from workbench.store import departments
from workbench.store.labels import in_use
from workbench.store.models import RULE_KINDS, Rule


def add(session: Session, department_id: int, kind: str, text: str, label_id: int, author: str) -> Rule:
    """A new rule; one of the same kind and words is replaced.

    Raises DataError for a label of another set or a retired one, for no words, and for a regular expression that
    cannot be read.
    """
    text = text.strip()
    if kind not in RULE_KINDS:
        raise DataError(f"the kind is {kind!r}; expected one of {', '.join(RULE_KINDS)}")
    if not text:
        raise DataError("a rule needs the words that it marks")
    check_text("rule", text)
    label = in_use(session, departments.get(session, department_id).label_set_id).get(label_id)
    if label is None:
        raise DataError(f"the rule {text!r} has the label {label_id}; the department's label set lacks it")
    if label.retired:
        raise DataError(f"the label {label.name!r} was retired; choose another for {text!r}")
    if kind == "pattern":
        try:
            re.compile(text)
        except (re.error, RecursionError, OverflowError) as error:
            raise DataError(f"the regular expression {text!r} cannot be read: {error}") from None
    for other in of_department(session, department_id):
        if other.kind == kind and other.text.casefold() == text.casefold():
            session.delete(other)
    rule = Rule(department_id=department_id, kind=kind, text=text, label_id=label.id, author=author)
    session.add(rule)
    session.flush()
    return rule


def of_department(session: Session, department_id: int) -> list[Rule]:
    """The department's rules, in the order in which they were made."""
    return list(session.scalars(select(Rule).where(Rule.department_id == department_id).order_by(Rule.id)))


def remove(session: Session, department_id: int, rule_id: int) -> None:
    """Does nothing if it is gone already."""
    session.execute(delete(Rule).where(Rule.department_id == department_id, Rule.id == rule_id))
