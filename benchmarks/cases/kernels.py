"""Operators on data large enough that the kernel is what takes the time."""

from __future__ import annotations

from typing import Any

from benchmarks.case import case

MANY = 4 * 1024 * 1024  # floats


@case("matmul 1024", 0.97)
def matmul(torch: Any) -> tuple[str, dict[str, Any]]:
    return "a @ b", {"a": torch.randn(1024, 1024), "b": torch.randn(1024, 1024)}


@case("bmm 64x128x128", 0.97)
def bmm(torch: Any) -> tuple[str, dict[str, Any]]:
    a, b = torch.randn(64, 128, 128), torch.randn(64, 128, 128)
    return "bmm(a, b)", {"bmm": torch.bmm, "a": a, "b": b}


@case("conv 3x3 64->64 on 16x64x56x56, forward", 0.95)
def conv(torch: Any) -> tuple[str, dict[str, Any]]:
    layer = torch.nn.Conv2d(64, 64, 3, padding=1)
    torch.set_grad_enabled(False)
    return "layer(x)", {"layer": layer, "x": torch.randn(16, 64, 56, 56)}


@case("the same, forward + backward", 0.95)
def conv_backward(torch: Any) -> tuple[str, dict[str, Any]]:
    layer = torch.nn.Conv2d(64, 64, 3, padding=1)
    x = torch.randn(16, 64, 56, 56, requires_grad=True)
    grad = torch.randn(16, 64, 56, 56)

    def step() -> None:
        x.grad = None
        layer.zero_grad()
        layer(x).backward(grad)

    return "step()", {"step": step}


@case("add, 4M floats", 0.60)
def add(torch: Any) -> tuple[str, dict[str, Any]]:
    return "a + b", {"a": torch.randn(MANY), "b": torch.randn(MANY)}


@case("mul + add + relu, 4M floats", 0.60)
def chain(torch: Any) -> tuple[str, dict[str, Any]]:
    a, b, c = (torch.randn(MANY) for _ in range(3))
    return "relu(a * b + c)", {"relu": torch.relu, "a": a, "b": b, "c": c}


@case("exp, 4M floats", 0.60)
def exp(torch: Any) -> tuple[str, dict[str, Any]]:
    return "x.exp()", {"x": torch.randn(MANY)}


@case("gelu, 4M floats", 0.60)
def gelu(torch: Any) -> tuple[str, dict[str, Any]]:
    return "gelu(x)", {"gelu": torch.nn.functional.gelu, "x": torch.randn(MANY)}


@case("sum over rows of 2048x2048", 1.0)
def sum_rows(torch: Any) -> tuple[str, dict[str, Any]]:
    return "x.sum(0)", {"x": torch.randn(2048, 2048)}


@case("sum over columns of 2048x2048", 1.0)
def sum_columns(torch: Any) -> tuple[str, dict[str, Any]]:
    return "x.sum(1)", {"x": torch.randn(2048, 2048)}


@case("sort, 1M floats", 0.40)
def sort(torch: Any) -> tuple[str, dict[str, Any]]:
    return "x.sort()", {"x": torch.randn(1024 * 1024)}


@case("randn, 4M floats", 0.70)
def randn(torch: Any) -> tuple[str, dict[str, Any]]:
    return "randn(n)", {"randn": torch.randn, "n": MANY}


@case("softmax 4096x1024", 0.80)
def softmax(torch: Any) -> tuple[str, dict[str, Any]]:
    return "softmax(x, -1)", {"softmax": torch.softmax, "x": torch.randn(4096, 1024)}


@case("layer_norm 4096x1024", 0.80)
def layer_norm(torch: Any) -> tuple[str, dict[str, Any]]:
    layer = torch.nn.LayerNorm(1024)
    torch.set_grad_enabled(False)
    return "layer(x)", {"layer": layer, "x": torch.randn(4096, 1024)}
