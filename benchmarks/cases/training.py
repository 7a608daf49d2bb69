"""Whole training steps of small models: forward, loss, backward, optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.case import case


def train_step(torch: Any, model: Any, x: Any, y: Any) -> Callable[[], None]:
    """A step of Adam on one fixed batch."""
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def step() -> None:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()

    return step


@case("training step: MLP 784-128-64-10, batch 32, Adam", 0.45)
def mlp(torch: Any) -> tuple[str, dict[str, Any]]:
    nn = torch.nn
    model = nn.Sequential(
        nn.Linear(784, 128),
        nn.ReLU(),
        nn.Linear(128, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )
    x, y = torch.randn(32, 784), torch.randint(0, 10, (32,))
    return "step()", {"step": train_step(torch, model, x, y)}


@case("training step: two-conv MNIST CNN, batch 64, Adam", 0.75)
def cnn(torch: Any) -> tuple[str, dict[str, Any]]:
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
    )
    x, y = torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))
    return "step()", {"step": train_step(torch, model, x, y)}
