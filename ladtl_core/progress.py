"""What a run tells while it trains."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Progress:
    """What one epoch showed. `losses` are means over its steps; `dev` holds precision, recall and f1 in percent;
    `gap` the unbiased MMD^2 between the domains' hidden states for each tag; `divergence` compares the domains' CRFs:
    kl, bound and crf_l2 (see `DivergenceProbe`). `epoch` is 0 before the first step."""

    stage: str
    epoch: int
    epochs: int
    step: int
    seconds: float
    losses: dict[str, float] = field(default_factory=dict)
    dev: dict[str, float] | None = None
    gap: dict[str, float] = field(default_factory=dict)
    divergence: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
