"""Another condition for a check, on tables that other tables refer to."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text


def replace_check(table: str, name: str, old: str, new: str) -> None:
    """Put the condition `new` in the place of `old`. Rows that are there must fulfil it already.

    SQLite cannot alter a check, and would refuse to rebuild a table that others refer to; its documented way is to
    change the stored schema, which is right where no stored row is touched.
    """
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, new)
        return
    version = connection.execute(text("PRAGMA schema_version")).scalar_one()
    connection.execute(text("PRAGMA writable_schema = ON"))
    changed = connection.execute(
        text("UPDATE sqlite_schema SET sql = replace(sql, :old, :new) WHERE name = :table AND instr(sql, :old)"),
        {"old": old, "new": new, "table": table},
    )
    if changed.rowcount != 1:
        raise RuntimeError(f"the table {table} has no check {old}")
    connection.execute(text(f"PRAGMA schema_version = {version + 1}"))
    connection.execute(text("PRAGMA writable_schema = OFF"))
