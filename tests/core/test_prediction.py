"""The confidence of a span against enumeration of all paths."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from ladtl_core.crf import LinearChainCrf
from ladtl_core.prediction import _spans
from ladtl_core.records import Sentence

TAGS = ("O", "B-X", "I-X")


@pytest.mark.parametrize("path", [(1, 2, 0, 1), (0, 1, 2, 2), (0, 0, 1, 1)])
def test_a_confidence_is_the_probability_of_exactly_this_span(path: tuple[int, ...]) -> None:
    torch.manual_seed(sum(path))
    crf, emissions, mask = LinearChainCrf(3), torch.randn(1, 4, 3), torch.ones(1, 4, dtype=torch.bool)
    torch.nn.init.normal_(crf.transitions)
    sentence = Sentence("r", tuple("abcd"), tuple((i, i + 1) for i in range(4)), None)
    unary, pairwise = (part[0].numpy() for part in crf.pairwise_marginals(emissions, mask))
    a, e = crf.transitions.tolist(), emissions[0].tolist()
    weights = {
        other: math.exp(sum(e[i][k] for i, k in enumerate(other)) + sum(a[j][k] for j, k in itertools.pairwise(other)))
        for other in itertools.product(range(3), repeat=4)
    }
    found = _spans(sentence, list(path), TAGS, unary, pairwise)
    assert [span.start for span in found] == [i for i, k in enumerate(path) if k == 1]
    for span in found:
        # The same tags inside, and the next token does not go on with it.
        same = [
            weight
            for other, weight in weights.items()
            if other[span.start : span.end] == path[span.start : span.end] and (*other, 0)[span.end] != 2
        ]
        assert span.confidence == pytest.approx(sum(same) / sum(weights.values()), abs=6e-5)


def test_a_tag_without_probability_gives_no_confidence() -> None:
    sentence = Sentence("r", ("a", "b"), ((0, 1), (1, 2)), None)
    (span,) = _spans(sentence, [1, 2], TAGS, torch.zeros(2, 3).numpy(), torch.zeros(1, 3, 3).numpy())
    assert span.confidence == 0
