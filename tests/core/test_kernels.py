"""The compiled kernels against plain torch in float64, over ragged lengths, many tags and the edges of tiles."""

from __future__ import annotations

import copy
import itertools

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_sequence, unpack_sequence

from ladtl_core import kernels
from ladtl_core.config import AUTHORS_BANDWIDTHS
from ladtl_core.crf import LinearChainCrf
from ladtl_core.encoder import CharCnn, dropped, strongest
from ladtl_core.kernels import mmd as compiled_mmd
from ladtl_core.kernels import spelling
from ladtl_core.kernels.arithmetic import compiled, exp, sigmoid, tanh
from ladtl_core.kernels.lstm import bilstm
from ladtl_core.mmd import label_aware_mmd, mmd2


@compiled
def _everywhere(x: np.ndarray, exps: np.ndarray, sigmoids: np.ndarray, tanhs: np.ndarray) -> None:
    for i in range(len(x)):
        exps[i], sigmoids[i], tanhs[i] = exp(x[i]), sigmoid(x[i]), tanh(x[i])


def test_arithmetic_is_as_exact_as_float32() -> None:
    x = np.linspace(-86, 86, 100_001, dtype=np.float32)
    found = [np.empty_like(x) for _ in range(3)]
    _everywhere(x, *found)
    wide = x.astype(np.float64)
    np.testing.assert_allclose(found[0], np.exp(wide), rtol=4e-7)
    np.testing.assert_allclose(found[1], 1 / (1 + np.exp(-wide)), rtol=5e-7)
    np.testing.assert_allclose(found[2], np.tanh(wide), atol=4e-7)


def ragged(batch: int, longest: int) -> Tensor:
    lengths = torch.randint(1, longest + 1, (batch,))
    lengths[batch // 2] = longest
    return lengths


def both(crf: LinearChainCrf, emissions: Tensor) -> tuple[LinearChainCrf, Tensor]:
    """The same problem for the reference: float64."""
    return copy.deepcopy(crf).double(), emissions.detach().double().requires_grad_()


# 16 sentences fill the lanes, 17 and 37 do not; 60 needs the log domain.
@pytest.mark.parametrize(("num_tags", "batch", "scale"), [(1, 3, 1), (2, 16, 3), (7, 37, 3), (25, 17, 5), (7, 5, 60)])
def test_crf(num_tags: int, batch: int, scale: float) -> None:
    torch.manual_seed(num_tags)
    lengths = ragged(batch, 23)
    mask = torch.arange(23) < lengths.unsqueeze(1)
    crf = LinearChainCrf(num_tags)
    nn.init.normal_(crf.transitions)
    emissions = (torch.randn(batch, 23, num_tags) * scale).requires_grad_()
    exact, exact_emissions = both(crf, emissions)
    tags, weights = torch.randint(num_tags, mask.shape), torch.rand(batch)
    values = crf.log_likelihood(emissions, tags, mask)
    (values * weights).sum().backward()
    expected = exact.log_likelihood(exact_emissions, tags, mask)
    (expected * weights.double()).sum().backward()
    torch.testing.assert_close(values.double(), expected, rtol=1e-6, atol=1e-3)
    assert emissions.grad is not None and exact_emissions.grad is not None
    torch.testing.assert_close(emissions.grad.double(), exact_emissions.grad, rtol=0, atol=2e-6 * max(scale, 1))
    assert crf.transitions.grad is not None
    torch.testing.assert_close(crf.transitions.grad.double(), exact.transitions.grad, rtol=1e-5, atol=3e-4)
    for found, wanted in zip(
        crf.pairwise_marginals(emissions, mask), exact.pairwise_marginals(exact_emissions, mask), strict=True
    ):
        torch.testing.assert_close(found.double(), wanted, rtol=0, atol=2e-6 * max(scale, 1))
    assert crf.decode(emissions, mask) == exact.decode(exact_emissions, mask)


def test_viterbi_breaks_ties_and_obeys_forbidden_moves_as_the_reference() -> None:
    torch.manual_seed(0)
    crf, lengths = LinearChainCrf(4), ragged(20, 9)
    nn.init.zeros_(crf.transitions)
    mask = torch.arange(9) < lengths.unsqueeze(1)
    emissions = torch.randint(3, (20, 9, 4)).float()
    allowed = torch.rand(5, 4) < 0.7
    allowed.fill_diagonal_(True)
    allowed[:, 0] = True
    for moves in (None, allowed, allowed[:4]):
        found = crf.decode(emissions, mask, moves)
        with kernels.use("torch"):
            assert found == crf.decode(emissions, mask, moves)
    assert all(allowed[a, b] for path in crf.decode(emissions, mask, allowed) for a, b in itertools.pairwise(path))


def test_padding_is_never_read() -> None:
    crf, mask = LinearChainCrf(3), torch.tensor([[True, True, False], [True, False, False]])
    emissions = torch.randn(2, 3, 3).masked_fill(~mask.unsqueeze(2), float("nan")).requires_grad_()
    tags = torch.zeros(2, 3, dtype=torch.long).masked_fill(~mask, -100)
    values = crf.log_likelihood(emissions, tags, mask)
    values.sum().backward()
    assert values.isfinite().all() and emissions.grad is not None
    assert emissions.grad[~mask].eq(0).all() and emissions.grad.isfinite().all()


def test_a_score_that_is_not_a_number_is_seen() -> None:
    emissions = torch.zeros(1, 2, 3)
    emissions[0, 1, 1] = float("nan")
    value = LinearChainCrf(3).log_likelihood(emissions, torch.zeros(1, 2, dtype=torch.long), torch.ones(1, 2) > 0)
    assert value.isnan().all()


@pytest.mark.parametrize(("size", "hidden", "batch"), [(5, 3, 4), (30, 20, 40)])
def test_lstm(size: int, hidden: int, batch: int) -> None:
    torch.manual_seed(0)
    lengths = ragged(batch, 17)
    inputs = torch.randn(int(lengths.sum()), size, requires_grad=True)
    ahead, back = nn.LSTM(size, hidden), nn.LSTM(size, hidden)
    exact = nn.LSTM(size, hidden, bidirectional=True)
    exact.load_state_dict({**ahead.state_dict(), **{f"{n}_reverse": v for n, v in back.state_dict().items()}})
    exact = exact.double()
    wide = inputs.detach().double().requires_grad_()
    packed, _ = exact(pack_sequence(list(wide.split(lengths.tolist())), enforce_sorted=False))
    expected, upstream = torch.cat(unpack_sequence(packed)), torch.randn(len(inputs), 2 * hidden)
    found = bilstm(inputs, lengths, ahead, back)
    found.backward(upstream)
    expected.backward(upstream.double())
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=1e-6)
    assert inputs.grad is not None and wide.grad is not None
    torch.testing.assert_close(inputs.grad.double(), wide.grad, rtol=0, atol=3e-6)
    wanted = {name: p.grad for name, p in exact.named_parameters()}
    for module, suffix in ((ahead, ""), (back, "_reverse")):
        for name, p in module.named_parameters():
            assert p.grad is not None
            torch.testing.assert_close(p.grad.double(), wanted[name + suffix], rtol=1e-5, atol=1e-4)


