"""Hidden states of recent batches, so that the MMD of a rare label rests on more than a batch's two or three tokens.

Wang et al. 2020, "Cross-Batch Memory for Embedding Learning", keep recent embeddings so for a contrastive loss.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ladtl_core.methods import SOURCE, TARGET


class Recent(nn.Module):
    """The last `size` hidden states of each tag: a buffer for each domain, the newest in place of the oldest.

    They are constants of the loss: a gradient reaches the batch's own states alone.
    """

    def __init__(self, size: int, num_tags: dict[str, int], width: int) -> None:
        super().__init__()
        self.size = size
        for domain in (SOURCE, TARGET):
            self.register_buffer(f"{domain}_states", torch.zeros(num_tags[domain], size, width))
            self.register_buffer(f"{domain}_seen", torch.zeros(num_tags[domain], dtype=torch.long))

    def added(self, domain: str, states: Tensor, tags: Tensor) -> tuple[Tensor, Tensor]:
        """The batch's states (tokens, width) and tags (tokens,) followed by those kept; then keeps the batch's too."""
        kept, seen = self.get_buffer(f"{domain}_states"), self.get_buffer(f"{domain}_seen")
        filled = torch.arange(self.size) < seen.clamp(max=self.size).unsqueeze(1)
        old_tags = torch.arange(len(kept)).unsqueeze(1).expand_as(filled)[filled]
        together = torch.cat((states, kept[filled])), torch.cat((tags, old_tags))
        for tag in tags[tags >= 0].unique().tolist():
            new = states.detach()[tags == tag][-self.size :]
            places = (seen[tag] + torch.arange(len(new))) % self.size
            kept[tag, places] = new
            seen[tag] += len(new)
        return together
