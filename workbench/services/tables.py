"""Tables that leave as CSV."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from ladtl_core.formats.csv_rows import no_formula


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as CSV. Text that a spreadsheet would take for a formula begins with an apostrophe."""
    out = StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: no_formula(value) for name, value in row.items()} for row in rows)
    return out.getvalue()
