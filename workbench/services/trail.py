"""The audit trail on its way out: who did what, when, to which subject. It holds no text of any record."""

from __future__ import annotations

import json
from typing import Any

from workbench.services.roles import Act, needs
from workbench.services.tables import as_csv
from workbench.store import audit
from workbench.store.database import Database
from workbench.store.models import Audit

FORMATS = ("csv", "jsonl")


@needs(Act.PEOPLE)
def written(database: Database, format: str) -> str:
    """All entries, the oldest first, in one of FORMATS: id, at (ISO, UTC), who, what, subject, detail (JSON)."""
    with database.reading() as session:
        rows = [_row(entry) for entry in audit.all_entries(session)]
    if format == "csv":
        return as_csv([{**row, "detail": json.dumps(row["detail"], ensure_ascii=False)} for row in rows])
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _row(entry: Audit) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at.isoformat(),
        "who": entry.who,
        "what": entry.what,
        "subject": entry.subject,
        "detail": entry.detail,
    }
