"""Operands that overflow the last cache take other loops; they must give the same bits."""

from __future__ import annotations

import pytest

import rushlight as torch

COUNT = (1 << 22) + 13


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64])
def test_results_beyond_the_cache(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(5)
    x, y = (
        torch.randint(-99, 99, (COUNT,), generator=generator).to(dtype)
        for _ in range(2)
    )
    for operate in (torch.add, torch.maximum, torch.gt):
        whole = operate(x, y)
        parts = [
            operate(a, b) for a, b in zip(x.split(9999), y.split(9999), strict=True)
        ]
        assert torch.equal(whole, torch.cat(parts))
    assert torch.equal(torch.add(x[1:], y[1:]), torch.add(x, y)[1:])


def test_in_place_beyond_the_cache() -> None:
    x = torch.arange(COUNT, dtype=torch.float32)
    y = x.clone()
    y.add_(x)
    assert torch.equal(y, x * 2)
    out = torch.empty(COUNT + 1)[1:]
    torch.mul(x, x, out=out)
    assert torch.equal(out, x * x)


def test_gelu_beside_its_general_form() -> None:
    """Blocks of moderate arguments have a faster form; one large argument spoils a block."""
    x = torch.linspace(-4.99, 4.99, 40_000)
    spoiled = torch.cat([x, torch.full((40_000,), 6.0)]).reshape(2, -1).t().flatten()
    torch.testing.assert_close(
        torch.nn.functional.gelu(x),
        torch.nn.functional.gelu(spoiled)[::2],
        rtol=2e-6,
        atol=0,
    )
