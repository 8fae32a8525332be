"""Near-duplicates against the comparison of all pairs."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from ladtl_core.duplicates import COMPARED, OVERLAP, near_duplicates


def slow(texts: list[list[str]]) -> list[int]:
    """Every pair is compared; whoever is near, maybe by way of others, has the same number."""

    def pairs(tokens: list[str]) -> set[tuple[str, ...]]:
        return set(pairwise(tokens)) if len(tokens) > 1 else {tuple(tokens)} - {()}

    sets = [pairs(tokens) for tokens in texts]
    group = list(range(len(texts)))
    for i, j in combinations(range(len(texts)), 2):
        if sets[i] == sets[j] or (sets[i] & sets[j] and len(sets[i] & sets[j]) >= OVERLAP * len(sets[i] | sets[j])):
            both = sorted((group[i], group[j]))
            group = [both[0] if g == both[1] else g for g in group]
    return group


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=7), max_size=9))
def test_equals_the_comparison_of_all_pairs(texts: list[list[str]]) -> None:
    assert near_duplicates(texts) == slow(texts)


def test_copied_notes_with_other_numbers_are_one_group() -> None:
    texts = (
        "But an MRI scan of the spine showed an L5 metastasis with a fracture treated in 2014",
        "A film of the chest was clear and the patient went home without any treatment at all",
    )
    note, other = (text.split() for text in texts)
    copied = [*("L4" if word == "L5" else "but" if word == "But" else word for word in note[:-1]), "2021"]
    longer = [*note, "by", "radiotherapy"]
    assert near_duplicates([other, note, copied, longer, other[:6], []]) == [0, 1, 1, 1, 4, 5]


def test_a_department_of_forms_is_one_group() -> None:
    form = "seen in clinic today ; feels well ; bloods are normal ; no change of plan ; see again in"
    texts = [f"{form} {chr(97 + i % 26)}{chr(97 + i // 26)} weeks".split() for i in range(3 * COMPARED)]
    assert near_duplicates(texts) == [0] * len(texts)


def test_all_the_same_and_none() -> None:
    assert near_duplicates([["a", "b"]] * 3 + [["a"], ["A"], [], []]) == [0, 0, 0, 3, 3, 5, 5]
    assert near_duplicates([]) == []
