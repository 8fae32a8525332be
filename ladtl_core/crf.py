"""Linear-chain CRF without start or end scores: s(E, y) = sum_i E[i, y_i] + sum_i A[y_i, y_{i+1}].

Sums over paths run in the exp domain, rescaled at every step, where no score can underflow, and in the log domain
otherwise. The gradient of log p(y | E) is "observed minus expected", so the backward pass is the marginals.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ladtl_core import kernels
from ladtl_core.kernels import crf as compiled
from ladtl_core.kernels import viterbi as compiled_viterbi
from ladtl_core.kernels.crf import SAFE_SPREAD
from ladtl_core.kernels.lanes import lengths_of


class LinearChainCrf(nn.Module):
    """CRF over `num_tags` tags with one parameter, `transitions` (num_tags, num_tags), read as [from, to].

    In every method `emissions` is (batch, time, num_tags), `mask` a bool (batch, time) that is right-padded with a true
    first column; what lies under a false mask is ignored. ValueError for any other shape.
    """

    def __init__(self, num_tags: int) -> None:
        super().__init__()
        if num_tags < 1:
            raise ValueError(f"num_tags is {num_tags}; expected at least 1")
        self.num_tags = num_tags
        self.transitions = nn.Parameter(torch.empty(num_tags, num_tags))
        nn.init.uniform_(self.transitions, -0.1, 0.1)

    def log_likelihood(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """log p(tags | emissions), (batch,); `tags` is (batch, time) of integers."""
        lengths = self._lengths(emissions, mask, tags)
        if kernels.serve(emissions):
            scores = compiled.log_likelihood(emissions, self.transitions, tags, lengths)
            if scores is not None:
                return scores
        emissions, tags = _blanked(emissions, mask), tags.masked_fill(~mask, 0)
        if _spread(emissions, self.transitions, mask) < SAFE_SPREAD:
            result: Tensor = _LogLikelihood.apply(emissions, self.transitions, tags, mask)
            return result
        return path_score(emissions, self.transitions, tags, mask) - log_partition(emissions, self.transitions, mask)

    def decode(self, emissions: Tensor, mask: Tensor, allowed: Tensor | None = None) -> list[list[int]]:
        """The best path of each sentence (Viterbi); `allowed` (num_tags, num_tags) bool forbids moves, as BIO does.

        `allowed` may have one row more, the last, for what may begin a sentence.
        """
        lengths = self._lengths(emissions, mask)
        emissions, transitions = emissions.detach(), self.transitions.detach()
        first = torch.zeros_like(transitions[0])
        if allowed is not None:
            if len(allowed) > self.num_tags:
                first = first.masked_fill(~allowed[-1], float("-inf"))
            transitions = transitions.masked_fill(~allowed[: self.num_tags], float("-inf"))
        if kernels.serve(emissions):
            return compiled_viterbi.viterbi(emissions, transitions, first, lengths)
        return viterbi(_blanked(emissions, mask), transitions, first, mask)

    def marginals(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """p(y_i = k | emissions), (batch, time, num_tags); 0 under the mask."""
        return self.pairwise_marginals(emissions, mask)[0]

    @torch.no_grad()
    def pairwise_marginals(self, emissions: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The marginals, and p(y_i = j, y_{i+1} = k), (batch, time - 1, num_tags, num_tags); both 0 under the mask."""
        lengths = self._lengths(emissions, mask)
        if kernels.serve(emissions):
            found = compiled.marginals(emissions, self.transitions, lengths)
            if found is not None:
                return found
        emissions = _blanked(emissions, mask)
        if _spread(emissions, self.transitions, mask) < SAFE_SPREAD:
            chain = _Chain(emissions, self.transitions, mask)
            return chain.unary, chain.pairwise()
        with torch.enable_grad():
            # d log Z / d score is the marginal; exact in the log domain whatever the spread.
            scores = emissions.detach().requires_grad_()
            moves = self.transitions.detach().expand(*_moves(emissions)).clone().requires_grad_()
            total = log_partition(scores, moves, mask).sum()
            unary, pairwise = torch.autograd.grad(total, (scores, moves), allow_unused=True)
        return unary, torch.zeros_like(moves) if pairwise is None else pairwise

    def _lengths(self, emissions: Tensor, mask: Tensor, tags: Tensor | None = None) -> Tensor:
        """Lengths of the sentences, (batch,); ValueError where a shape is wrong."""
        shape = tuple(emissions.shape)
        if len(shape) != 3 or shape[2] != self.num_tags:
            raise ValueError(f"emissions are {shape}; expected (batch, time, {self.num_tags})")
        for name, value in (("mask", mask), ("tags", tags)):
            if value is not None and value.shape != shape[:2]:
                raise ValueError(f"{name} is {tuple(value.shape)}; expected {shape[:2]}")
        lengths = None
        if mask.dtype == torch.bool:
            lengths = lengths_of(mask) if kernels.serve(emissions) else _lengths_of(mask)
        if lengths is None:
            raise ValueError("mask must be bool, right-padded, with a true first column")
        return lengths


