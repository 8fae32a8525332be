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
    """A person without a row has no role and is not disabled; `claimed`: the role came with the sign-in."""

    __tablename__ = "permission"
    __table_args__ = (CheckConstraint("role IN ('clinician', 'reviewer', 'researcher', 'admin')", name="role"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    role: Mapped[str | None]
    claimed: Mapped[bool] = mapped_column(default=False)
    disabled: Mapped[bool] = mapped_column(default=False)


class PermittedDepartment(Base):
    """A department that a person may see; a person without any may see all."""

    __tablename__ = "permitted_department"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), primary_key=True)


@dataclass(frozen=True, slots=True)
class Permitted:
    """What a person may do; no `departments` are all of them. `claimed`: the role came with the sign-in."""

    name: str
    role: str | None
    claimed: bool
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


def assign(session: Session, name: str, role: str | None, departments: Iterable[int]) -> None:
    """Give a person who is there a role and departments."""
    row = _row(session, name)
    row.role, row.claimed = role, False
    session.execute(delete(PermittedDepartment).where(PermittedDepartment.account_id == row.account_id))
    session.add_all(PermittedDepartment(account_id=row.account_id, department_id=one) for one in set(departments))


def claim(session: Session, name: str, role: str | None) -> None:
    """Keep the role that came with a sign-in, None: it is withdrawn. Adds the person if there is none of that name."""
    people.add(session, name)
    row = _row(session, name)
    row.role, row.claimed = role, role is not None


def disable(session: Session, name: str, disabled: bool) -> None:
    """Of a person who is there."""
    _row(session, name).disabled = disabled


def _row(session: Session, name: str) -> Permission:
    account_id = session.scalars(select(Account.id).where(Account.name == name)).one()
    row = session.get(Permission, account_id)
    if row is None:
        row = Permission(account_id=account_id, role=None, claimed=False, disabled=False)
        session.add(row)
    return row


def _read(session: Session, name: str | None = None) -> list[Permitted]:
    query = (
        select(Account.id, Account.name, Permission, PermittedDepartment.department_id)
        .outerjoin(Permission, Permission.account_id == Account.id)
        .outerjoin(PermittedDepartment, PermittedDepartment.account_id == Account.id)
        .order_by(Account.id)
    )
    found: dict[int, tuple[str, Permission | None, set[int]]] = {}
    for account_id, who, row, department in session.execute(
        query if name is None else query.where(Account.name == name)
    ):
        departments = found.setdefault(account_id, (who, row, set()))[2]
        departments |= set() if department is None else {department}
    return [
        Permitted(who, row.role, row.claimed, row.disabled, frozenset(ids))
        if row
        else Permitted(who, None, False, False, frozenset(ids))
        for who, row, ids in found.values()
    ]
