"""Roles of people and the departments that they may see: what is kept of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import CheckConstraint, ForeignKey, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workbench.store import people
from workbench.store.base import Base
from workbench.store.people import Account

ROLES = ("clinician", "reviewer", "researcher", "admin")


class Permission(Base):
    """A person without a row has no role and is not disabled."""

    __tablename__ = "permission"
    __table_args__ = (CheckConstraint("role IN ('clinician', 'reviewer', 'researcher', 'admin')", name="role"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    role: Mapped[str | None]
    disabled: Mapped[bool] = mapped_column(default=False)


class PermittedDepartment(Base):
    """A department that a person may see; a person without any may see all."""

    __tablename__ = "permitted_department"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), primary_key=True)


@dataclass(frozen=True, slots=True)
class Permitted:
    """What a person may do; no `departments` are all of them."""

    name: str
    role: str | None
    disabled: bool
    departments: frozenset[int]

    def sees(self, department_id: int) -> bool:
        return not self.departments or department_id in self.departments


def of(session: Session, name: str) -> Permitted | None:
    """None for a name that nobody has."""
    found = _read(session, name)
    return found[0] if found else None


def everybody(session: Session) -> list[Permitted]:
    """In the order in which they were added."""
    return _read(session)


def write(session: Session, name: str, role: str | None, departments: Iterable[int] | None = None) -> None:
    """Give a role and departments, None: those that there are; adds the person if there is none of that name."""
    people.add(session, name)
    row = _row(session, name)
    row.role = role
    if departments is not None:
        session.execute(delete(PermittedDepartment).where(PermittedDepartment.account_id == row.account_id))
        session.add_all(PermittedDepartment(account_id=row.account_id, department_id=one) for one in set(departments))


def disable(session: Session, name: str, disabled: bool) -> None:
    """Of a person who is there."""
    _row(session, name).disabled = disabled


def _row(session: Session, name: str) -> Permission:
    account_id = session.scalars(select(Account.id).where(Account.name == name)).one()
    row = session.get(Permission, account_id)
    if row is None:
        row = Permission(account_id=account_id, role=None, disabled=False)
        session.add(row)
    return row


def _read(session: Session, name: str | None = None) -> list[Permitted]:
    query = (
        select(Account.id, Account.name, Permission.role, Permission.disabled, PermittedDepartment.department_id)
        .outerjoin(Permission, Permission.account_id == Account.id)
        .outerjoin(PermittedDepartment, PermittedDepartment.account_id == Account.id)
        .order_by(Account.id)
    )
    found: dict[int, tuple[str, str | None, bool, set[int]]] = {}
    for account_id, who, role, disabled, department in session.execute(
        query if name is None else query.where(Account.name == name)
    ):
        departments = found.setdefault(account_id, (who, role, bool(disabled), set()))[3]
        departments |= set() if department is None else {department}
    return [Permitted(who, role, disabled, frozenset(ids)) for who, role, disabled, ids in found.values()]
