"""Fits a sine with a small network: the shortest complete training program.

python examples/curve_fit.py [--smoke]
"""

from __future__ import annotations

import argparse

import rushlight as torch
from rushlight import nn


def main() -> None:
    parser = argparse.ArgumentParser(description="Fits a noisy sine.")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--smoke", action="store_true", help="a few steps only")
    args = parser.parse_args()
    steps = 20 if args.smoke else args.steps

    torch.manual_seed(0)
    x = torch.linspace(-3.0, 3.0, 256).unsqueeze(1)
    y = torch.sin(x) + 0.05 * torch.randn(256, 1)

    model = nn.Sequential(
        nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)
    )
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=500, gamma=0.5)

    for step in range(1, steps + 1):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        scheduler.step()
        if step % max(1, steps // 10) == 0:
            print(f"step {step:5d}  loss {loss.item():.5f}")

    with torch.no_grad():
        error = (model(x) - torch.sin(x)).abs().max().item()
    print(f"largest distance from the sine: {error:.3f}")


if __name__ == "__main__":
    main()
