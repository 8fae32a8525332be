"""The shared part of every method: embeddings of words and characters under one bidirectional LSTM."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ladtl_core import kernels
from ladtl_core.batching import Forms, padded
from ladtl_core.config import ModelConfig
from ladtl_core.kernels import lstm as compiled
from ladtl_core.vocab import PADDING, UNKNOWN


class CharCnn(nn.Module):
    """A word's spelling as the maxima of patterns three characters wide (Ma & Hovy, ACL 2016)."""

    def __init__(self, num_chars: int, size: int, filters: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_chars, size, padding_idx=0)
        self.convolution = nn.Linear(3 * size, filters)

    def forward(self, chars: Tensor) -> Tensor:
        """`chars` (forms, length) ids -> (forms, filters)."""
        embedded = nn.functional.pad(self.embedding(chars), (0, 0, 1, 1))
        windows = torch.cat((embedded[:, :-2], embedded[:, 1:-1], embedded[:, 2:]), dim=2)
        patterns = self.convolution(windows).masked_fill((chars == 0).unsqueeze(2), float("-inf"))
        return patterns.amax(1).masked_fill((chars == 0).all(1, keepdim=True), 0.0)


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
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, table: Forms, forms: Tensor, lengths: Tensor) -> Tensor:
        """`lengths` (sentences,) says where one sentence ends and the next begins."""
        embedded = self.dropout(self.embed(table, forms))
        if kernels.serve(embedded):
            hidden = compiled.bilstm(embedded, lengths, self.ahead, self.back)
        else:
            hidden = bilstm(embedded, lengths, self.ahead, self.back)
        return self.dropout(hidden)

    def embed(self, table: Forms, forms: Tensor) -> Tensor:
        """Embeddings (*forms.shape, size) of forms of any shape; each form is spelled once."""
        words = table.words[forms]
        if self.training and self.word_dropout:
            hidden = (torch.rand(words.shape, device=words.device) < self.word_dropout) & (words != PADDING)
            words = words.masked_fill(hidden, UNKNOWN)
        words = self.words(words)
        if self.chars is None:
            return words
        unique, place = torch.unique(forms, return_inverse=True)
        spelled = nn.functional.embedding(place, self.chars(table.chars[unique]))
        return torch.cat((words, spelled), dim=-1)


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
