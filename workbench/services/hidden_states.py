"""The hidden states that a training left beside its model, in two dimensions."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from io import StringIO

from workbench.services.roles import Act, needs
from workbench.store import departments, trained
from workbench.store.database import Database
from workbench.store.labels import by_name
from workbench.store.paths import STATES_FILE, home

Points = dict[str, dict[str, list[list[float]]]]


@dataclass(frozen=True)
class HiddenStates:
    """`points` by domain (source, target) and BIO tag, `explained` the shares of variance of the two axes.

    `colours` are the indices of the department's label colours, by the labels' names.
    """

    points: Points
    explained: tuple[float, float]
    colours: dict[str, int]


@needs(Act.RESULTS)
def of_model(database: Database, model_id: int) -> HiddenStates | None:
    """None for a model without them: an older one, or one whose folder has lost the file."""
    with database.reading() as session:
        model = trained.get(session, model_id)
        labels = by_name(departments.labels(session, model.department_id))
    try:
        found = json.loads((home() / "models" / model.folder / STATES_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    x, y = found["explained"]
    return HiddenStates(found["points"], (x, y), {name: label.colour for name, label in labels.items()})


def as_csv(points: Points) -> str:
    """A line a token: domain, tag, x, y."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["domain", "tag", "x", "y"])
    writer.writerows((domain, tag, x, y) for domain, tags in points.items() for tag, of in tags.items() for x, y in of)
    return out.getvalue()
