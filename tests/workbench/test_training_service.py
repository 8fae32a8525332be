"""What the training page shows: settings, the data that a run would get, and how far it is."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

from ladtl_core.config import TransferConfig
from ladtl_core.errors import ConfigError
from tests.workbench.fake_learner import FakeLearner
from tests.workbench.jobs_kit import spec, two_departments, use_home
from workbench.jobs.api import TrainSpec
from workbench.jobs.engine import InlineEngine
from workbench.jobs.execution import execute
from workbench.jobs.worker import Dispatcher
from workbench.services import training
from workbench.store import departments
from workbench.store.database import Database
from workbench.store.errors import NotFound


@pytest.fixture(name="ids")
def departments_of_test(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    use_home(database, tmp_path / "home", monkeypatch)
    return two_departments(database)


def test_every_setting_explains_itself() -> None:
    settings = {setting.name: setting for setting in training.settings("la-dtl")}
    assert {"alpha", "beta", "gamma", "epsilon", "seed", "learning_rate"} <= set(settings)
    assert not {"method", "scheme"} & set(settings)
    assert all(setting.help and setting.source and setting.kind for setting in settings.values())
    alpha = settings["alpha"]
    assert (alpha.group, alpha.kind, alpha.default, alpha.low) == ("transfer", "float", TransferConfig().alpha, 0)
    assert settings["optimizer"].choices == ("adam", "adagrad") and not alpha.choices
    assert settings["bandwidths"].kind == "floats" and settings["seed"].kind == "int"


def test_a_form_shows_only_what_the_method_uses() -> None:
    shown = {method: {setting.name for setting in training.settings(method)} for method in training.methods()}
    assert {"alpha", "beta", "epsilon"} <= shown["la-dtl"] and "similarity" not in shown["la-dtl"]
    assert not {"alpha", "beta", "bandwidths"} & shown["cd-learning"] and "similarity" in shown["cd-learning"]
    assert not {"alpha", "beta", "epsilon"} & shown["non-transfer"] and "learning_rate" in shown["non-transfer"]


@pytest.mark.parametrize("method", training.methods())
def test_every_method_says_what_it_is(method: str) -> None:
    assert re.fullmatch(r".+ \(.+ \d{4}\)\.( .+)?", training.about(method))
    assert training.make_spec([1], 2, method, {}).config.transfer.method == method


def test_a_spec_of_the_form() -> None:
    made = training.make_spec([1], 2, "joint-training", {"training": {"seed": 7}, "transfer": {"epsilon": 1}})
    assert made.config.transfer.method == "joint-training" and made.config.training.seed == 7
    assert made.config.transfer.epsilon == 1.0 and made.sources == (1,)
    with pytest.raises(ConfigError, match="sede"):
        training.make_spec([1], 2, "la-dtl", {"training": {"sede": 7}})


def test_what_a_run_would_get(database: Database, ids: tuple[int, int]) -> None:
    offer = training.offer(database, spec(ids))
    assert (offer.source_labelled, offer.target_labelled, offer.dev_labelled, offer.test_labelled) == (6, 6, 2, 0)
    assert offer.unlabelled == 6
    assert offer.selection.kind == "dev" and "2 labelled dev records" in offer.selection.text
    assert offer.problem is None
    alone = training.offer(database, training.make_spec(ids[:1], ids[1], "non-transfer", {}))
    assert (alone.source_labelled, alone.unlabelled) == (0, 3)


def test_nothing_to_train_on_is_said_before(database: Database, ids: tuple[int, int]) -> None:
    with database.session() as session:
        empty = departments.create(session, "Empty", "clinical").id
    config = spec(ids).config
    assert "Empty has no submitted" in str(training.offer(database, TrainSpec(ids[:1], empty, config)).problem)
    with pytest.raises(ConfigError, match="source has no submitted"):
        training.start(database, TrainSpec((empty,), ids[1], config))
    with pytest.raises(NotFound):
        training.offer(database, TrainSpec((99,), ids[1], config))


def test_following_a_run(database: Database, ids: tuple[int, int]) -> None:
    run_id = training.start(database, spec(ids, epochs=3))
    live = training.live(database, run_id)
    assert (live.run.state, live.stage, live.epoch, live.payloads) == ("queued", "waiting", 0, [])
    run = partial(execute, database, worker="here", learner=FakeLearner().learner())
    Dispatcher(database, InlineEngine(run)).step()
    live = training.live(database, run_id)
    assert (live.run.state, live.epoch, live.epochs, live.seconds_left) == ("succeeded", 3, 3, None)
    assert live.dev_f1 == [51.0, 52.0, 53.0]
    assert [payload["losses"] for payload in live.payloads] == [{"target": 1.0}, {"target": 0.5}, {"target": 1 / 3}]
    assert [status.run_id for status in training.list_runs(database, ids[1])] == [run_id]
    assert training.list_runs(database, ids[0]) == []


def test_time_left_while_it_trains(database: Database, ids: tuple[int, int]) -> None:
    seen: list[training.Live] = []
    run_id = training.start(database, spec(ids, epochs=4))

    class Watched(FakeLearner):
        def _write(self, checkpoint: Path, text: str) -> None:
            seen.append(training.live(database, run_id))
            super()._write(checkpoint, text)

    execute(database, run_id, "here", Watched().learner())
    # The fake's clock counts one second an epoch.
    assert [live.seconds_left for live in seen] == [None, None, 2.0, 1.0]
    assert [live.epoch for live in seen] == [0, 1, 2, 3] and seen[-1].stage == "training"
