"""Each system has the property that makes it what it is."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor

from ladtl_core.batching import Batch, Batches, Forms, Prepared, form_table, number_forms, padded
from ladtl_core.config import TransferConfig
from ladtl_core.data import TrainingData
from ladtl_core.domain_states import Mask
from ladtl_core.methods import METHODS, SOURCE, TARGET
from ladtl_core.mmd import mmd2
from ladtl_core.objective import objective
from ladtl_core.records import Sentence
from ladtl_core.tagger import Tagger
from ladtl_core.training import Trained, train
from ladtl_core.vocab import Vocabulary, labels_of, tag_set

from .conftest import sentences, tiny_config

TERMS = {"alpha": 0.3, "beta": 0.2}


def weights(trained: Trained) -> Tensor:
    return torch.cat([p.detach().flatten() for p in trained.tagger.parameters()])


def renamed(given: tuple[Sentence, ...]) -> tuple[Sentence, ...]:
    """The same with the label Exam for Test."""
    return tuple(dataclasses.replace(s, tags=tuple(t.replace("Test", "Exam") for t in s.tags or ())) for s in given)


class Step:
    """A tagger of a method and one batch of each domain."""

    def __init__(self, method: str, data: TrainingData) -> None:
        torch.manual_seed(0)
        self.config = tiny_config(method, **TERMS)
        tags = {SOURCE: tag_set(labels_of(data.source)), TARGET: tag_set(labels_of(data.target))}
        self.tagger = Tagger(self.config, Vocabulary.of((*data.source, *data.target)), tags).eval()
        numbers = number_forms([data.source, data.target])
        self.table: Forms = form_table(numbers, self.tagger.vocabulary)
        self.parts = {
            domain: Prepared(given, self.tagger.head(domain).tags, numbers)
            for domain, given in ((SOURCE, data.source), (TARGET, data.target))
        }
        self.batches: dict[str, Batch] = {domain: part.batch(range(6)) for domain, part in self.parts.items()}

    def loss(self, *domains: str, config: TransferConfig | None = None) -> tuple[Tensor, dict[str, Tensor]]:
        batches = {domain: self.batches[domain] for domain in domains}
        return objective(self.tagger.method, self.tagger, self.table, batches, config or self.config.transfer)

    def part(self, name: str, config: TransferConfig | None = None) -> float:
        """A part of the loss of both domains."""
        return float(self.loss(SOURCE, TARGET, config=config)[1][name].detach())

    def hidden(self, domain: str) -> Tensor:
        """The states (tokens, size) that the domain's CRF sees."""
        return self.tagger.hidden(self.table, {domain: self.batches[domain]})[domain]

    def gradients(self, *domains: str) -> dict[str, Tensor]:
        """The gradient of each parameter after a step on these domains; 0 where it has none."""
        self.tagger.zero_grad()
        self.loss(*domains)[0].backward()
        return {name: torch.zeros_like(p) if p.grad is None else p.grad for name, p in self.tagger.named_parameters()}


@pytest.mark.parametrize(
    ("without", "same"),
    [
        ({"alpha": 0.0, "beta": 0.0}, "joint-training"),
        ({"alpha": 0.0, "beta": 0.2}, "crf-l2"),
        ({"alpha": 0.3, "beta": 0.0}, "la-mmd"),
    ],
)
def test_la_dtl_without_a_term_is_the_system_without_it(
    without: dict[str, float], same: str, tiny_data: TrainingData
) -> None:
    limit, system = train(tiny_data, tiny_config("la-dtl", **without)), train(tiny_data, tiny_config(same, **TERMS))
    assert torch.equal(weights(limit), weights(system))


def test_each_term_changes_the_weights(tiny_data: TrainingData) -> None:
    systems = ("joint-training", "la-mmd", "crf-l2", "mmd-crf-l2", "la-dtl")
    found = [weights(train(tiny_data, tiny_config(system, **TERMS))) for system in systems]
    assert all(not torch.equal(a, b) for i, a in enumerate(found) for b in found[:i])


def test_non_transfer_never_sees_the_source(tiny_data: TrainingData) -> None:
    other = dataclasses.replace(tiny_data, source=sentences("c", 40, 7))
    one, two = train(tiny_data, tiny_config("non-transfer")), train(other, tiny_config("non-transfer"))
    assert torch.equal(weights(one), weights(two))
    assert one.tagger.vocabulary == two.tagger.vocabulary and set(one.tagger.heads) == {TARGET}


@pytest.mark.parametrize("method", METHODS)
def test_shared_or_own_crfs(method: str, tiny_data: TrainingData) -> None:
    """One CRF over the union of the labels, or one a domain over its own; predictions know the target's alone."""
    data = dataclasses.replace(tiny_data, source=renamed(tiny_data.source))
    tagger = Step(method, data).tagger
    if METHODS[method].crf == "shared":
        assert tagger.head(SOURCE) is tagger.head(TARGET)
        assert set(tagger.head(SOURCE).tags) == set(tagger.tags[SOURCE]) | set(tagger.tags[TARGET])
    else:
        assert tagger.head(SOURCE) is not tagger.head(TARGET)
        assert tagger.head(SOURCE).tags == tagger.tags[SOURCE]
    assert tagger.decoder().tags == tagger.tags[TARGET]


