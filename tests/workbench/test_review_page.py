"""The page Review before there is a model."""

from __future__ import annotations

from ladtl_core.records import Prediction, Record
from tests.workbench.pages_kit import page
from workbench.services import review
from workbench.store import departments, records
from workbench.store.database import Database


def test_what_a_file_suggests_is_listed(installation: Database) -> None:
    found = (Prediction(0, 5, "Problem", 0.0), Prediction(6, 9, "Problem"), Prediction(10, 14, "Problem", 0.75))
    with installation.session() as session:
        ward = departments.create(session, "Ward", "clinical", ["Problem"]).id
        given = Record("with predictions", "Fever and rash were seen.", split="pool", predictions=found)
        records.add(session, ward, [Record("without", "Nothing.", split="pool"), given], "local")
    [listed] = review.suggested(installation, ward, "local")
    assert (listed.item.external_id, listed.suggestions, listed.doubtful) == ("with predictions", 3, 1)
    app = page("review", department=ward)
    assert "has no model yet" in app.info[0].value
    assert "1 record with suggestions" in [caption.value for caption in app.caption]
