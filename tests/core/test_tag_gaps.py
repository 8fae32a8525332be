"""The gap of a tagger tag by tag: which records and tokens it is measured on."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ladtl_core.methods import SOURCE, TARGET
from ladtl_core.permutation import gap_test
from ladtl_core.records import Record
from ladtl_core.tag_gaps import dev_gaps
from ladtl_core.text import to_sentences

from .test_selection import SOURCES, TARGETS, slow_states, tagger_of


def dev(records: list[Record], department: str = "") -> list[Record]:
    return [replace(record, split="dev", department=department) for record in records]


def test_a_tag_has_the_test_of_its_tokens() -> None:
    tagger = tagger_of()
    sides = []
    for domain, records in ((SOURCE, SOURCES[:2]), (TARGET, TARGETS[:2])):
        found = [
            (state, number)
            for number, record in enumerate(records)
            for state, tag in zip(
                slow_states(tagger, record, domain),
                [t for s in to_sentences(record) for t in s.tags or ()],
                strict=True,
            )
            if tag == "B-Problem"
        ]
        sides.append((torch.stack([state for state, _ in found]), torch.tensor([number for _, number in found])))
    (source, source_records), (target, target_records) = sides
    wanted = gap_test(source, target, source_records, target_records)
    gaps = {gap.tag: gap for gap in dev_gaps(tagger, dev(SOURCES, "a"), dev(TARGETS, "b"))}
    assert list(gaps) == ["O", "B-Problem", "I-Problem"]  # the tags that both have
    found_gap = gaps["B-Problem"]
    assert wanted is not None and found_gap.mmd2 == pytest.approx(wanted.mmd2, abs=1e-5)
    assert found_gap.p_value == pytest.approx(wanted.p_value, abs=0.02)
    assert (found_gap.source, found_gap.target) == (2, 3)
    assert (gaps["I-Problem"].source, gaps["I-Problem"].target, gaps["I-Problem"].mmd2) == (0, 1, None)


def test_only_labelled_dev_records_count() -> None:
    tagger = tagger_of()
    wanted = dev_gaps(tagger, dev(SOURCES[:2]), dev(TARGETS[:2]))
    others = [replace(SOURCES[0], split="test"), replace(SOURCES[1], split="train"), *dev(SOURCES)]
    assert dev_gaps(tagger, others, [TARGETS[0], *dev(TARGETS)]) == wanted
    assert dev_gaps(tagger, SOURCES, dev(TARGETS)) == dev_gaps(tagger, dev(SOURCES), TARGETS) == []
    assert dev_gaps(tagger_of("non-transfer"), dev(SOURCES), dev(TARGETS)) == []


def test_records_of_two_sources_with_one_name_are_two_records() -> None:
    """Exchanged as one they would leave fewer exchanges, and another p."""
    tagger = tagger_of()
    renamed = [dev([SOURCES[0]], "a")[0], replace(dev([SOURCES[1]], "c")[0], id="s1")]
    assert dev_gaps(tagger, renamed, dev(TARGETS)) == dev_gaps(tagger, dev(SOURCES), dev(TARGETS))
