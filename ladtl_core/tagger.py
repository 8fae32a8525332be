"""The tagger: one encoder, and for each domain a linear map to emissions with a CRF of its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ladtl_core.batching import Batch, Forms, padded
from ladtl_core.config import Config
from ladtl_core.crf import LinearChainCrf
from ladtl_core.encoder import Encoder
from ladtl_core.vocab import Vocabulary, bio_moves

SOURCE, TARGET = "source", "target"


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
    """Shared encoder and one head a domain; predictions use the target's."""

    def __init__(self, config: Config, vocabulary: Vocabulary, tags: dict[str, tuple[str, ...]]) -> None:
        super().__init__()
        self.config, self.vocabulary, self.tags = config, vocabulary, tags
        self.encoder = Encoder(config.model, len(vocabulary.words) + 2, len(vocabulary.chars) + 2)
        size = 2 * config.model.hidden_size
        self.heads = nn.ModuleDict({domain: Head(size, of_domain) for domain, of_domain in tags.items()})
        self.allowed: Tensor
        self.register_buffer("allowed", torch.tensor(bio_moves(tags[TARGET])), persistent=False)

    def hidden(self, table: Forms, *batches: Batch) -> list[Tensor]:
        """Hidden states H (tokens, 2 * hidden_size) of each batch, from one pass over all of them."""
        forms = torch.cat([batch.forms[batch.mask] for batch in batches])
        lengths = [batch.mask.sum(1) for batch in batches]
        states: Tensor = self.encoder(table, forms, torch.cat(lengths))
        return list(states.split([int(of_batch.sum()) for of_batch in lengths]))

    def emissions(self, table: Forms, batch: Batch, domain: str) -> Tensor:
        """Emissions E (batch, time, tags) of one domain's head."""
        (hidden,) = self.hidden(table, batch)
        return padded(self.head(domain).emissions(hidden), batch.mask)

    def head(self, domain: str) -> Head:
        head = self.heads[domain]
        assert isinstance(head, Head)
        return head

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
