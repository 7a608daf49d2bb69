"""Kernels that choose a loop by shape, layout or processor, beside a plain way to the same."""

from __future__ import annotations

import math

import pytest

import rushlight as torch

F = torch.nn.functional


def whole_numbers(*sizes: int) -> torch.Tensor:
    """Small integers as bfloat16: sums of their products are exact in float."""
    generator = torch.Generator().manual_seed(sum(sizes))
    return torch.randint(-8, 9, sizes, generator=generator).to(torch.bfloat16)


def layouts(rows: int, cols: int) -> list[torch.Tensor]:
    """Rows together, columns together, and rows that start at odd places."""
    return [
        whole_numbers(rows, cols),
        whole_numbers(cols, rows).t(),
        whole_numbers(rows, cols + 3)[:, 1:-2],
        whole_numbers(cols + 3, rows).t()[:, 2:-1],
    ]


@pytest.mark.parametrize(
    ("m", "k", "n"),
    [
        (1, 1, 1),
        (1, 65, 70),
        (3, 64, 9),
        (4, 31, 33),
        (5, 2, 40),
        (15, 33, 17),
        (29, 1101, 50),
        (70, 96, 1),
        (61, 1500, 100),
    ],
)
def test_products_of_bfloat16(m: int, k: int, n: int) -> None:
    for a in layouts(m, k):
        for b in layouts(k, n):
            exact = a.float() @ b.float()
            assert torch.equal(a @ b, exact.bfloat16())
            added = torch.addmm(whole_numbers(m, n), a, b, beta=2, alpha=-0.5)
            expected = 2 * whole_numbers(m, n).float() - 0.5 * exact
            assert torch.equal(added, expected.bfloat16())


def test_batched_and_vector_products_of_bfloat16() -> None:
    a, b = whole_numbers(7, 40, 51), whole_numbers(7, 51, 36)
    assert torch.equal(torch.bmm(a, b), torch.bmm(a.float(), b.float()).bfloat16())
    x = whole_numbers(51)
    assert torch.equal(a[0] @ x, (a[0].float() @ x.float()).bfloat16())


@pytest.mark.parametrize("m", [2, 20])
@pytest.mark.parametrize("place", [0, 1])
def test_infinity_in_products_of_bfloat16(m: int, place: int) -> None:
    a = torch.ones(m, 64, dtype=torch.bfloat16)
    a[1, place] = math.inf
    out = a @ torch.ones(64, 40, dtype=torch.bfloat16)
    assert torch.equal(out[0], torch.full((40,), 64, dtype=torch.bfloat16))
    assert torch.equal(out[1], torch.full((40,), math.inf, dtype=torch.bfloat16))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_clamp_hands_on_nan(dtype: torch.dtype) -> None:
    nan, inf = math.nan, math.inf
    x = torch.tensor([-2, nan, 0.5, inf, -inf, 3] * 20, dtype=dtype)
    assert x.clamp(-1, 1)[:6].tolist()[0::2] == [-1, 0.5, -1]
    assert x.clamp(-1, 1)[3:6:2].tolist() == [1, 1]
    assert x.clamp(-1, 1)[1::6].isnan().all()
    assert x.clamp(nan, 1).isnan().all()
    assert x.clamp(-1, nan).isnan().all()
    assert x.clamp(2, 1)[0::2].tolist() == [1] * 60
    bounds = torch.tensor([nan, 0, 0, 0, 0, nan], dtype=dtype).repeat(20)
    low = x.clamp(bounds, torch.ones(120, dtype=dtype))
    assert low.isnan().tolist() == [True, True, False, False, False, True] * 20


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_dropout_keeps_the_same_in_both_directions(dtype: torch.dtype) -> None:
    x = torch.ones(1000, dtype=dtype, requires_grad=True)
    y = F.dropout(x, 0.25)
    y.backward(torch.full((1000,), 3, dtype=dtype))
    assert x.grad is not None
    assert torch.equal(x.grad, y.detach() * 3)
    assert 600 < int(y.count_nonzero()) < 900


@pytest.mark.parametrize("size", [(2, 3, 7, 7), (1, 2, 14, 15), (2, 2, 1, 3)])
def test_mean_of_whole_planes(size: tuple[int, ...]) -> None:
    x = torch.randn(size, dtype=torch.float64)
    expected = x.mean((2, 3), keepdim=True)
    torch.testing.assert_close(F.adaptive_avg_pool2d(x, 1), expected)
    torch.testing.assert_close(F.avg_pool2d(x, size[2:]), expected)
    last = x.to(memory_format=torch.channels_last)
    torch.testing.assert_close(F.adaptive_avg_pool2d(last, 1), expected)
    sums = F.avg_pool2d(x, size[2:], divisor_override=2)
    torch.testing.assert_close(sums, x.sum((2, 3), keepdim=True) / 2)


@pytest.mark.parametrize("n", [6, 75, 300, 5000])
def test_topk_beside_sort(n: int) -> None:
    x = torch.randint(0, 2 * n, (3, n), generator=torch.Generator().manual_seed(n))
    for k in (1, 5):
        for largest in (True, False):
            values, places = x.topk(k, largest=largest)
            assert torch.equal(values, x.sort(descending=largest).values[:, :k])
            assert torch.equal(x.gather(1, places), values)
