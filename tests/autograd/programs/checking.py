"""gradcheck and gradgradcheck: what they accept and what they find."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..outcome import raised, warned


def _wrong(torch: Any, second: bool = False) -> Any:
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * (2 * x.detach() if second else 3 * x)

    return Wrong.apply


def accepted(torch: Any) -> Iterator[Any]:
    check, check2 = torch.autograd.gradcheck, torch.autograd.gradgradcheck
    a = torch.linspace(0.1, 1, 6, dtype=torch.float64).view(2, 3).requires_grad_()
    b = torch.linspace(-1, 1, 6, dtype=torch.float64).view(3, 2).requires_grad_()
    z = torch.tensor(
        [0.3 + 0.4j, -1 + 0.2j], dtype=torch.complex128, requires_grad=True
    )
    for f, inputs in (
        (lambda t: t.exp(), a), (torch.matmul, (a, b)), (lambda t: (t.sum(), t**2), a), (lambda t, k: t * k, (a, 3.0)),
        (lambda t: t * t, z), (lambda t: t.abs(), z), (lambda t: t.conj() * t, z), (lambda t: torch.view_as_real(t), z),
        (lambda t, r: t * r, (z, a[0, :2].detach().requires_grad_())), (lambda t: t[0], a), (lambda t: t.clone().mul_(t), a),
        (lambda t: t.softmax(1), a), (lambda t: t.t(), a), (lambda t: t.sum(), torch.ones(0, dtype=torch.float64, requires_grad=True)),
    ):  # fmt: skip
        yield check(f, inputs), check2(f, inputs)
    yield (
        check(lambda t: t**2, [a], fast_mode=True),
        a.grad,
        check(lambda t: t**2, a, eps=1e-4, atol=1e-3),
    )
    yield (
        check2(lambda t: t**3, a, gen_non_contig_grad_outputs=True),
        check2(lambda t: t**3, a, torch.ones_like(a).requires_grad_()),
    )


def refused(torch: Any) -> Iterator[Any]:
    check, check2 = torch.autograd.gradcheck, torch.autograd.gradgradcheck
    a = torch.linspace(0.1, 1, 3, dtype=torch.float64, requires_grad=True)
    yield (
        raised(lambda: check(_wrong(torch), a), 200),
        check(_wrong(torch), a, raise_exception=False),
    )
    yield (
        check(_wrong(torch, True), a),
        raised(lambda: check2(_wrong(torch, True), a), 40),
    )
    yield raised(lambda: check(lambda t: t**2, a.detach()), 120)
    yield warned(
        lambda: check(lambda t: t * 2, torch.ones(1, requires_grad=True), atol=0.1)
    )
    yield raised(lambda: check(lambda t: t.detach(), a), 0)
    yield issubclass(type(_caught(lambda: check(_wrong(torch), a))), RuntimeError)
    yield type(_caught(lambda: check(_wrong(torch), a))).__name__
    count = [0]

    def moody(t: Any) -> Any:
        out = t * 1
        if out.requires_grad:
            out.register_hook(lambda g: g * _next(count))
        return out

    yield raised(lambda: check(moody, a), 0)


def _next(count: list[int]) -> float:
    count[0] += 1
    return 1.0 + 1e-3 * count[0]


def _caught(action: Any) -> Any:
    try:
        action()
    except Exception as error:
        return error
    return None


def module_paths(torch: Any) -> Iterator[Any]:
    import importlib

    module = importlib.import_module(f"{torch.__name__}.autograd.gradcheck")
    yield (
        issubclass(module.GradcheckError, RuntimeError),
        callable(torch.autograd.gradcheck),
    )
    names = ("grad_mode", "graph", "function", "functional", "anomaly_mode", "variable")
    yield [
        importlib.import_module(f"{torch.__name__}.autograd.{n}").__name__.rpartition(
            "."
        )[2]
        for n in names
    ]
    yield callable(torch.autograd.gradcheck)