# The edge of a tile is at 256 rows; (1.0,) has no tiny bandwidths, the authors' 19 have.
@pytest.mark.parametrize("bandwidths", [(1.0,), AUTHORS_BANDWIDTHS])
@pytest.mark.parametrize(
    ("n", "m", "size", "scale"), [(1, 1, 3, 1.0), (257, 300, 12, 0.3), (40, 513, 50, 0.01), (9, 8, 4, 1e3)]
)
def test_mmd(n: int, m: int, size: int, scale: float, bandwidths: tuple[float, ...]) -> None:
    torch.manual_seed(n)
    x, y = torch.randn(n, size) * scale, torch.randn(m, size) * scale + scale / 10
    narrow, wide = [x.clone().requires_grad_(), y.clone().requires_grad_()], [x.double(), y.double()]
    wide = [part.requires_grad_() for part in wide]
    value, expected = mmd2(narrow[0], narrow[1], bandwidths), mmd2(wide[0], wide[1], bandwidths)
    value.backward()
    expected.backward()
    assert float(value.detach()) == pytest.approx(float(expected.detach()), rel=1e-5, abs=1e-6 * len(bandwidths))
    for found, wanted in zip(narrow, wide, strict=True):
        assert found.grad is not None and wanted.grad is not None
        largest = float(wanted.grad.abs().max())
        torch.testing.assert_close(found.grad.double(), wanted.grad, rtol=0, atol=2e-5 * largest + 1e-9)


