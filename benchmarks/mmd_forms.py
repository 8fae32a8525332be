"""Ways to compute the label-aware MMD and its gradient on the same drawn hidden states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from benchmarks import naive
from benchmarks.peers import peer
from benchmarks.switch import COMPILED, TORCH, with_kernels
from ladtl_core.mmd import label_aware_mmd

# Shares of O and of B- and I- of four entity labels, as in clinical text.
SHARES = (0.80, 0.05, 0.03, 0.03, 0.02, 0.02, 0.02, 0.02, 0.01)
LOOP, BROADCAST = "matrix-product loop", "broadcast of all differences"


@dataclass
class States:
    """Hidden states (tokens, size) of two domains, leaves that take gradients, and the label of each token."""

    source: Tensor
    target: Tensor
    source_labels: Tensor
    target_labels: Tensor
    num_labels: int

    @classmethod
    def draw(cls, tokens: int, size: int = 200, num_labels: int = len(SHARES), seed: int = 0) -> States:
        """Values in (-1, 1) as an LSTM's; each label and each domain has a mean of its own."""
        random = torch.Generator().manual_seed(seed)
        others = torch.tensor(SHARES[1:]) if num_labels == len(SHARES) else torch.ones(num_labels - 1)
        shares = torch.cat((torch.tensor(SHARES[:1]), others * (0.2 / others.sum())))
        means, shift = torch.randn(num_labels, size, generator=random), torch.randn(size, generator=random)
        states, labels = [], []
        for domain in range(2):
            counts = (shares * tokens).round().long().clamp_min(1)
            counts[0] += tokens - int(counts.sum())
            of_domain = torch.repeat_interleave(torch.arange(num_labels), counts)
            of_domain = of_domain[torch.randperm(tokens, generator=random)]
            noise = torch.randn(tokens, size, generator=random)
            states.append((0.3 * (noise + means[of_domain] + domain * shift)).tanh().requires_grad_())
            labels.append(of_domain)
        return cls(states[0], states[1], labels[0], labels[1], num_labels)

    def double(self) -> States:
        """The same in float64."""
        source, target = (states.detach().double().requires_grad_() for states in (self.source, self.target))
        return replace(self, source=source, target=target)

    def gradients(self, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """A value and its gradients by the states of both domains."""
        source, target = torch.autograd.grad(value, (self.source, self.target))
        return value.detach(), source, target


Form = Callable[[States, tuple[float, ...]], Tensor]


def ours(states: States, bandwidths: tuple[float, ...]) -> Tensor:
    labels = (states.source_labels, states.target_labels, states.num_labels)
    return label_aware_mmd(states.source, states.target, *labels, bandwidths=bandwidths)


def loop(states: States, bandwidths: tuple[float, ...]) -> Tensor:
    return naive.label_mmd(*_all(states), bandwidths)


def broadcast(states: States, bandwidths: tuple[float, ...]) -> Tensor:
    return naive.label_mmd(*_all(states), bandwidths, naive.broadcast_distances)


def geomloss(states: States, bandwidths: tuple[float, ...]) -> Tensor:
    """Its loss is half the squared MMD of one Gaussian kernel."""
    (s,) = bandwidths
    loss = peer("geomloss").SamplesLoss("gaussian", blur=s**0.5, backend="tensorized")
    return _by_label(states, lambda x, y: 2 * loss(x, y))


def skada(states: States, bandwidths: tuple[float, ...]) -> Tensor:
    """Its kernel is exp(-|x - z| / s): another quantity, of the same work."""
    loss = peer("skada.deep.losses").dan_loss
    return _by_label(states, lambda x, y: loss(x, y, sigmas=list(bandwidths)))


def _all(states: States) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return states.source, states.target, states.source_labels, states.target_labels


def _by_label(states: States, distance: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    total = states.source.new_zeros(())
    for label in range(states.num_labels):
        x, y = states.source[states.source_labels == label], states.target[states.target_labels == label]
        if len(x) and len(y):
            total = total + distance(x, y)
    return total


FORMS: dict[str, Form] = {COMPILED: ours, TORCH: ours, LOOP: loop, BROADCAST: broadcast}
ONE_KERNEL: dict[str, Form] = {
    COMPILED: ours,
    TORCH: ours,
    LOOP: loop,
    "geomloss": geomloss,
    "skada, kernel of the unsquared distance": skada,
}


def call_of(name: str, form: Form, states: States, bandwidths: tuple[float, ...]) -> Callable[[], object]:
    """Value and gradients of a form, under the implementation that its name stands for."""

    def call() -> tuple[Tensor, Tensor, Tensor]:
        return states.gradients(form(states, bandwidths))

    return with_kernels(name, call) if form is ours else call
