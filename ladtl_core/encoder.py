"""The shared part of every method: embeddings of words and characters under one bidirectional LSTM."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ladtl_core import kernels
from ladtl_core.batching import Forms, padded
from ladtl_core.config import ModelConfig
from ladtl_core.kernels import dropout, spelling
from ladtl_core.kernels import lstm as compiled
from ladtl_core.vocab import PADDING, UNKNOWN


class CharCnn(nn.Module):
    """A word's spelling as the maxima of patterns three characters wide (Ma & Hovy, ACL 2016)."""

    def __init__(self, num_chars: int, size: int, filters: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_chars, size, padding_idx=0)
        self.convolution = nn.Linear(3 * size, filters)

    def forward(self, chars: Tensor) -> Tensor:
        """`chars` (forms, length) ids, right-padded with 0 -> (forms, filters).

        What a character adds to a pattern depends on itself and its place among the three alone, so it is looked up.
        """
        embedded = self.embedding(torch.arange(self.embedding.num_embeddings, device=chars.device))
        weights = self.convolution.weight.view(len(self.convolution.weight), 3, -1)
        shares = torch.einsum("cs,fps->pcf", embedded, weights)
        found = spelling.strongest(chars, shares) if kernels.serve(shares) else strongest(chars, shares)
        return found + self.convolution.bias * (chars[:, :1] != 0)


def strongest(chars: Tensor, shares: Tensor) -> Tensor:
    """max_i shares[0, c_{i-1}] + shares[1, c_i] + shares[2, c_{i+1}] of each spelling, (forms, filters); 0 where empty.

    `shares` is (3, chars, filters); its rows 0 stand for the characters before the first and behind the last.
    """
    around = nn.functional.pad(chars, (1, 1))
    patterns = shares[0][around[:, :-2]] + shares[1][chars] + shares[2][around[:, 2:]]
    return patterns.masked_fill((chars == 0).unsqueeze(2), float("-inf")).amax(1).masked_fill(chars[:, :1] == 0, 0.0)


def dropped(values: Tensor, share: float) -> Tensor:
    """`values` with a random `share` of them 0 and the others scaled to the same mean; every device drops the same."""
    seed, threshold, scale = int(torch.randint(2**32, (1,))), int(share * 2**32), 1 / (1 - share)
    if kernels.serve(values):
        return dropout.drop(values, threshold, scale, seed)
    return values * dropout.kept(values.numel(), threshold, seed).view_as(values).to(values) * scale


class Encoder(nn.Module):
    """Form numbers (tokens,) of sentences in a row -> hidden states (tokens, 2 * hidden_size)."""

    def __init__(self, config: ModelConfig, num_words: int, num_chars: int) -> None:
        super().__init__()
        self.words = nn.Embedding(num_words, config.word_size, padding_idx=0)
        nn.init.uniform_(self.words.weight, -0.1, 0.1)
        self.chars = CharCnn(num_chars, config.char_size, config.char_filters) if config.char_filters else None
        size = config.word_size + config.char_filters
        self.ahead = nn.LSTM(size, config.hidden_size, batch_first=True)
        self.back = nn.LSTM(size, config.hidden_size, batch_first=True)
        self.word_dropout = config.word_dropout
        self.dropout, self.hidden_dropout = config.dropout, config.hidden_dropout

    def forward(self, table: Forms, forms: Tensor, lengths: Tensor) -> Tensor:
        """`lengths` (sentences,) says where one sentence ends and the next begins."""
        embedded = self._dropped(self.embed(table, forms), self.dropout)
        if kernels.serve(embedded):
            hidden = compiled.bilstm(embedded, lengths, self.ahead, self.back)
        else:
            hidden = bilstm(embedded, lengths, self.ahead, self.back)
        return self._dropped(hidden, self.hidden_dropout)

    def _dropped(self, values: Tensor, share: float) -> Tensor:
        return dropped(values, share) if self.training and share else values

    def embed(self, table: Forms, forms: Tensor) -> Tensor:
        """Embeddings (*forms.shape, size) of forms of any shape; each form is spelled once."""
        words = table.words[forms]
        if self.training and self.word_dropout:
            hidden = (torch.rand(words.shape, device=words.device) < self.word_dropout) & (words != PADDING)
            words = words.masked_fill(hidden, UNKNOWN)
        embedded: Tensor = self.words(words)
        if not self.training:
            strangers = words == UNKNOWN
            embedded[strangers] = self._alike(table, forms[strangers])
        if self.chars is None:
            return embedded
        unique, place = torch.unique(forms, return_inverse=True)
        spelled = nn.functional.embedding(place, self.chars(table.chars[unique]))
        return torch.cat((embedded, spelled), dim=-1)

    def _alike(self, table: Forms, strangers: Tensor) -> Tensor:
        """Embeddings (strangers, word_size) of forms without a word of their own: means of those spelled alike."""
        return torch.einsum("sk,skw->sw", table.shares[strangers], self.words(table.alike[strangers]))


def bilstm(inputs: Tensor, lengths: Tensor, ahead: nn.LSTM, back: nn.LSTM) -> Tensor:
    """Hidden states (tokens, 2 * hidden) of `inputs` (tokens, size), sentences of `lengths` (sentences,) in a row.

    Padding needs no packing: `back` reads each sentence reversed within its own length.
    """
    steps = torch.arange(int(lengths.max()), device=lengths.device)
    mask = steps < lengths.unsqueeze(1)
    reverse = torch.where(mask, lengths.unsqueeze(1) - 1 - steps, steps)
    rows = padded(inputs, mask)
    states = torch.cat((ahead(rows)[0], _take(back(_take(rows, reverse))[0], reverse)), dim=2)
    return states[mask]


def _take(values: Tensor, index: Tensor) -> Tensor:
    return values.gather(1, index.unsqueeze(2).expand(-1, -1, values.shape[2]))
