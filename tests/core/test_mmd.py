"""MMD against a double loop in float64, and the numerical traps."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ladtl_core.config import AUTHORS_BANDWIDTHS
from ladtl_core.mmd import label_aware_mmd, mmd2, reported_gap


def slow_mmd2(x: Tensor, y: Tensor, bandwidths: tuple[float, ...]) -> float:
    def mean_kernel(a: Tensor, b: Tensor) -> float:
        pairs = [slow_kernel(p, q, bandwidths) for p in a for q in b]
        return sum(pairs) / len(pairs)

    return mean_kernel(x, x) + mean_kernel(y, y) - 2 * mean_kernel(x, y)


def slow_unbiased_mmd2(x: Tensor, y: Tensor, bandwidths: tuple[float, ...]) -> float:
    """The double loop without a row's kernel with itself."""

    def within(a: Tensor) -> float:
        n = len(a)
        pairs = (slow_kernel(a[i], a[j], bandwidths) for i in range(n) for j in range(n) if i != j)
        return sum(pairs) / (n * (n - 1))

    between = [slow_kernel(p, q, bandwidths) for p in x for q in y]
    return within(x) + within(y) - 2 * sum(between) / len(between)


def slow_kernel(p: Tensor, q: Tensor, bandwidths: tuple[float, ...]) -> float:
    return sum(math.exp(-float(((p - q) ** 2).sum()) / (2 * s)) for s in bandwidths)


def draw(n: int, size: int = 4, seed: int = 0) -> Tensor:
    return torch.randn(n, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("bandwidths", [(1.0,), (0.5, 2.0, 10.0), AUTHORS_BANDWIDTHS])
def test_equals_the_double_loop(bandwidths: tuple[float, ...]) -> None:
    x, y = draw(7), draw(5, seed=1) + 0.5
    assert float(mmd2(x, y, bandwidths)) == pytest.approx(slow_mmd2(x, y, bandwidths), abs=1e-10)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_the_unbiased_estimate_equals_its_double_loop(dtype: torch.dtype) -> None:
    """Plain torch in float64, compiled code in float32."""
    x, y = draw(7), draw(5, seed=1) + 0.5
    value = mmd2(x.to(dtype), y.to(dtype), AUTHORS_BANDWIDTHS, biased=False)
    assert float(value) == pytest.approx(slow_unbiased_mmd2(x, y, AUTHORS_BANDWIDTHS), abs=1e-5)


def test_the_unbiased_estimate_leaves_out_labels_with_a_single_token() -> None:
    x, y = draw(5), draw(5, seed=1)
    source, target = torch.tensor([0, 0, 1, 2, 2]), torch.tensor([0, 0, 1, 1, 2])
    value = label_aware_mmd(x, y, source, target, 3, bandwidths=(1.0,), biased=False)
    assert float(value) == pytest.approx(slow_unbiased_mmd2(x[:2], y[:2], (1.0,)), abs=1e-10)
    with pytest.raises(ValueError, match="n, m >= 2"):
        mmd2(x[:1], y, (1.0,), biased=False)


def test_label_aware_is_the_weighted_sum_over_common_labels() -> None:
    x, y = draw(8), draw(7, seed=1)
    source, target = torch.tensor([0, 1, 1, 2, 0, 1, -1, 2]), torch.tensor([1, 1, 0, 0, 3, 3, 0])
    parts = [slow_mmd2(x[source == k], y[target == k], (1.0, 5.0)) for k in (0, 1)]
    value = label_aware_mmd(x, y, source, target, 4, bandwidths=(1.0, 5.0))
    assert float(value) == pytest.approx(sum(parts), abs=1e-10)
    weighted = label_aware_mmd(x, y, source, target, 4, bandwidths=(1.0, 5.0), label_weights=(2.0, 0.5, 9.0, 9.0))
    assert float(weighted) == pytest.approx(2 * parts[0] + 0.5 * parts[1], abs=1e-10)


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("bandwidths", [(1.0, 10.0), AUTHORS_BANDWIDTHS])
def test_gradient(bandwidths: tuple[float, ...], biased: bool) -> None:
    x, y = draw(6, 3).requires_grad_(), draw(5, 3, seed=1).requires_grad_()
    source, target = torch.tensor([0, 1, 1, 2, 0, 1]), torch.tensor([1, 1, 0, 0, 3])
    assert torch.autograd.gradcheck(
        lambda a, b: label_aware_mmd(a, b, source, target, 4, bandwidths=bandwidths, biased=biased), (x, y)
    )


def test_labels_of_one_side_only_give_zero_and_a_zero_gradient() -> None:
    x, y = draw(3).requires_grad_(), draw(3, seed=1).requires_grad_()
    value = label_aware_mmd(
        x, y, torch.zeros(3, dtype=torch.long), torch.ones(3, dtype=torch.long), 2, bandwidths=(1.0,)
    )
    value.backward()
    assert float(value.detach()) == 0
    assert x.grad is not None and float(x.grad.abs().sum()) == 0


def test_float32_diagonal_does_not_leak_into_small_bandwidths() -> None:
    """Rounding errors of the Gram matrix, far from the origin, must not look like distances."""
    x, y = draw(40, 50) + 100, draw(30, 50, seed=1) + 100
    for bandwidths in ((1e-6,), AUTHORS_BANDWIDTHS):
        exact = slow_mmd2(x, y, bandwidths)
        single = x.float().requires_grad_()
        value = mmd2(single, y.float(), bandwidths)
        value.backward()
        assert float(value.detach()) == pytest.approx(exact, rel=2e-2)
        assert single.grad is not None and single.grad.isfinite().all() and float(single.grad.abs().max()) < 1


def test_far_bandwidths_add_their_constant() -> None:
    x, y = draw(4), draw(6, seed=1) + 50
    assert float(mmd2(x, y, (1e-6,))) == pytest.approx(1 / 4 + 1 / 6)


def test_identical_samples_have_no_distance() -> None:
    x = draw(6)
    assert float(mmd2(x, x.clone(), (1.0,))) == pytest.approx(0, abs=1e-12)


def test_reported_gap_does_not_grow_with_fewer_tokens() -> None:
    """The biased estimate of samples from one distribution depends on their size; the reported gap does not."""
    many = [reported_gap(draw(200, seed=i), draw(200, seed=100 + i)) or 0.0 for i in range(20)]
    few = [reported_gap(draw(5, seed=i), draw(5, seed=100 + i)) or 0.0 for i in range(200)]
    assert abs(sum(many) / len(many)) < 0.01 and abs(sum(few) / len(few)) < 0.03
    assert (reported_gap(draw(50), draw(50, seed=1) + 2) or 0.0) > 0.3
    assert reported_gap(draw(1), draw(5)) is None


@pytest.mark.parametrize(("x", "y"), [(draw(0), draw(3)), (draw(3), draw(3, size=5))])
def test_wrong_shapes_are_named(x: Tensor, y: Tensor) -> None:
    with pytest.raises(ValueError, match=r"expected \(n, size\)"):
        mmd2(x, y, (1.0,))
