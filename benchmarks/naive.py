"""La-DTL as one would write it first: a packed LSTM, a CRF as a loop in the log domain, an MMD label by label.

Autograd does the rest. It takes the same tensors and parameters as the library's tagger, so that both can be held
against each other, in value, gradient and time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from ladtl_core.batching import Batch, Forms
from ladtl_core.config import TransferConfig
from ladtl_core.encoder import CharCnn
from ladtl_core.methods import SOURCE, TARGET
from ladtl_core.tagger import Tagger
from ladtl_core.vocab import PADDING, UNKNOWN

Distances = Callable[[Tensor, Tensor], Tensor]


class NaiveTagger(nn.Module):
    """The tagger's own embeddings and heads around torch's bidirectional LSTM, which starts from its weights.

    With `spell_each` the characters of every token are read, instead of those of each form of the batch once.
    """

    def __init__(self, tagger: Tagger, *, spell_each: bool = False) -> None:
        super().__init__()
        self.spell_each = spell_each
        self.tagger = tagger
        config = tagger.config.model
        size = config.word_size + config.char_filters
        self.lstm = nn.LSTM(size, config.hidden_size, batch_first=True, bidirectional=True)
        self.lstm.to(next(tagger.parameters()).dtype)
        self.lstm.load_state_dict(bidirectional_weights(tagger))
        self.dropout = nn.Dropout(config.dropout)

    def hidden(self, table: Forms, batch: Batch) -> Tensor:
        """(batch, time, 2 * hidden_size), 0 under the mask."""
        embedded = self.dropout(self._embed(table, batch.forms))
        packed = pack_padded_sequence(embedded, batch.mask.sum(1), batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return self.dropout(states)

    def _embed(self, table: Forms, forms: Tensor) -> Tensor:
        encoder = self.tagger.encoder
        words = table.words[forms]
        if self.training:
            hidden = (torch.rand(words.shape) < encoder.word_dropout) & (words != PADDING)
            words = words.masked_fill(hidden, UNKNOWN)
        assert encoder.chars is not None
        if self.spell_each:
            spelled = spellings(encoder.chars, table.chars[forms].flatten(0, 1)).unflatten(0, forms.shape)
        else:
            unique, place = torch.unique(forms, return_inverse=True)
            spelled = spellings(encoder.chars, table.chars[unique])[place]
        return torch.cat((encoder.words(words), spelled), dim=2)

    def trained(self) -> list[nn.Parameter]:
        """Every parameter but the encoder's own LSTM, which the packed one stands in for."""
        encoder = self.tagger.encoder
        unused = {id(p) for p in (*encoder.ahead.parameters(), *encoder.back.parameters())}
        return [p for p in self.parameters() if id(p) not in unused]


def spellings(cnn: CharCnn, chars: Tensor) -> Tensor:
    """The maximum of each filter of a convolution over the characters, (spellings, filters); 0 without characters."""
    linear = cnn.convolution
    kernel = linear.weight.view(len(linear.weight), 3, -1).transpose(1, 2)
    patterns = nn.functional.conv1d(cnn.embedding(chars).transpose(1, 2), kernel, linear.bias, padding=1)
    patterns = patterns.masked_fill((chars == PADDING).unsqueeze(1), float("-inf"))
    return patterns.amax(2).masked_fill((chars == PADDING).all(1, keepdim=True), 0.0)


def bidirectional_weights(tagger: Tagger) -> dict[str, Tensor]:
    """The weights of both directions under the names of torch's bidirectional LSTM."""
    ahead, back = tagger.encoder.ahead.state_dict(), tagger.encoder.back.state_dict()
    return {**ahead, **{f"{name}_reverse": value for name, value in back.items()}}


