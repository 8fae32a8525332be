"""What stands in a page's address may be anything: no page fails for it, and a record that is not there is told."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from ladtl_core.records import Record
from tests.workbench.pages_kit import MAIN
from workbench.store import annotations as labels_of
from workbench.store import departments, records
from workbench.store.annotations import SpanData
from workbench.store.database import Database

NAMES = ("department", "record", "set", "order", "result", "compared", "part", "person", "tab")
NONSENSE = ("9" * 20, "9" * 5000, "-1 nul\0l")
PAGES = ("annotate", "review", "agreement", "train", "results", "research", "people")


@pytest.fixture
def two_wards(installation: Database) -> dict[str, list[int]]:
    """Departments of two records that two people labelled differently; the records' ids."""
    ids = {}
    with installation.session() as session:
        for name in ("Ward", "Other"):
            made = departments.create(session, name, "clinical", ("Problem",))
            records.add(session, made.id, [Record(f"r{i}", "fever", split="pool") for i in range(2)], "local")
            label = departments.labels(session, made.id)[0].id
            ids[name] = list(records.ids(session, made.id).values())
            for who, record_id in ((who, record_id) for who in ("ana", "ben") for record_id in ids[name]):
                spans = [SpanData("s", 0, 5, label)] if who == "ana" else []
                labels_of.save(session, record_id, who, 0, "submitted", spans)
    return ids


def at(name: str, **address: str) -> AppTest:
    """A page as its address opens it."""
    app = AppTest.from_file(MAIN, default_timeout=60)
    app.run()
    for key, value in address.items():
        app.query_params[key] = value
    app.switch_page(f"pages/{name}.py").run()
    assert not app.exception, (name, address, app.exception)
    return app


@pytest.mark.parametrize("name", PAGES)
def test_nonsense_in_an_address_is_passed_over(two_wards: dict[str, list[int]], name: str) -> None:
    for value in NONSENSE:
        at(name, **dict.fromkeys(NAMES, value))


@pytest.mark.parametrize("name", ["annotate", "agreement"])
def test_a_record_that_is_not_there_is_told(two_wards: dict[str, list[int]], name: str) -> None:
    ward = two_wards["Ward"]
    elsewhere = str(two_wards["Other"][0])
    for value in ("9" * 5000, "\u0669" * 20, elsewhere):
        app = at(name, department="1", record=value)
        assert f"There is no record {value[:20]} in this list." in [info.value.replace("\\", "") for info in app.info]
    app = at(name, department="1", record=str(ward[1]))
    assert not app.info