def _lengths_of(mask: Tensor) -> Tensor | None:
    lengths = mask.sum(1)
    right_padded = torch.equal(mask, torch.arange(mask.shape[1], device=mask.device) < lengths.unsqueeze(1))
    return lengths if right_padded and bool(lengths.all()) else None


def _blanked(emissions: Tensor, mask: Tensor) -> Tensor:
    return emissions.masked_fill(~mask.unsqueeze(2), 0.0)


def _moves(emissions: Tensor) -> tuple[int, int, int, int]:
    batch, time, num_tags = emissions.shape
    return batch, max(time - 1, 0), num_tags, num_tags


def _spread(emissions: Tensor, transitions: Tensor, mask: Tensor) -> float:
    """The largest range of scores within one step, in nats; NaN counts as infinite."""
    with torch.no_grad():
        ranges = (emissions.amax(2) - emissions.amin(2)).masked_fill(~mask, 0.0).max()
        spread = float(ranges + transitions.max() - transitions.min())
    return spread if spread == spread else float("inf")


def path_score(emissions: Tensor, transitions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
    """s(E, y), (batch,)."""
    unary = emissions.gather(2, tags.unsqueeze(2)).squeeze(2)
    moves = transitions[tags[:, :-1], tags[:, 1:]]
    return (unary * mask).sum(1) + (moves * mask[:, 1:]).sum(1)


def log_partition(emissions: Tensor, transitions: Tensor, mask: Tensor) -> Tensor:
    """log sum_y exp s(E, y), (batch,), in the log domain.

    `transitions` is (num_tags, num_tags), or (batch, time - 1, num_tags, num_tags) where each move has its own.
    """
    moves = transitions if transitions.dim() == 4 else transitions.expand(*_moves(emissions))
    alpha = emissions[:, 0]
    for i in range(1, emissions.shape[1]):
        step = torch.logsumexp(alpha.unsqueeze(2) + moves[:, i - 1], dim=1) + emissions[:, i]
        alpha = torch.where(mask[:, i].unsqueeze(1), step, alpha)
    return torch.logsumexp(alpha, dim=1)


class _Chain:
    """Messages in the exp domain, (batch, time, num_tags), scaled so that each sums to 1.

    `ahead` comes from the left; `into` from the right, with the token's own potential. Both recursions are the same
    one, the second over sentences turned around, and run as one product a step.
    """

    def __init__(self, emissions: Tensor, transitions: Tensor, mask: Tensor) -> None:
        self.mask, steps, lengths = mask, torch.arange(mask.shape[1], device=mask.device), mask.sum(1, keepdim=True)
        reverse = torch.where(mask, lengths - 1 - steps, steps).unsqueeze(2).expand_as(emissions)
        peak, shift = emissions.amax(2, keepdim=True), transitions.max()
        potentials, self.weights = (emissions - peak).exp(), (transitions - shift).exp()
        messages = torch.stack((potentials, potentials.gather(1, reverse))).permute(2, 0, 1, 3).contiguous()
        scale = messages.sum(3, keepdim=True)
        messages[0] /= scale[0]
        moves, product = torch.stack((self.weights, self.weights.T)), torch.empty_like(messages[0])
        for before, after, total in zip(messages[:-1], messages[1:], scale[1:], strict=True):
            torch.bmm(before, moves, out=product)
            torch.sum(after.mul_(product), 2, keepdim=True, out=total)
            after.div_(total)
        self.ahead, self.into = messages[:, 0].transpose(0, 1), messages[:, 1].transpose(0, 1).gather(1, reverse)
        scales = scale[:, 0].squeeze(2).T.log() * mask
        self.log_z = scales.sum(1) + peak.sum((1, 2)) + (lengths.squeeze(1) - 1) * shift
        back = nn.functional.pad(self.into[:, 1:] @ self.weights.T, (0, 0, 0, 1))
        # Behind a sentence's last token nothing is summed.
        unary = self.ahead * back.masked_fill(~nn.functional.pad(mask[:, 1:], (0, 1)).unsqueeze(2), 1.0)
        self.unary = unary / unary.sum(2, keepdim=True).clamp_min(1e-37) * mask.unsqueeze(2)

    def _factors(self) -> tuple[Tensor, Tensor]:
        """u and v of p(y_i = j, y_{i+1} = k) = u[i, j] * weights[j, k] * v[i, k]."""
        u, v = self.ahead[:, :-1], self.into[:, 1:]
        total = ((u @ self.weights) * v).sum(2, keepdim=True).clamp_min(1e-37)
        return u * (self.mask[:, 1:].unsqueeze(2) / total), v

    def pairwise(self) -> Tensor:
        u, v = self._factors()
        return u.unsqueeze(3) * self.weights * v.unsqueeze(2)

    def expected_moves(self, weight: Tensor) -> Tensor:
        """sum over sentences (weighted, (batch,)) and steps of the pairwise marginals, (num_tags, num_tags)."""
        u, v = self._factors()
        u = u * weight.view(-1, 1, 1)
        return self.weights * (u.reshape(-1, u.shape[2]).T @ v.reshape(-1, v.shape[2]))


class _LogLikelihood(torch.autograd.Function):
    """log p(y | E) whose backward needs no graph: d/dE = onehot(y) - marginals, d/dA = moves(y) - expected moves."""

    @staticmethod
    def forward(ctx: Any, emissions: Tensor, transitions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        ctx.chain = _Chain(emissions, transitions, mask)
        ctx.save_for_backward(tags, mask)
        return path_score(emissions, transitions, tags, mask) - ctx.chain.log_z

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None]:
        tags, mask = ctx.saved_tensors
        (grad,) = grads
        unary = -ctx.chain.unary
        unary.scatter_add_(2, tags.unsqueeze(2), mask.unsqueeze(2).to(unary.dtype))
        num_tags = unary.shape[2]
        moved = (mask[:, 1:] * grad.unsqueeze(1)).reshape(-1)
        pair = (tags[:, :-1] * num_tags + tags[:, 1:]).reshape(-1)
        observed = torch.zeros(num_tags * num_tags, dtype=unary.dtype, device=unary.device).index_add_(0, pair, moved)
        moves = observed.view(num_tags, num_tags) - ctx.chain.expected_moves(grad)
        return unary * grad.view(-1, 1, 1), moves, None, None


def viterbi(emissions: Tensor, transitions: Tensor, first: Tensor, mask: Tensor) -> list[list[int]]:
    """The best path of each sentence; `first` (num_tags,) is added at its first token; ties go to the lower tag."""
    num_tags = emissions.shape[2]
    score = emissions[:, 0] + first
    pointers = []
    for i in range(1, emissions.shape[1]):
        best, pointer = (score.unsqueeze(2) + transitions).max(1)
        live = mask[:, i].unsqueeze(1)
        score = torch.where(live, best + emissions[:, i], score)
        pointers.append(torch.where(live, pointer, torch.arange(num_tags, device=pointer.device)))
    path = [score.argmax(1)]
    for pointer in reversed(pointers):
        path.append(pointer.gather(1, path[-1].unsqueeze(1)).squeeze(1))
    rows = torch.stack(path[::-1], 1).tolist()
    return [row[:length] for row, length in zip(rows, mask.sum(1).tolist(), strict=True)]
