"""The loop: limits of the method, resuming, selection and what it refuses."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from ladtl_core import checkpoint
from ladtl_core.config import Config
from ladtl_core.data import TrainingData, hold_out
from ladtl_core.errors import Cancelled, ConfigError, DataError, TrainingError
from ladtl_core.methods import METHODS, SOURCE, TARGET
from ladtl_core.prediction import load_tagger, predict
from ladtl_core.progress import Progress
from ladtl_core.records import Record
from ladtl_core.tagger import Tagger
from ladtl_core.training import train

from .conftest import sentences, tiny_config


def weights(tagger: Tagger) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in tagger.parameters()])


@pytest.mark.parametrize("method", METHODS)
def test_every_method_learns_the_toy_task(method: str, tiny_data: TrainingData) -> None:
    config = tiny_config(method)
    config = dataclasses.replace(config, training=dataclasses.replace(config.training, max_steps=120))
    trained = train(tiny_data, config)
    dev = trained.scores["dev"]
    assert dev is not None and dev.overall.f1 > 80, dev
    assert dev.records == 6 and dev.interval is not None and dev.interval[0] <= dev.overall.f1 <= dev.interval[1]


def test_a_seed_gives_the_same_weights(tiny_data: TrainingData) -> None:
    first, second = train(tiny_data, tiny_config()), train(tiny_data, tiny_config())
    assert torch.equal(weights(first.tagger), weights(second.tagger))


def test_without_weights_la_dtl_is_joint_training(tiny_data: TrainingData) -> None:
    joint, double = train(tiny_data, tiny_config("joint-training")), train(tiny_data, tiny_config(alpha=0.0, beta=0.0))
    assert torch.equal(weights(joint.tagger), weights(double.tagger))


def test_a_large_beta_makes_the_crfs_one(tiny_data: TrainingData) -> None:
    apart = train(tiny_data, tiny_config(alpha=0.0, beta=0.0)).tagger.crf_distance()
    pulled = train(tiny_data, tiny_config(alpha=0.0, beta=100.0)).tagger.crf_distance()
    assert float(pulled.detach()) < 0.02 * float(apart.detach())


def test_a_large_alpha_brings_the_hidden_states_together(tiny_data: TrainingData) -> None:
    def last_mmd(alpha: float) -> float:
        seen: list[Progress] = []
        train(tiny_data, tiny_config(alpha=alpha, beta=0.0), progress=seen.append)
        return seen[-1].losses["mmd"]

    assert last_mmd(5.0) < 0.5 * last_mmd(1e-9)


def test_progress_has_every_part(tiny_data: TrainingData) -> None:
    seen: list[Progress] = []
    train(tiny_data, tiny_config(), progress=seen.append)
    assert [(p.epoch, p.step) for p in seen] == [(0, 0), (0, 0), (0, 5), (1, 10), (2, 20), (3, 30), (4, 40)]
    assert [p.stage for p in seen] == ["embeddings", *["training"] * 6]
    last = seen[-1]
    assert set(last.losses) == {"source", "target", "mmd", "crf_l2"} and last.step == 40 and last.epochs == 4
    assert last.dev is not None and set(last.gap) == {"O", "B-Problem", "I-Problem", "B-Test"}


MEMORY = {"memory": 4, "warm_up": 15}


@pytest.mark.parametrize(
    ("method", "transfer", "stop_after"),
    [
        ("la-dtl", {}, 2),
        ("la-dtl", {}, 4),
        ("la-dtl", MEMORY, 2),
        *(("re-training", {}, n) for n in (1, 2, 3)),
        ("cd-learning", {}, 1),
    ],
)
def test_resuming_gives_the_same_weights(
    method: str, transfer: dict[str, float], stop_after: int, tiny_data: TrainingData, tmp_path: Path
) -> None:
    config, path = tiny_config(method, **transfer), tmp_path / "checkpoint.safetensors"
    whole = train(tiny_data, config)
    epochs: list[int] = []

    def stop() -> bool:
        return epochs[-1] == stop_after

    with pytest.raises(Cancelled):
        train(tiny_data, config, checkpoint=path, progress=lambda p: epochs.append(p.epoch), should_stop=stop)
    resumed = train(tiny_data, config, checkpoint=path, progress=lambda p: epochs.append(p.epoch))
    assert torch.equal(weights(whole.tagger), weights(resumed.tagger))
    assert resumed.scores == whole.scores and resumed.best_epoch == whole.best_epoch


@pytest.mark.parametrize("change", [{"memory": 4}, {"warm_up": 30}, {"estimate": "unbiased"}])
def test_every_form_of_the_mmd_is_another_training(change: dict[str, Any], tiny_data: TrainingData) -> None:
    whole, changed = train(tiny_data, tiny_config("la-mmd")), train(tiny_data, tiny_config("la-mmd", **change))
    assert not torch.equal(weights(whole.tagger), weights(changed.tagger))


def test_a_checkpoint_of_other_settings_or_labels_is_not_used(tiny_data: TrainingData, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    train(tiny_data, tiny_config(), checkpoint=path)
    other = dataclasses.replace(tiny_data, target=sentences("b", 12, 5))
    for data, config in ((other, tiny_config()), (tiny_data, tiny_config(beta=1.0))):
        epochs: list[int] = []
        train(data, config, checkpoint=path, progress=lambda p, seen=epochs: seen.append(p.epoch))  # type: ignore[misc]
        assert epochs[0] == 0


def test_a_broken_checkpoint_starts_over(tiny_data: TrainingData, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(b"half a file")
    assert torch.equal(
        weights(train(tiny_data, tiny_config(), checkpoint=path).tagger),
        weights(train(tiny_data, tiny_config()).tagger),
    )


def test_a_checkpoint_that_is_taken_away_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, opened = tmp_path / "checkpoint.safetensors", torch.UntypedStorage.from_file

    def away(*given: Any, **named: Any) -> object:
        path.unlink()
        return opened(*given, **named)

    assert checkpoint.load(path) is None
    checkpoint.save(path, {"a": torch.ones(2)}, {"step": 1})
    assert (checkpoint.load(path) or ({}, {}))[1] == {"step": 1}
    monkeypatch.setattr(torch.UntypedStorage, "from_file", away)  # between the two times that the file is opened
    assert checkpoint.load(path) is None and not path.exists()


def test_few_labels_choose_how_to_stop(tiny_data: TrainingData) -> None:
    without_dev = dataclasses.replace(tiny_data, dev=())
    assert hold_out(tiny_data, 50, 0)[1].kind == "dev"
    assert hold_out(without_dev, 50, 0)[1].kind == "fixed"
    many = dataclasses.replace(without_dev, target=sentences("b", 40, 0))
    split, selection = hold_out(many, 50, 0)
    assert selection.kind == "fifth" and "4" in selection.text and "20" in selection.text
    assert {s.record_id for s in split.dev}.isdisjoint({s.record_id for s in split.target})
    assert len(split.dev) + len(split.target) == 40 and len({s.record_id for s in split.dev}) == 4
    assert hold_out(many, 50, 1)[0].dev != split.dev


def test_below_ten_records_a_fixed_number_of_steps(tiny_data: TrainingData) -> None:
    config = tiny_config()
    config = dataclasses.replace(config, training=dataclasses.replace(config.training, fixed_steps=15))
    trained = train(dataclasses.replace(tiny_data, dev=()), config)
    assert trained.steps == 15 and trained.scores["dev"] is None and trained.scores["test"] is not None


def test_dev_and_test_words_stay_unknown(tiny_data: TrainingData) -> None:
    unseen = dataclasses.replace(tiny_data, dev=sentences("zzz", 4, 0), test=sentences("qqq", 4, 0))
    words = train(unseen, tiny_config()).tagger.vocabulary.words
    assert not any(word.startswith(("zzz", "qqq")) for word in words)


def test_a_label_of_one_side_only(tiny_data: TrainingData) -> None:
    """Labels that the domains do not share train their own CRF and stay out of both transfers."""
    renamed = tuple(
        dataclasses.replace(s, tags=tuple(t.replace("Test", "Exam") for t in s.tags or ())) for s in tiny_data.source
    )
    seen: list[Progress] = []
    trained = train(dataclasses.replace(tiny_data, source=renamed), tiny_config(), progress=seen.append)
    assert "B-Exam" in trained.tagger.tags[SOURCE] and "B-Exam" not in trained.tagger.tags[TARGET]
    assert set(seen[-1].gap) == {"O", "B-Problem", "I-Problem"}


@pytest.mark.parametrize(
    ("missing", "method", "message"),
    [("target", "la-dtl", "no labelled training record"), ("source", "la-dtl", "needs a source department")],
)
def test_nothing_to_train_on(missing: str, method: str, message: str, tiny_data: TrainingData) -> None:
    data = TrainingData(**{**vars(tiny_data), missing: ()})
    with pytest.raises(TrainingError, match=message):
        train(data, tiny_config(method))


def test_a_weight_of_no_label_is_named(tiny_data: TrainingData) -> None:
    config = tiny_config()

    def weighed(name: str) -> Config:
        return dataclasses.replace(config, transfer=dataclasses.replace(config.transfer, label_weights={name: 2.0}))

    with pytest.raises(ConfigError, match="label_weights names Problm; expected O, one of Problem, Test"):
        train(tiny_data, weighed("Problm"))
    assert train(tiny_data, weighed("B-Test")).steps == 40


@pytest.mark.parametrize("method", ["la-dtl", "linear-projection", "domain-mask", "cd-learning"])
def test_a_saved_model_predicts_as_before(method: str, tiny_data: TrainingData, tmp_path: Path) -> None:
    trained = train(tiny_data, tiny_config(method))
    records = [
        Record("r1", "the mri of ward showed severe fever .\nthe ct showed pain ."),
        Record("r2", "\n"),
        Record("r3", "😀 mri"),
    ]
    digest = trained.save(tmp_path)
    again = load_tagger(tmp_path)
    assert predict(again, records) == predict(trained.tagger, records)
    assert trained.save(tmp_path) == digest
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(DataError, match="holds no model"):
        load_tagger(tmp_path)


def test_rate_keeps_a_seeded_share_of_sentences() -> None:
    data = TrainingData(source=(), target=sentences("b", 100, 0))
    tenth = data.with_rate(0.1, 3)
    assert len(tenth.target) == 10 and len(tenth.unlabelled) == 90 and tenth == data.with_rate(0.1, 3)
    assert tenth != data.with_rate(0.1, 4)
    assert all(s.tags is None for s in tenth.unlabelled)
    with pytest.raises(DataError, match="rate is 0"):
        data.with_rate(0, 0)


def test_splits_decide_what_a_record_is_for() -> None:
    from ladtl_core.records import Entity

    text, spans = "fever today", (Entity(0, 5, "Problem"),)
    target = [Record(s, text, spans, split=s) for s in ("pool", "train", "dev", "test")] + [
        Record("u", text, split="pool")
    ]
    source = [Record(s, text, spans, split=s) for s in ("train", "dev")] + [Record("none", text, spans)]
    data = TrainingData.of_records(source, [*target, Record("v", text, split="dev")])
    assert [s.record_id for s in data.source] == ["train", "none"]
    assert [s.record_id for s in data.target] == ["pool", "train"]
    assert [s.record_id for s in (*data.dev, *data.test, *data.unlabelled)] == ["dev", "test", "u"]


def test_config_is_strict_and_round_trips() -> None:
    config = tiny_config("re-training", alpha=0.5)
    assert Config.from_dict(config.to_dict()) == config
