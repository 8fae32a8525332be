"""Scores of records against plain loops in float64, and at their limits."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ladtl_core.methods import SOURCE, TARGET
from ladtl_core.prediction import prepare
from ladtl_core.records import Entity, Record
from ladtl_core.selection import entropy, farthest_first, gap_witnesses, score
from ladtl_core.tagger import Tagger
from ladtl_core.text import to_sentences
from ladtl_core.vocab import Vocabulary
from ladtl_core.witness import Witness, sampled_states, witnesses

from .conftest import tiny_config

SOURCES = [
    Record("s1", "Fever rose . Film clear .", (Entity(0, 5, "Problem"), Entity(13, 17, "Test"))),
    Record("s2", "Cough again , film again .", (Entity(0, 5, "Problem"), Entity(14, 18, "Test"))),
    Record("s3", "Nobody labelled this ."),
]
TARGETS = [
    Record("t1", "Ward says fever and chest pain .", (Entity(10, 15, "Problem"), Entity(20, 30, "Problem"))),
    Record("t2", "No cough . Plan : rest .", (Entity(3, 8, "Problem"), Entity(18, 22, "Plan"))),
    Record("t3", "Fever ."),
    Record("t4", "Rest"),
    Record("t5", " "),
]
TAGS: dict[str, tuple[str, ...]] = {
    SOURCE: ("O", "B-Problem", "I-Problem", "B-Test", "I-Test"),
    TARGET: ("O", "B-Plan", "I-Plan", "B-Problem", "I-Problem"),
}


def tagger_of(method: str = "la-dtl") -> Tagger:
    torch.manual_seed(3)
    tags = TAGS if method != "non-transfer" else {TARGET: TAGS[TARGET]}
    sentences = [s for record in (*SOURCES, *TARGETS) for s in to_sentences(record)]
    tagger = Tagger(tiny_config(method), Vocabulary.of(sentences), tags).eval()
    with torch.no_grad():  # fresh weights would make every token alike
        for name, weight in tagger.named_parameters():
            if name.endswith("emissions.weight"):
                weight.mul_(20)
    return tagger


def slow_states(tagger: Tagger, record: Record, domain: str) -> Tensor:
    """Hidden states (tokens, size) of a record, one sentence at a time."""
    found = [torch.zeros(0, 2 * tagger.config.model.hidden_size)]
    for sentence in to_sentences(record):
        prepared, table = prepare(tagger, [sentence])
        found.append(tagger.hidden(table, {domain: prepared.batch([0])})[domain].detach())
    return torch.cat(found).double()


def slow_marginals(tagger: Tagger, record: Record) -> list[list[float]]:
    """p(y|x) of each token, from all paths of its sentence."""
    head, found = tagger.decoder(), []
    for sentence in to_sentences(record):
        prepared, table = prepare(tagger, [sentence])
        emissions = tagger.emissions(table, prepared.batch([0]), head)[0].detach().double()
        moves = head.crf.transitions.detach().double()
        paths = torch.cartesian_prod(*[torch.arange(len(head.tags))] * len(sentence.tokens)).view(
            -1, len(sentence.tokens)
        )
        scores = emissions[range(len(sentence.tokens)), paths].sum(1) + moves[paths[:, :-1], paths[:, 1:]].sum(1)
        p = scores.softmax(0)
        found += [
            [float(p[paths[:, i] == k].sum()) for k in range(len(head.tags))] for i in range(len(sentence.tokens))
        ]
    return found


def slow_gap(tagger: Tagger, record: Record) -> dict[str, float]:
    """What each tag adds to mean over tokens of sum_y p(y|x) |witness_y(h)|, as loops."""
    of_tag: dict[str, dict[str, list[Tensor]]] = {SOURCE: {}, TARGET: {}}
    for domain, records in ((SOURCE, SOURCES), (TARGET, TARGETS)):
        for one in records:
            tags = [tag for sentence in to_sentences(one) for tag in sentence.tags or ()]
            for tag, state in zip(tags, slow_states(tagger, one, domain), strict=False):
                of_tag[domain].setdefault(tag, []).append(state)
    states, p, parts = slow_states(tagger, record, TARGET), slow_marginals(tagger, record), {}
    for k, tag in enumerate(tagger.tags[TARGET]):
        mine, theirs = of_tag[SOURCE].get(tag, []), of_tag[TARGET].get(tag, [])
        if not mine or not theirs:
            continue
        distances = sorted(float(((a - b) ** 2).sum()) for a in mine for b in theirs)
        median = distances[(len(distances) - 1) // 2]

        def near(h: Tensor, others: list[Tensor], median: float = median) -> float:
            return sum(math.exp(-float(((h - o) ** 2).sum()) / median) for o in others) / len(others)

        value = sum(p[i][k] * abs(near(h, mine) - near(h, theirs)) for i, h in enumerate(states))
        parts[tag] = value / max(len(states), 1)
    return parts


@pytest.mark.parametrize("method", ["la-dtl", "linear-projection", "domain-mask"])
def test_equals_plain_loops(method: str) -> None:
    tagger = tagger_of(method)
    for record, found in zip(TARGETS, score(tagger, TARGETS, SOURCES, TARGETS), strict=True):
        marginals = slow_marginals(tagger, record)
        tokens = len(marginals)
        assert found.tokens == tokens
        entropies = [-sum(q * math.log(q) for q in token if q) / math.log(5) for token in marginals]
        assert found.uncertainty == pytest.approx(sum(entropies) / max(tokens, 1), abs=1e-5)
        close = [token for token in marginals if sorted(token)[-2] >= sorted(token)[-1] / 2]
        assert found.close == len(close)
        share = {"Plan": sum(t[1] + t[2] for t in close), "Problem": sum(t[3] + t[4] for t in close)}
        assert list(found.doubtful) == (sorted(share, key=lambda name: -share[name]) if close else [])
        parts = slow_gap(tagger, record)
        assert "B-Plan" not in parts  # the source has no such label
        assert found.gap == pytest.approx(sum(parts.values()), abs=1e-5)
        of_problem = sum(part for tag, part in parts.items() if tag.endswith("Problem"))
        assert found.gap_parts.get("Problem", 0) == pytest.approx(of_problem, abs=1e-5)
    assert any(one.close for one in score(tagger, TARGETS, SOURCES, TARGETS))


def test_an_empty_record_and_one_token() -> None:
    found = score(tagger_of(), TARGETS, SOURCES, TARGETS)
    assert (found[3].tokens, found[4].tokens) == (1, 0)
    assert (found[4].uncertainty, found[4].close, found[4].gap) == (0, 0, 0)
    assert 0 < found[3].uncertainty < 1
    assert score(tagger_of(), [], SOURCES, TARGETS) == []


def test_labels_of_the_evaluation_set_change_nothing() -> None:
    held_out = [
        replace(record, id=f"{record.id}-{split}", split=split) for record in TARGETS for split in ("dev", "test")
    ]
    assert any(record.entities for record in held_out)
    found = score(tagger_of(), TARGETS, [*SOURCES, *held_out], [*TARGETS, *held_out])
    assert found == score(tagger_of(), TARGETS, SOURCES, TARGETS)


def test_without_a_source_there_is_no_gap() -> None:
    found = score(tagger_of("non-transfer"), TARGETS, SOURCES, TARGETS)
    assert [one.gap for one in found] == [None] * 5 and found[0].gap_parts == {}
    assert found[0].uncertainty > 0


def test_no_common_label_is_no_gap() -> None:
    assert all(one.gap is None for one in score(tagger_of(), TARGETS, SOURCES[2:], TARGETS))


def test_the_labelled_have_no_place_among_the_unlike() -> None:
    ranks = [one.rank for one in score(tagger_of(), TARGETS, SOURCES, TARGETS)]
    assert ranks[:2] == [None, None] and sorted(ranks[2:]) == [1, 2, 3]  # type: ignore[type-var]


def test_progress_is_told_and_many_records_are_scored_as_few() -> None:
    told: list[int] = []
    many = [Record(f"r{i}", TARGETS[i % 5].text) for i in range(450)]
    found = score(tagger_of(), many, SOURCES, TARGETS, told.append)
    assert told == [0, 200, 400]
    few = score(tagger_of(), TARGETS, SOURCES, TARGETS)
    for i in (0, 204, 448):
        assert found[i].gap == pytest.approx(few[i % 5].gap, abs=1e-6)
        assert found[i].near_to == i % 5


def test_entropy_is_1_where_nothing_is_known_and_0_where_all_is() -> None:
    p = torch.tensor([[0.25] * 4, [1.0, 0.0, 0.0, 0.0]])
    assert entropy(p).tolist() == pytest.approx([1, 0], abs=1e-6)


def test_the_same_states_on_both_sides_leave_no_gap() -> None:
    states = torch.randn(7, 4, generator=torch.Generator().manual_seed(0))
    assert Witness.of(states, states.clone())(torch.randn(5, 4)).tolist() == pytest.approx([0] * 5, abs=1e-6)
    one = torch.ones(3, 4)
    assert Witness.of(one, one.clone())(torch.randn(5, 4)).tolist() == [0] * 5


def test_the_same_records_on_both_sides_draw_the_same_states() -> None:
    tagger = tagger_of()  # its states are the same in both domains
    drawn = [sampled_states(tagger, SOURCES, domain, seed=5, most=2) for domain in (SOURCE, TARGET)]
    assert all(len(states) <= 2 for states in drawn[0].values()) and len(drawn[0]["O"]) == 2
    for witness in witnesses(*drawn).values():
        assert witness(torch.randn(4, 2 * tagger.config.model.hidden_size)).abs().max() < 1e-6


def test_a_seed_draws_the_same_states_again() -> None:
    tagger = tagger_of()
    first, again, other = (sampled_states(tagger, SOURCES, SOURCE, seed, most=3)["O"] for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert set(gap_witnesses(tagger, SOURCES, TARGETS)) == {"O", "B-Problem"}


def test_farthest_first() -> None:
    rows = torch.tensor([[0.0], [1.0], [10.0], [4.0], [10.0]])
    assert farthest_first(rows, taken=[0]) == [None, 3, 1, 2, 4]
    assert farthest_first(rows, taken=[]) == [1, 4, 2, 3, 5]
    assert farthest_first(rows, taken=[0], most=1) == [None, 3, 1, 2, 4]
    assert farthest_first(rows, taken=[0, 1, 2, 3, 4]) == [None] * 5
    assert farthest_first(torch.zeros(0, 2), taken=[]) == []


def test_each_choice_is_the_farthest_from_all_before() -> None:
    rows = torch.randn(30, 3, generator=torch.Generator().manual_seed(1))
    places = farthest_first(rows, taken=[4, 7])
    order = sorted((i for i in range(30) if i not in (4, 7)), key=lambda i: places[i] or 0)
    before, left = [4, 7], set(order)
    for chosen in order:
        far = {i: min(float(((rows[i] - rows[j]) ** 2).sum()) for j in before) for i in left}
        assert far[chosen] == pytest.approx(max(far.values()), rel=1e-5)
        before.append(chosen)
        left.remove(chosen)