def test_a_shared_crf_decodes_the_best_path_of_the_targets_tags(tiny_data: TrainingData) -> None:
    data = dataclasses.replace(tiny_data, source=renamed(tiny_data.source))
    step = Step("cd-learning", data)
    head, batch = step.tagger.head(TARGET), step.batches[TARGET]
    hidden = step.hidden(TARGET)
    scores = padded(head.emissions(hidden).detach(), batch.mask)
    foreign = [i for i, tag in enumerate(head.tags) if tag not in step.tagger.tags[TARGET]]
    assert foreign
    with torch.no_grad():
        head.emissions.bias[foreign] += 50.0
        assert any(
            i in foreign
            for path in head.crf.decode(padded(head.emissions(hidden), batch.mask), batch.mask)
            for i in path
        )
    scores[:, :, foreign] = -1e4
    expected = [[head.tags[i] for i in path] for path in head.crf.decode(scores, batch.mask)]
    part = step.tagger.decoder()
    found = [
        [part.tags[i] for i in path]
        for path in part.crf.decode(step.tagger.emissions(step.table, batch, part), batch.mask)
    ]
    assert found == expected


def test_each_domain_trains_its_own_projection(tiny_data: TrainingData) -> None:
    step = Step("linear-projection", tiny_data)
    for domain, other in ((SOURCE, TARGET), (TARGET, SOURCE)):
        moved = {name: float(g.abs().sum()) for name, g in step.gradients(domain).items()}
        assert moved[f"states.maps.{domain}.weight"] > 0 and moved[f"states.maps.{domain}.bias"] > 0
        assert moved[f"states.maps.{other}.weight"] == moved[f"states.maps.{other}.bias"] == 0
        assert moved["heads.shared.emissions.weight"] > 0 and moved["encoder.ahead.weight_hh_l0"] > 0


@pytest.mark.parametrize(("hidden_size", "shared", "third"), [(9, 3, 3), (8, 4, 2), (100, 34, 33), (2, 2, 0)])
def test_the_remainder_of_the_thirds_is_shared(hidden_size: int, shared: int, third: int) -> None:
    mask = Mask(hidden_size)
    assert (mask.source + mask.target == 2).sum() == 2 * shared
    assert (mask.source > mask.target).sum() == (mask.target > mask.source).sum() == 2 * third
    assert torch.equal(mask.source[:hidden_size], mask.source[hidden_size:])


def test_the_other_domains_third_is_masked(tiny_data: TrainingData) -> None:
    step = Step("domain-mask", tiny_data)
    assert isinstance(step.tagger.states, Mask)
    for domain, kept in ((SOURCE, step.tagger.states.source), (TARGET, step.tagger.states.target)):
        states = step.hidden(domain).detach()
        assert float(states[:, kept == 0].abs().sum()) == 0 and bool((states[:, kept == 1].abs().sum(0) > 0).all())
        columns = step.gradients(domain)["heads.shared.emissions.weight"].abs().sum(0)
        assert float(columns[kept == 0].sum()) == 0 and bool((columns[kept == 1] > 0).all())


def test_a_sentences_weight_scales_its_own_loss_and_no_other(tiny_data: TrainingData) -> None:
    """Half the weight of every source sentence is half the loss: weights are not divided by their sum."""
    step = Step("cd-learning", tiny_data)
    batch = step.batches[SOURCE]
    whole = step.part("source")
    step.batches[SOURCE] = dataclasses.replace(batch, weights=torch.full((6,), 0.5))
    assert step.part("source") == pytest.approx(whole / 2)
    alone = torch.zeros(6)
    alone[2] = 0.7
    step.batches[SOURCE] = dataclasses.replace(batch, weights=alone)
    hidden = step.hidden(SOURCE)
    of_sentence = step.tagger.head(SOURCE).log_likelihood(hidden, batch.tags, batch.mask)[2]
    assert step.part("source") == pytest.approx(-0.7 * float(of_sentence.detach()) / 6, rel=1e-4)


def test_cd_learning_weighs_source_sentences_only(tiny_data: TrainingData, monkeypatch: pytest.MonkeyPatch) -> None:
    from ladtl_core import training

    kept: list[dict[str, Batches]] = []
    start = training._Run.start

    def watched(run: training._Run) -> None:
        start(run)
        kept.append(run.batches)

    monkeypatch.setattr(training._Run, "start", watched)
    for method in ("cd-learning", "domain-mask"):
        train(tiny_data, tiny_config(method))
    assert bool((kept[0][SOURCE].weights < 1).any()) and bool((kept[0][SOURCE].weights > 0).all())
    assert bool((kept[0][TARGET].weights == 1).all()) and bool((kept[1][SOURCE].weights == 1).all())
    weighted = kept[0][SOURCE]
    in_a_pass = torch.cat([weighted[number].weights for number in range(weighted.per_pass)])
    assert torch.equal(in_a_pass.sort().values, weighted.weights.sort().values)


