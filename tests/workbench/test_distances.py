"""Distances of departments by their words, the gain of transfer seen so far, and the page that shows both."""

from __future__ import annotations

from collections import Counter
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladtl_core.config import Config, TransferConfig
from ladtl_core.records import Entity, Record
from tests.workbench.curve_kit import finish
from tests.workbench.pages_kit import page
from workbench.jobs import api
from workbench.jobs.api import TrainSpec
from workbench.services import distances, gains
from workbench.services.distances import Apart
from workbench.services.gains import Gain
from workbench.store import departments, mappings, records
from workbench.store.database import Database
from workbench.store.models import Label

COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 50), min_size=1).map(Counter)


def test_divergences_by_hand() -> None:
    same = distances.divergence(Counter(a=1, b=3), Counter(a=10, b=30))
    assert same == 0  # shares count, not numbers
    assert distances.divergence(Counter(a=5), Counter(b=1)) == 1
    # p = (1, 0), q = (1/2, 1/2), m = (3/4, 1/4)
    by_hand = 0.5 * log2(4 / 3) + 0.5 * (0.5 * log2(2 / 3) + 0.5 * log2(2))
    assert distances.divergence(Counter(a=4), Counter(a=1, b=1)) == pytest.approx(by_hand)
    assert distances.divergence(Counter(), Counter(a=1)) is None


@given(COUNTS, COUNTS)
def test_a_divergence_is_symmetric_and_zero_with_itself(one: Counter[str], other: Counter[str]) -> None:
    found = distances.divergence(one, other)
    assert found is not None and 0 <= found <= 1 and found == distances.divergence(other, one)
    assert distances.divergence(one, one) == 0


def three(database: Database) -> dict[str, int]:
    """Cardiology and Neurology share a label set; Respiratory has its own, and half of Cardiology's words."""
    texts = {"Cardiology": "Dyspnoea at 10 .", "Neurology": "Vertigo und Stupor !", "Respiratory": "dyspnoea at home ?"}
    found = {}
    with database.session() as session:
        for name, text in texts.items():
            labels = "lungs" if name == "Respiratory" else "clinical"
            word = text.partition(" ")[0]
            own = departments.create(session, name, labels, ["Problem", "Test"])
            gold = (Entity(0, len(word), "Problem"),)
            given = [Record(f"{split}-{name}", text, gold, name, split) for split in ("pool", "dev")]
            unlabelled = Record("free", text, None, name, "pool")
            records.add(session, own.id, [*given, unlabelled], "local")
            found[name] = own.id
    return found


def between(database: Database) -> dict[tuple[int, int], distances.Distance]:
    return distances.between(lambda one: distances.counted(database, one), distances.labels(database))


def test_distances_of_text_and_of_labels(database: Database) -> None:
    ids = three(database)
    cardiology, neurology, respiratory = ids.values()
    counted = distances.counted(database, cardiology)
    assert counted.text == Counter({"dyspnoea": 2, "at": 2, "00": 2, ".": 2})  # dev is left out
    assert list(counted.spans.values()) == [Counter(dyspnoea=1)]
    found = between(database)
    assert len(found) == 6 and all(found[a, b].text.bits == found[b, a].text.bits for a, b in found)
    assert found[cardiology, neurology].text == Apart(1, (8, 8))
    assert found[cardiology, respiratory].text == Apart(0.5, (8, 8))
    assert found[cardiology, neurology].labels == {"Problem": Apart(1, (1, 1)), "Test": Apart(None, (0, 0))}
    assert found[cardiology, respiratory].labels == {"Problem": Apart(0, (1, 1)), "Test": Apart(None, (0, 0))}
    with database.session() as session:
        source, target = (departments.get(session, one).label_set_id for one in (cardiology, respiratory))
        of_set = {(one.label_set_id, one.name): one.id for one in session.query(Label)}
        problem, test = of_set[source, "Problem"], of_set[target, "Test"]
        mappings.save(session, source, target, {problem: test, of_set[source, "Test"]: None})
    assert between(database)[cardiology, respiratory].labels == {"Test": Apart(None, (1, 0))}


def test_the_state_changes_with_records_and_labels(database: Database) -> None:
    ids = three(database)
    before = distances.state(database)
    assert set(before) == set(ids.values())
    with database.session() as session:
        new = Record("new", "Vertigo", (Entity(0, 7, "Problem"),), "Neurology", "pool")
        records.add(session, ids["Neurology"], [new], "local")
    after = distances.state(database)
    assert [name for name, one in ids.items() if before[one] != after[one]] == ["Neurology"]


def trained(
    database: Database, source: int | None, target: int, f1: float, method: str = "la-dtl", seed: int = 0
) -> None:
    config = Config(transfer=TransferConfig(method=method))
    config = Config(config.model, type(config.training)(seed=seed), config.transfer)
    spec = TrainSpec(() if source is None else (source,), target, config)
    finish(database, api.submit_training(database, spec), f1)


def test_gains_are_best_against_best_on_the_same_labels(database: Database) -> None:
    cardiology, neurology, respiratory = three(database).values()
    trained(database, None, respiratory, 40, "non-transfer")
    assert gains.seen(database, [cardiology, respiratory])[cardiology, respiratory].missing == "train la-dtl"
    trained(database, cardiology, respiratory, 50)
    trained(database, cardiology, respiratory, 47, "crf-l2")
    trained(database, None, respiratory, 44, "non-transfer", seed=1)
    trained(database, neurology, respiratory, 41)
    found = gains.seen(database, [cardiology, neurology, respiratory])
    assert found[cardiology, respiratory] == Gain(6, "la-dtl", (2, 2))
    assert found[neurology, respiratory] == Gain(-3, "la-dtl", (1, 2))
    assert found[respiratory, cardiology].missing == "train non-transfer and la-dtl"
    # New labels: older pairs of trainings count until both kinds were trained on them.
    with database.session() as session:
        records.add(session, respiratory, [Record("new", "Cough", (), "Respiratory", "pool")], "local")
    trained(database, cardiology, respiratory, 60)
    assert gains.seen(database, [cardiology, respiratory])[cardiology, respiratory].f1 == 6
    trained(database, None, respiratory, 59, "non-transfer")
    assert gains.seen(database, [cardiology, respiratory])[cardiology, respiratory] == Gain(1, "la-dtl", (1, 1))
    trained(database, cardiology, neurology, 30)
    assert gains.seen(database, [cardiology, neurology])[cardiology, neurology].missing == "train non-transfer"


def test_the_page_shows_sources_by_distance(installation: Database) -> None:
    assert "once there are two" in page("research", part="Departments").info[0].value
    cardiology, _, respiratory = three(installation).values()
    trained(installation, None, respiratory, 40, "non-transfer")
    trained(installation, cardiology, respiratory, 50)
    app = page("research", part="Departments")
    target = next(box for box in app.selectbox if box.label == "Sources for")
    target.select(respiratory).run()
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table["source"]) == ["Cardiology", "Neurology"] and list(table["distance"]) == [0.5, 1]
    assert table["gain"].iloc[0] == 10 and table["to do"].iloc[1] == "train la-dtl"
    by = next(box for box in app.selectbox if box.label == "Distance by")
    assert by.options == ["all words", "Problem", "Test"]
    by.select("Problem").run()
    assert not app.exception
