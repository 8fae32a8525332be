"""The gap between two domains for every label, before and after adaptation: joint-training against la-dtl.

Both are trained with one seed on the same data, and everything is measured on dev sentences of both domains, which
neither was trained on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ladtl_core.config import Config
from ladtl_core.data import TrainingData
from ladtl_core.permutation import GapTest
from ladtl_core.progress import Progress
from ladtl_core.records import Sentence
from ladtl_core.tag_gaps import tag_gaps
from ladtl_core.training import train

BEFORE, AFTER = "joint-training", "la-dtl"


@dataclass(frozen=True)
class TagGap:
    """One BIO tag that both domains have. `source` and `target` count its tokens, `before` and `after` are None with
    fewer than two on a side. F1 in percent is that of its label, None for O.
    """

    tag: str
    source: int
    target: int
    before: GapTest | None
    after: GapTest | None
    f1_before: float | None
    f1_after: float | None


def gap_report(
    data: TrainingData, source_dev: Sequence[Sentence], config: Config, progress: Callable[[Progress], None]
) -> list[TagGap]:
    """Train both systems and measure them; `source_dev` are labelled sentences of the source. Raises TrainingError."""
    found = {}
    for method in (BEFORE, AFTER):
        chosen = replace(config, transfer=replace(config.transfer, method=method))
        trained = train(data, chosen, progress=progress)
        dev = trained.scores["dev"]
        f1 = {label: score.f1 for label, score in dev.per_label.items()} if dev else {}
        found[method] = (tag_gaps(trained.tagger, source_dev, data.dev, config.training.seed), f1)
    (before, f1_before), (after, f1_after) = found[BEFORE], found[AFTER]
    support = [Counter(tag for s in part for tag in s.tags or ()) for part in (source_dev, data.dev)]
    return [
        TagGap(tag, support[0][tag], support[1][tag], gap, after[tag], f1_before.get(tag[2:]), f1_after.get(tag[2:]))
        for tag, gap in before.items()
    ]


def as_markdown(gaps: Sequence[TagGap]) -> str:
    """The table; a dash where there are too few tokens."""
    lines = [
        f"| tag | tokens source | tokens target | MMD² {BEFORE} | p | MMD² {AFTER} | p | F1 {BEFORE} | F1 {AFTER} |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for gap in gaps:
        cells = [gap.tag, str(gap.source), str(gap.target)]
        for test in (gap.before, gap.after):
            cells += [f"{test.mmd2:.4f}", f"{test.p_value:.3f}"] if test else ["-", "-"]
        cells += ["-" if f1 is None else f"{f1:.1f}" for f1 in (gap.f1_before, gap.f1_after)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def as_json(gaps: Sequence[TagGap]) -> list[dict[str, Any]]:
    """The same as objects."""
    return [asdict(gap) for gap in gaps]
