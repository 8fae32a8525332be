"""Records that say nearly the same: their pairs of adjacent words overlap by more than half.

The measure is Jaccard's, of sets of pairs. Which records are compared follows from rare pairs alone: two sets that
overlap by a share t have one in common among the rarest |A| - ceil(t |A|) + 1 of each (Bayardo et al., "Scaling Up All
Pairs Similarity Search", WWW 2007). Of many texts with a pair in common, a form's phrases say, the latest are compared.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from itertools import pairwise

from ladtl_core.vocab import normal_form

OVERLAP = 0.6
COMPARED = 100  # texts with one pair in common; without a limit a department of forms would take quadratic time

_Pairs = frozenset[tuple[str, ...]]


def near_duplicates(texts: Sequence[Sequence[str]]) -> list[int]:
    """For the tokens of each text the number of its group: the first text that it is, maybe by way of others, near to.

    Case and digits make no difference. A text that is near to no other is a group of its own.
    """
    sets = [_pairs(tokens) for tokens in texts]
    frequency = Counter(pair for own in sets for pair in own)
    leader = list(range(len(sets)))  # of two groups that turn out to be one, the later takes the earlier's leader
    seen: dict[_Pairs, int] = {}
    holders: dict[tuple[str, ...], deque[int]] = defaultdict(lambda: deque(maxlen=COMPARED))
    for number, own in enumerate(sets):
        same = seen.setdefault(own, number)
        if same != number:
            leader[number] = same
            continue
        rare = sorted(own, key=lambda pair: (frequency[pair], pair))[: len(own) - math.ceil(OVERLAP * len(own)) + 1]
        for other in sorted({other for pair in rare for other in holders[pair]}):
            first, second = sorted((_first(leader, number), _first(leader, other)))
            if first != second and len(own & sets[other]) >= OVERLAP * len(own | sets[other]):
                leader[second] = first
        for pair in rare:
            holders[pair].append(number)
    return [_first(leader, number) for number in range(len(sets))]


def _pairs(tokens: Sequence[str]) -> _Pairs:
    """Adjacent tokens two by two; a single token stands for itself."""
    forms = [normal_form(token) for token in tokens]
    return frozenset(pairwise(forms) if len(forms) > 1 else [tuple(forms)] if forms else [])


def _first(leader: list[int], number: int) -> int:
    while leader[number] != number:
        leader[number] = number = leader[leader[number]]
    return number
