"""What a call costs when there is next to nothing to compute."""

from __future__ import annotations

from typing import Any

from benchmarks.case import case


@case("a + b, 4 floats", 0.35)
def add(torch: Any) -> tuple[str, dict[str, Any]]:
    return "a + b", {"a": torch.ones(4), "b": torch.ones(4)}


@case("a + b, 4 floats, with grad", 0.35)
def add_grad(torch: Any) -> tuple[str, dict[str, Any]]:
    return "a + b", {"a": torch.ones(4, requires_grad=True), "b": torch.ones(4)}


@case("forward + backward of a 20-op chain on 4 floats", 0.35)
def chain(torch: Any) -> tuple[str, dict[str, Any]]:
    x = torch.full((4,), 0.5, requires_grad=True)
    w, b = torch.full((4,), 1.1), torch.full((4,), 0.1)

    def step() -> None:
        x.grad = None
        y = x
        for _ in range(5):
            y = y * w
            y = y + b
            y = y.tanh()
            y = y - b
        y.sum().backward()

    return "step()", {"step": step}


@case("index, transpose, reshape chain", 0.40)
def views(torch: Any) -> tuple[str, dict[str, Any]]:
    return "x[1].transpose(0, 1).reshape(16, 2, 4)", {"x": torch.ones(4, 8, 16)}
