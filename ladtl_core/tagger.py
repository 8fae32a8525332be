"""The tagger: one encoder, then for each domain or for both a linear map to emissions with its CRF."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ladtl_core.batching import Batch, Forms, padded
from ladtl_core.config import Config
from ladtl_core.crf import LinearChainCrf
from ladtl_core.domain_states import domain_states
from ladtl_core.encoder import Encoder
from ladtl_core.methods import METHODS, SOURCE, TARGET
from ladtl_core.vocab import Vocabulary, bio_moves, union

_SHARED = "shared"


class Head(nn.Module):
    """E = H W + b and the transitions A of one domain."""

    def __init__(self, size: int, tags: tuple[str, ...]) -> None:
        super().__init__()
        self.tags = tags
        self.emissions = nn.Linear(size, len(tags))
        self.crf = LinearChainCrf(len(tags))

    def log_likelihood(self, hidden: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """log p(y | H), (batch,); H is `hidden` (tokens, size), `tags` (batch, time)."""
        return self.crf.log_likelihood(padded(self.emissions(hidden), mask), tags, mask)

    def copy_matching(self, other: Head) -> None:
        """Take over the other head's rows and columns for the tags that both have."""
        mine, theirs = shared_tags(self.tags, other.tags)
        with torch.no_grad():
            self.emissions.weight[mine] = other.emissions.weight[theirs]
            self.emissions.bias[mine] = other.emissions.bias[theirs]
            self.crf.transitions[mine.unsqueeze(1), mine] = other.crf.transitions[theirs.unsqueeze(1), theirs]


class Tagger(nn.Module):
    """Shared encoder under the heads that the method asks for; predictions use the target's tags alone.

    `tags` holds each domain's tags. A method with one CRF has it over the target's tags and then the source's others.
    """

    def __init__(self, config: Config, vocabulary: Vocabulary, tags: dict[str, tuple[str, ...]]) -> None:
        super().__init__()
        self.config, self.vocabulary, self.tags = config, vocabulary, tags
        self.method = METHODS[config.transfer.method]
        self.encoder = Encoder(config.model, len(vocabulary.words) + 2, len(vocabulary.chars) + 2)
        size = 2 * config.model.hidden_size
        self.states = domain_states(self.method.states, config.model.hidden_size)
        of_heads = {_SHARED: union(tags)} if self.method.crf == "shared" else tags
        self.heads = nn.ModuleDict({name: Head(size, of_head) for name, of_head in of_heads.items()})
        self.allowed: Tensor
        self.register_buffer("allowed", torch.tensor(bio_moves(tags[TARGET])), persistent=False)

    def hidden(self, table: Forms, batches: dict[str, Batch]) -> dict[str, Tensor]:
        """Hidden states H (tokens, 2 * hidden_size) of each domain's batch as its CRF sees them, in one pass."""
        forms = torch.cat([batch.forms[batch.mask] for batch in batches.values()])
        lengths = [batch.mask.sum(1) for batch in batches.values()]
        states: Tensor = self.encoder(table, forms, torch.cat(lengths))
        parts = dict(zip(batches, states.split([int(of_batch.sum()) for of_batch in lengths]), strict=True))
        if self.states is None:
            return parts
        return {domain: self.states(part, domain) for domain, part in parts.items()}

    def emissions(self, table: Forms, batch: Batch, head: Head) -> Tensor:
        """Emissions E (batch, time, tags) of target sentences from one of the target's heads."""
        return padded(head.emissions(self.hidden(table, {TARGET: batch})[TARGET]), batch.mask)

    def head(self, domain: str) -> Head:
        """What the domain trains: its own, or the shared one."""
        head = self.heads[_SHARED if self.method.crf == "shared" else domain]
        assert isinstance(head, Head)
        return head

    def decoder(self) -> Head:
        """What predicts: the target's head, or the part of the shared one that is about the target's tags."""
        head, tags = self.head(TARGET), self.tags[TARGET]
        if head.tags == tags:
            return head
        part = Head(head.emissions.in_features, tags)
        part.copy_matching(head)
        return part

    def vector(self, word: str) -> np.ndarray:
        """The word's embedding, (word_size,)."""
        vector: np.ndarray = self.encoder.words.weight[self.vocabulary.word_id(word)].detach().numpy()
        return vector

    def crf_distance(self) -> Tensor:
        """L_p = ||W^s - W^t||^2 + ||A^s - A^t||^2 over the tags that both domains have; W holds the bias."""
        source, target = self.head(SOURCE), self.head(TARGET)
        mine, theirs = shared_tags(source.tags, target.tags)
        weight = source.emissions.weight[mine] - target.emissions.weight[theirs]
        bias = source.emissions.bias[mine] - target.emissions.bias[theirs]
        moves = source.crf.transitions[mine][:, mine] - target.crf.transitions[theirs][:, theirs]
        return (weight**2).sum() + (bias**2).sum() + (moves**2).sum()


def shared_tags(mine: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[Tensor, Tensor]:
    """Numbers of the tags that both sets have, in each of the two."""
    common = [tag for tag in mine if tag in theirs]
    return torch.tensor([mine.index(tag) for tag in common]), torch.tensor([theirs.index(tag) for tag in common])