def test_re_training_takes_over_what_matches_and_draws_the_rest_anew(tiny_data: TrainingData) -> None:
    step = Step("re-training", dataclasses.replace(tiny_data, source=renamed(tiny_data.source)))
    source, target = step.tagger.head(SOURCE), step.tagger.head(TARGET)
    before = target.emissions.weight.detach().clone(), target.crf.transitions.detach().clone()
    target.copy_matching(source)
    for i, tag in enumerate(target.tags):
        taken = source.emissions.weight[source.tags.index(tag)] if tag in source.tags else before[0][i]
        assert torch.equal(target.emissions.weight[i], taken)
        for j, to in enumerate(target.tags):
            known = tag in source.tags and to in source.tags
            expected = source.crf.transitions[source.tags.index(tag), source.tags.index(to)] if known else None
            assert target.crf.transitions[i, j] == (before[1][i, j] if expected is None else expected)


def test_re_trainings_phases_train_one_domain_each(tiny_data: TrainingData) -> None:
    step = Step("re-training", tiny_data)
    assert METHODS["re-training"].phases == ((SOURCE,), (TARGET,))
    for domain, other in ((SOURCE, TARGET), (TARGET, SOURCE)):
        moved = {name: float(g.abs().sum()) for name, g in step.gradients(domain).items()}
        assert moved[f"heads.{domain}.emissions.weight"] > 0 and moved[f"heads.{other}.emissions.weight"] == 0
        assert moved["encoder.ahead.weight_hh_l0"] > 0


def test_vanilla_mmd_takes_all_tokens_as_one_set(tiny_data: TrainingData) -> None:
    step = Step("mmd-crf-l2", tiny_data)
    states = {domain: step.hidden(domain) for domain in step.batches}
    bandwidths = step.config.transfer.bandwidths
    value = step.part("mmd")
    expected = mmd2(states[SOURCE], states[TARGET], bandwidths).detach()
    assert value == pytest.approx(float(expected))
    step.tagger.method = METHODS["la-dtl"]
    assert step.part("mmd") != pytest.approx(value)


def test_label_aware_mmd_leaves_out_labels_of_one_side_and_takes_their_weights(tiny_data: TrainingData) -> None:
    step = Step("la-dtl", dataclasses.replace(tiny_data, source=renamed(tiny_data.source)))
    states, config = {}, step.config.transfer
    for domain, batch in step.batches.items():
        hidden = step.hidden(domain).detach()
        names = [step.tagger.tags[domain][i] for i in batch.tags[batch.mask].tolist()]
        states[domain] = {tag: hidden[[name == tag for name in names]] for tag in set(names)}
    common = {"O", "B-Problem", "I-Problem"}
    assert common == set(states[SOURCE]) & set(states[TARGET])
    each = {tag: float(mmd2(states[SOURCE][tag], states[TARGET][tag], config.bandwidths)) for tag in common}
    assert step.part("mmd") == pytest.approx(sum(each.values()), rel=1e-4)
    for given in ({"Problem": 3.0, "O": 0.5}, {"B-Problem": 3.0, "I-Problem": 3.0, "O": 0.5}):
        weighted = dataclasses.replace(config, label_weights=given)
        expected = 0.5 * each["O"] + 3 * each["B-Problem"] + 3 * each["I-Problem"]
        assert step.part("mmd", weighted) == pytest.approx(expected, rel=1e-4)
    floor = sorted(each.values())[1] * 1.01
    floored = step.part("mmd", dataclasses.replace(config, mmd_floor=floor))
    assert floored == pytest.approx(sum(max(value, floor) for value in each.values()), rel=1e-4)


OTHER: dict[str, Any] = {
    "alpha": 0.9,
    "warm_up": 20,
    "estimate": "unbiased",
    "memory": 3,
    "beta": 0.8,
    "epsilon": 0.3,
    "bandwidths": (2.0,),
    "mmd_floor": 5.0,
    "similarity": "gaussian",
}


@pytest.mark.parametrize("method", METHODS)
def test_a_setting_that_is_said_to_be_unused_changes_nothing_and_a_used_one_does(
    method: str, tiny_data: TrainingData
) -> None:
    config = tiny_config(method, **TERMS)
    training = dataclasses.replace(config.training, max_steps=8, epoch_steps=4, pretrain_epochs=1)
    config = dataclasses.replace(config, training=training)
    unused = METHODS[method].unused

    def with_others(names: set[str]) -> Tensor:
        changed = {name: OTHER[name] for name in names}
        return weights(
            train(tiny_data, dataclasses.replace(config, transfer=dataclasses.replace(config.transfer, **changed)))
        )

    plain = with_others(set())
    assert torch.equal(with_others(unused), plain)
    for name in set(OTHER) - unused:
        assert not torch.equal(with_others({name}), plain), name