def test_mmd_of_rows_that_are_equal_or_nearly() -> None:
    """Rounding in a Gram matrix would take equal rows for rows 1e-5 apart, which bandwidths of 1e-6 tell from 0."""
    torch.manual_seed(0)
    x = torch.randn(6, 50)
    x[1], x[2] = x[0], x[0] + 1e-4
    y = torch.cat((x[:1], torch.randn(3, 50)))

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        distances = ((a.double().unsqueeze(1) - b.double()) ** 2).sum(2)
        return torch.stack([(-distances / (2 * s)).exp() for s in AUTHORS_BANDWIDTHS]).sum(0).mean()

    expected = kernel(x, x) + kernel(y, y) - 2 * kernel(x, y)
    assert float(mmd2(x, y, AUTHORS_BANDWIDTHS)) == pytest.approx(float(expected), rel=1e-5)


def test_mmd_label_by_label_serves_both_alike() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(60, 8, requires_grad=True), torch.randn(50, 8, requires_grad=True)
    labels = torch.randint(-1, 5, (60,)), torch.randint(0, 4, (50,))
    found = []
    for choice in kernels.CHOICES:
        with kernels.use(choice):
            value = label_aware_mmd(x, y, *labels, 5, bandwidths=(0.5, 3.0), label_weights=(1, 2, 3, 4, 5))
            found.append((value.detach(), *torch.autograd.grad(value, (x, y))))
    torch.testing.assert_close(found[0], found[1], rtol=1e-5, atol=1e-6)


def test_the_table_of_kernels_ends_where_they_do() -> None:
    table, _ = compiled_mmd._table((1e-3, 10.0))
    assert table[0, 0] == pytest.approx(2) and abs(table[-1].sum()) < 1e-6


def test_an_unknown_choice_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of compiled, torch"), kernels.use("fast"):
        pass


def test_spellings() -> None:
    torch.manual_seed(0)
    chars = torch.randint(1, 9, (30, 7)) * (torch.arange(7) < torch.randint(0, 8, (30, 1)))
    table, upstream = torch.randn(3, 9, 20, requires_grad=True), torch.randn(30, 20)
    found, expected = spelling.strongest(chars, table), strongest(chars, table)
    torch.testing.assert_close(found, expected)
    gradients = [torch.autograd.grad(value, table, upstream)[0] for value in (found, expected)]
    torch.testing.assert_close(*gradients)


def test_a_pattern_is_a_convolution_over_three_characters() -> None:
    torch.manual_seed(0)
    layer = CharCnn(9, 5, 4)
    chars = torch.tensor([[3, 4, 5, 2], [7, 1, 0, 0], [0, 0, 0, 0]])
    embedded = torch.nn.functional.pad(layer.embedding(chars), (0, 0, 1, 1))
    weights = layer.convolution.weight.view(4, 3, 5).transpose(1, 2)
    patterns = nn.functional.conv1d(embedded.transpose(1, 2), weights, layer.convolution.bias)
    expected = torch.stack((patterns[0].amax(1), patterns[1, :, :2].amax(1), torch.zeros(4)))
    torch.testing.assert_close(layer(chars), expected)


def test_dropout_drops_the_same_units_everywhere() -> None:
    values = torch.ones(400, 300, requires_grad=True)
    found = []
    for choice in kernels.CHOICES:
        torch.manual_seed(0)
        with kernels.use(choice):
            dropped_values = dropped(values, 0.3)
        found.append((dropped_values.detach(), torch.autograd.grad(dropped_values.sum(), values)[0]))
    for value, gradient in found:
        assert torch.equal(value, found[0][0]) and torch.equal(value, gradient)
        assert float((value == 0).float().mean()) == pytest.approx(0.3, abs=0.005)
        assert float(value.mean()) == pytest.approx(1, abs=0.01)
    again = dropped(values, 0.3).detach()
    both_dropped = ((again == 0) & (found[0][0] == 0)).float().mean()
    assert float(both_dropped) == pytest.approx(0.09, abs=0.005)


def test_a_likelihood_can_be_differentiated_twice_over() -> None:
    torch.manual_seed(0)
    crf, emissions, mask = LinearChainCrf(3), torch.randn(2, 4, 3, requires_grad=True), torch.ones(2, 4) > 0
    value = crf.log_likelihood(emissions, torch.zeros(2, 4, dtype=torch.long), mask)
    first = torch.autograd.grad(value[0] + 2 * value[1], (emissions, crf.transitions), retain_graph=True)
    again = torch.autograd.grad(value[0] + 2 * value[1], (emissions, crf.transitions))
    torch.testing.assert_close(first, again)
