"""A derivative of one's own: a rounding whose gradient passes straight through.

Trains weights that end up on whole numbers. gradcheck proves the other function.

    python examples/custom_function.py [--smoke]
"""

from __future__ import annotations

import argparse
from typing import Any

import rushlight as torch


class RoundStraightThrough(torch.autograd.Function):
    """round(x) forward; the gradient of x itself backward."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x.round()

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        return grad


class Cube(torch.autograd.Function):
    """x**3 with its derivative written by hand."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        return grad * 3 * x**2


def main() -> None:
    parser = argparse.ArgumentParser(description="Custom derivatives.")
    parser.add_argument("--smoke", action="store_true", help="a few steps only")
    steps = 5 if parser.parse_args().smoke else 200

    torch.manual_seed(0)
    point = torch.randn(4, dtype=torch.float64, requires_grad=True)
    print("gradcheck of Cube:", torch.autograd.gradcheck(Cube.apply, (point,)))

    wanted = torch.tensor([2.0, -1.0, 3.0])
    x = torch.randn(64, 3)
    y = x @ wanted
    weights = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.SGD([weights], lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = ((x @ RoundStraightThrough.apply(weights) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
    print("rounded weights:", weights.detach().round().tolist())


if __name__ == "__main__":
    main()
