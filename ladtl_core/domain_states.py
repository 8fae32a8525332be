"""What a shared CRF sees of a domain's hidden states: a projection of them, or two thirds of them.

Peng and Dredze, "Multi-task Domain Adaptation for Sequence Tagging", RepL4NLP 2017.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ladtl_core.methods import SOURCE, TARGET


class Projection(nn.Module):
    """One learned linear map a domain, from the hidden states (batch, time, size) to as many projected ones."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        size = 2 * hidden_size
        self.maps = nn.ModuleDict({domain: nn.Linear(size, size) for domain in (SOURCE, TARGET)})

    def forward(self, hidden: Tensor, domain: str) -> Tensor:
        projected: Tensor = self.maps[domain](hidden)
        return projected


class Mask(nn.Module):
    """Hidden units in three thirds: shared, the source's, the target's; a domain sees the other's third as 0.

    Each direction of the LSTM is divided by itself, so that all thirds know both sides of a token. What does not
    divide by three goes to the shared part.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        third = hidden_size // 3
        shared = hidden_size - 2 * third
        self.source: Tensor
        self.target: Tensor
        for domain, kept in ((SOURCE, (1.0, 1.0, 0.0)), (TARGET, (1.0, 0.0, 1.0))):
            one_way = torch.tensor(kept).repeat_interleave(torch.tensor((shared, third, third)))
            self.register_buffer(domain, one_way.repeat(2), persistent=False)

    def forward(self, hidden: Tensor, domain: str) -> Tensor:
        return hidden * (self.source if domain == SOURCE else self.target)


def domain_states(kind: str, hidden_size: int) -> nn.Module | None:
    """The module for a method's `states`; None where the CRF sees the hidden states as they are."""
    if kind == "projected":
        return Projection(hidden_size)
    return Mask(hidden_size) if kind == "masked" else None
