"""The shared part of every method: embeddings of words and characters under one bidirectional LSTM."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ladtl_core.batching import Forms
from ladtl_core.config import ModelConfig
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
    """Form numbers (batch, time) -> hidden states (batch, time, 2 * hidden_size)."""

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
        self.hidden_dropout = nn.Dropout(config.hidden_dropout)

    def forward(self, table: Forms, forms: Tensor, mask: Tensor) -> Tensor:
        """Padding needs no packing: the backward direction reads each row reversed within its own length."""
        embedded = self.dropout(self.embed(table, forms))
        reverse = reversal(mask)
        ahead, _ = self.ahead(embedded)
        back, _ = self.back(_take(embedded, reverse))
        return self.hidden_dropout(torch.cat((ahead, _take(back, reverse)), dim=2))

    def embed(self, table: Forms, forms: Tensor) -> Tensor:
        """Embeddings (batch, time, size); each form of the batch is spelled once."""
        words = table.words[forms]
        if self.training and self.word_dropout:
            hidden = (torch.rand(words.shape, device=words.device) < self.word_dropout) & (words != PADDING)
            words = words.masked_fill(hidden, UNKNOWN)
        words = self.words(words)
        if self.chars is None:
            return words
        unique, place = torch.unique(forms, return_inverse=True)
        spelled = self.chars(table.chars[unique])
        return torch.cat((words, spelled[place]), dim=2)


def reversal(mask: Tensor) -> Tensor:
    """Indices (batch, time) that turn each row around within its length and leave the padding; its own inverse."""
    steps = torch.arange(mask.shape[1], device=mask.device)
    return torch.where(mask, mask.sum(1, keepdim=True) - 1 - steps, steps)


def _take(values: Tensor, index: Tensor) -> Tensor:
    return values.gather(1, index.unsqueeze(2).expand(-1, -1, values.shape[2]))