def objective(naive: NaiveTagger, table: Forms, batches: dict[str, Batch], config: TransferConfig) -> Tensor:
    """epsilon L_source + (1 - epsilon) L_target + alpha L_LaMMD + beta L_p, a scalar."""
    hidden = {domain: naive.hidden(table, batch) for domain, batch in batches.items()}
    losses = {}
    for domain, batch in batches.items():
        head = naive.tagger.head(domain)
        emissions = head.emissions(hidden[domain])
        losses[domain] = -log_likelihood(emissions, head.crf.transitions, batch.tags, batch.mask).mean()
    loss = config.epsilon * losses[SOURCE] + (1 - config.epsilon) * losses[TARGET]
    source, target = batches[SOURCE], batches[TARGET]
    names = naive.tagger.tags
    numbers = torch.tensor([names[SOURCE].index(tag) if tag in names[SOURCE] else -1 for tag in names[TARGET]])
    mmd = label_mmd(
        hidden[SOURCE][source.mask],
        hidden[TARGET][target.mask],
        source.tags[source.mask],
        numbers[target.tags[target.mask]],
        config.bandwidths,
    )
    return loss + config.alpha * mmd + config.beta * crf_distance(naive)


def log_likelihood(emissions: Tensor, transitions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
    """log p(tags | emissions), (batch,): score of the path less the logarithm of the sum over all paths."""
    return path_score(emissions, transitions, tags, mask) - log_partition(emissions, transitions, mask)


def path_score(emissions: Tensor, transitions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
    tags = tags.clamp_min(0)
    unary = emissions.gather(2, tags.unsqueeze(2)).squeeze(2) * mask
    return unary.sum(1) + (transitions[tags[:, :-1], tags[:, 1:]] * mask[:, 1:]).sum(1)


def log_partition(emissions: Tensor, transitions: Tensor, mask: Tensor) -> Tensor:
    scores = emissions[:, 0]
    for i in range(1, emissions.shape[1]):
        new = torch.logsumexp(scores.unsqueeze(2) + transitions + emissions[:, i].unsqueeze(1), dim=1)
        scores = torch.where(mask[:, i].unsqueeze(1), new, scores)
    return torch.logsumexp(scores, dim=1)


def label_mmd(
    source: Tensor,
    target: Tensor,
    source_labels: Tensor,
    target_labels: Tensor,
    bandwidths: Sequence[float],
    distances: Distances | None = None,
) -> Tensor:
    """Sum over the labels of both sides of the squared MMD between their rows, a scalar."""
    between = distances or squared_distances
    total = source.new_zeros(())
    for label in sorted(set(source_labels.tolist()) & set(target_labels.tolist())):
        x, y = source[source_labels == label], target[target_labels == label]
        pairs = ((x, x, 1.0), (y, y, 1.0), (x, y, -2.0))
        total = total + sum(sign * kernel_mean(between(a, b), bandwidths) for a, b, sign in pairs)
    return total


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """(n, m), by one matrix product; in float32 a row's distance to itself is not quite 0."""
    return ((x**2).sum(1).unsqueeze(1) + (y**2).sum(1) - 2 * x @ y.T).clamp_min(0)


def broadcast_distances(x: Tensor, y: Tensor) -> Tensor:
    """(n, m), by the differences of all pairs, (n, m, size)."""
    return ((x.unsqueeze(1) - y.unsqueeze(0)) ** 2).sum(2)


def kernel_mean(distances: Tensor, bandwidths: Sequence[float]) -> Tensor:
    """The mean over all pairs of the sum of Gaussian kernels."""
    return torch.stack([torch.exp(-distances / (2 * s)).mean() for s in bandwidths]).sum()


def crf_distance(naive: NaiveTagger) -> Tensor:
    """Squared distance of the two heads' parameters over the tags that both have."""
    mine, theirs = naive.tagger.head(SOURCE), naive.tagger.head(TARGET)
    common = [tag for tag in mine.tags if tag in theirs.tags]
    a, b = [mine.tags.index(tag) for tag in common], [theirs.tags.index(tag) for tag in common]
    total = ((mine.emissions.weight[a] - theirs.emissions.weight[b]) ** 2).sum()
    total = total + ((mine.emissions.bias[a] - theirs.emissions.bias[b]) ** 2).sum()
    return total + ((mine.crf.transitions[a][:, a] - theirs.crf.transitions[b][:, b]) ** 2).sum()
