"""Linear-chain CRFs of other libraries, with the transitions of ours and no start or end scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import naive
from benchmarks.peers import peer
from ladtl_core.crf import LinearChainCrf


@dataclass
class Problem:
    """Scores, gold tags and mask of one batch; `emissions` and `transitions` are leaves that take gradients."""

    emissions: Tensor
    transitions: Tensor
    tags: Tensor
    mask: Tensor

    @classmethod
    def draw(cls, batch: int, time: int, num_tags: int, seed: int = 0) -> Problem:
        """Lengths uniform between a quarter of `time` and `time`, the first sentence full."""
        random = torch.Generator().manual_seed(seed)
        lengths = torch.randint(max(time // 4, 1), time + 1, (batch,), generator=random)
        lengths[0] = time
        emissions = torch.randn(batch, time, num_tags, generator=random).requires_grad_()
        transitions = torch.randn(num_tags, num_tags, generator=random).mul(0.5).requires_grad_()
        tags = torch.randint(num_tags, (batch, time), generator=random)
        return cls(emissions, transitions, tags, torch.arange(time) < lengths.unsqueeze(1))


@dataclass
class CrfForm:
    """One implementation: `loss` is the summed negative log-likelihood, `gradient` brings the gradient of its
    transitions into our [from, to]; `decode` and `marginals` are None where there is nothing to compare."""

    loss: Callable[[], Tensor]
    leaves: tuple[Tensor, Tensor]
    gradient: Callable[[Tensor], Tensor]
    decode: Callable[[], list[list[int]]] | None = None
    marginals: Callable[[], Tensor] | None = None

    def step(self) -> tuple[Tensor, Tensor, Tensor]:
        """Loss and its gradients by emissions and transitions."""
        loss = self.loss()
        emissions, transitions = torch.autograd.grad(loss, self.leaves)
        return loss.detach(), emissions, self.gradient(transitions)


def _same(gradient: Tensor) -> Tensor:
    return gradient


def ours(problem: Problem) -> CrfForm:
    crf = LinearChainCrf(problem.transitions.shape[0])
    crf.transitions.data.copy_(problem.transitions.detach())
    emissions, tags, mask = problem.emissions, problem.tags, problem.mask
    return CrfForm(
        lambda: -crf.log_likelihood(emissions, tags, mask).sum(),
        (emissions, crf.transitions),
        _same,
        lambda: crf.decode(emissions, mask),
        lambda: crf.marginals(emissions.detach(), mask),
    )


def loop(problem: Problem) -> CrfForm:
    """The loop in the log domain; autograd of its partition gives the marginals."""
    emissions, transitions, mask = problem.emissions, problem.transitions, problem.mask

    def marginals() -> Tensor:
        return torch.autograd.grad(naive.log_partition(emissions, transitions, mask).sum(), emissions)[0]

    return CrfForm(
        lambda: -naive.log_likelihood(emissions, transitions, problem.tags, mask).sum(),
        (emissions, transitions),
        _same,
        marginals=marginals,
    )


def pytorch_crf(problem: Problem) -> CrfForm:
    crf = peer("torchcrf").CRF(problem.transitions.shape[0], batch_first=True)
    _zero(crf.start_transitions, crf.end_transitions)
    crf.transitions.data.copy_(problem.transitions.detach())
    emissions, tags, mask = problem.emissions, problem.tags, problem.mask
    return CrfForm(
        lambda: -crf(emissions, tags, mask=mask, reduction="sum"),
        (emissions, crf.transitions),
        _same,
        lambda: crf.decode(emissions.detach(), mask=mask),
    )


def torchcrf(problem: Problem) -> CrfForm:
    crf = peer("TorchCRF").CRF(problem.transitions.shape[0], use_gpu=False)
    _zero(crf.start_trans, crf.end_trans)
    crf.trans_matrix.data.copy_(problem.transitions.detach())
    emissions, tags, mask = problem.emissions, problem.tags, problem.mask
    return CrfForm(
        lambda: -crf(emissions, tags, mask).sum(),
        (emissions, crf.trans_matrix),
        _same,
        lambda: crf.viterbi_decode(emissions.detach(), mask),
    )


def torch_struct(problem: Problem) -> CrfForm:
    """Potentials [batch, step, to, from]; the score of the gold path is gathered, as fast as it can be."""
    library = peer("torch_struct")
    emissions, transitions, mask = problem.emissions, problem.transitions, problem.mask
    lengths = mask.sum(1)

    def chain(e: Tensor, t: Tensor) -> Any:
        potentials = e[:, 1:].unsqueeze(3) + t.T
        potentials = torch.cat((potentials[:, :1] + e[:, :1].unsqueeze(2), potentials[:, 1:]), dim=1)
        return library.LinearChainCRF(potentials, lengths=lengths)

    def loss() -> Tensor:
        gold = naive.path_score(emissions, transitions, problem.tags, mask)
        return (chain(emissions, transitions).partition - gold).sum()

    def marginals() -> Tensor:
        edges = chain(emissions.detach(), transitions.detach()).marginals.detach()
        return torch.cat((edges[:, :1].sum(2), edges.sum(3)), dim=1)

    def decode() -> list[list[int]]:
        best = chain(emissions.detach(), transitions.detach()).argmax
        paths = torch.cat((best[:, :1].sum(2), best.sum(3)), dim=1).argmax(2).tolist()
        return [path[:length] for path, length in zip(paths, lengths.tolist(), strict=True)]

    return CrfForm(loss, (emissions, transitions), _same, decode, marginals)


def bi_lstm_crf(problem: Problem) -> CrfForm:
    """Its linear map in front is the identity; its tags begin and end are moved to for free."""
    count = problem.transitions.shape[0]
    crf = peer("bi_lstm_crf").CRF(count, count)
    nn.init.eye_(crf.fc.weight)
    nn.init.zeros_(crf.fc.bias)
    with torch.no_grad():
        crf.transitions[:count, :count] = problem.transitions.T
        crf.transitions[:count, crf.start_idx] = 0.0
        crf.transitions[crf.stop_idx, :count] = 0.0
    emissions, tags, mask = problem.emissions, problem.tags, problem.mask
    return CrfForm(
        lambda: crf.loss(emissions, tags, mask) * len(tags),
        (emissions, crf.transitions),
        lambda gradient: gradient[:count, :count].T,
        lambda: crf(emissions.detach(), mask)[1],
    )


def _zero(*parameters: Tensor) -> None:
    for parameter in parameters:
        nn.init.zeros_(parameter)


PEERS: dict[str, Callable[[Problem], CrfForm]] = {
    "loop in the log domain": loop,
    "pytorch-crf": pytorch_crf,
    "TorchCRF": torchcrf,
    "torch-struct": torch_struct,
    "bi-lstm-crf": bi_lstm_crf,
}
