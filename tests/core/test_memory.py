"""Hidden states of earlier batches in the MMD."""

from __future__ import annotations

import torch

from ladtl_core.memory import Recent
from ladtl_core.methods import SOURCE, TARGET


def test_the_last_states_of_each_tag_follow_the_batch() -> None:
    recent, kept = Recent(3, {SOURCE: 2, TARGET: 3}, 1), dict[int, list[float]]()
    torch.manual_seed(0)
    for _ in range(6):
        states, tags = torch.randn(4, 1), torch.randint(-1, 2, (4,))
        found, of_found = recent.added(SOURCE, states, tags)
        assert torch.equal(found[:4], states) and torch.equal(of_found[:4], tags)
        for tag in (0, 1):
            assert sorted(found[4:][of_found[4:] == tag, 0].tolist()) == sorted(kept.get(tag, []))
            kept[tag] = (kept.get(tag, []) + states[tags == tag, 0].tolist())[-3:]
    assert len(recent.added(TARGET, states, tags)[0]) == 4


def test_a_gradient_reaches_the_batch_alone() -> None:
    recent, first = Recent(2, {SOURCE: 1, TARGET: 1}, 2), torch.ones(2, 2, requires_grad=True)
    recent.added(SOURCE, first, torch.zeros(2, dtype=torch.long))
    now = torch.ones(1, 2, requires_grad=True)
    recent.added(SOURCE, now, torch.zeros(1, dtype=torch.long))[0].sum().backward()
    assert first.grad is None and now.grad is not None and float(now.grad.sum()) == 2
