"""Gradients of complex, integer, half and mixed types, and of nothing at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..outcome import raised


def _lists(gradients: Any) -> list[Any]:
    """Values alone: the strides of a real part's gradient are the library's affair."""
    return [None if g is None else g.tolist() for g in gradients]


def complex_convention(torch: Any) -> Iterator[Any]:
    z = torch.tensor([1 + 2j, -0.5 + 0.3j], requires_grad=True)
    r = torch.tensor([0.5, 2.0], requires_grad=True)
    for f in (
        lambda: z.abs(), lambda: z.real, lambda: z.imag, lambda: z.angle(), lambda: (z * z).real,
        lambda: (z * z.conj()).real, lambda: (z * r).imag, lambda: z.exp().real, lambda: z.log().imag,
        lambda: (z / (z + 1)).real, lambda: z.sqrt().real, lambda: (z**2).imag, lambda: (z**z).real,
        lambda: torch.view_as_real(z), lambda: z.sum().abs(), lambda: z.prod().imag, lambda: z.reciprocal().real,
        lambda: (z @ z.conj()).real, lambda: z.sin().imag, lambda: z.tanh().real, lambda: z.mean().real,
        lambda: torch.complex(r, r * r).abs(), lambda: torch.polar(r, r).real, lambda: (z + 1j).abs() ** 2,
    ):  # fmt: skip
        yield _lists(torch.autograd.grad(f().sum(), [z, r], allow_unused=True))
    y = (z * (1 + 1j)).sum()
    yield raised(lambda: y.backward(), 60)
    y.backward(torch.tensor(1 + 0j), retain_graph=True)
    yield z.grad
    yield raised(lambda: y.backward(torch.tensor(1.0)), 90)
    z.grad = None
    y.backward(torch.tensor(1j))
    yield z.grad
    (g,) = torch.autograd.grad((z.abs() ** 2).sum(), z, create_graph=True)
    yield g, torch.autograd.grad(g.real.sum(), z)
    real = torch.ones(2, requires_grad=True)
    yield _lists(torch.autograd.grad((real * 2j).sum().imag, real))
    yield _lists(torch.autograd.grad((real + z).abs().sum(), [real, z]))
    yield _lists(torch.autograd.grad(real.to(torch.complex64).sum().real, real))


def integers_and_booleans(torch: Any) -> Iterator[Any]:
    x = torch.tensor([3.0, 1.0, 2.0], requires_grad=True)
    for f in (lambda: x.long(), lambda: x > 1, lambda: x.argmax(), lambda: x.sort()[1], lambda: x == x,
              lambda: x.max(0)[1], lambda: x.bool(), lambda: x.isnan(), lambda: x.argsort(), lambda: x.nonzero(),
              lambda: x.int() + 1, lambda: torch.ones_like(x), lambda: x.sign(), lambda: x.floor(),
              lambda: x.round(), lambda: x // 1, lambda: x.topk(1)[1], lambda: x.logical_not(), lambda: x.trunc()):  # fmt: skip
        out = f()
        yield out.requires_grad, type(out.grad_fn).__name__
    n = torch.tensor([1, 2, 3])
    y = x * n + n
    yield y.grad_fn.name(), torch.autograd.grad(y.sum(), x)
    yield (
        torch.autograd.grad((x * (n > 1)).sum(), x),
        torch.autograd.grad((x**n).sum(), x),
    )
    yield raised(lambda: torch.autograd.grad(x.long().sum(), x), 60)
    yield torch.autograd.grad(x.sign().sum() + x.sum(), x)


def mixed(torch: Any) -> Iterator[Any]:
    a = torch.ones(2, requires_grad=True)
    b = torch.full((2,), 2.0, dtype=torch.float64, requires_grad=True)
    h = torch.ones(2, dtype=torch.float16, requires_grad=True)
    bf = torch.ones(2, dtype=torch.bfloat16, requires_grad=True)
    (a * b).sum().backward()
    yield a.grad, b.grad
    (h.float() * a).sum().backward()
    yield h.grad, a.grad
    (bf * 3).sum().backward()
    yield bf.grad.dtype == torch.bfloat16, bf.grad.float()
    a.to(torch.float64).to(torch.float16).sum().backward()
    yield a.grad
    (a * torch.tensor(3.0, dtype=torch.float64)).sum().backward()
    yield a.grad
    s = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    (a.detach() * s).sum().backward()
    yield s.grad
    y = a * 2
    y.backward(torch.ones(2, dtype=torch.float64))
    yield a.grad
    yield (
        torch.autograd.grad(torch.cat([a, b]).sum(), [a, b]),
        torch.autograd.grad(torch.where(a > 0, a, b).sum(), [a, b]),
    )
    yield (
        a.double().grad_fn.name(),
        a.float() is a,
        a.to(torch.float32) is a,
        a.type(torch.float64).grad_fn.name(),
    )


def unused_and_constant(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, requires_grad=True)
    y = torch.ones(2, requires_grad=True)
    yield (
        torch.autograd.grad((x * 0).sum(), x),
        torch.autograd.grad(x.sum() + (y * 0).sum(), [x, y]),
    )
    z = torch.zeros(2, requires_grad=True)
    yield torch.autograd.grad(z.abs().sum(), z), torch.autograd.grad(z.relu().sum(), z)
    yield (
        torch.autograd.grad(z.sqrt().sum(), z),
        torch.autograd.grad(z.pow(2).sum(), z),
        torch.autograd.grad(z.norm(), z),
    )
    yield (
        torch.autograd.grad(torch.maximum(z, z.detach()).sum(), z),
        torch.autograd.grad(z.max(), z),
    )
    yield (
        torch.autograd.grad(z.clamp(0, 1).sum(), z),
        torch.autograd.grad(z.sign().sum(), z),
    )
    yield torch.autograd.grad(
        torch.tensor([0.0, 2.0], requires_grad=True).prod(), x, allow_unused=True
    )
    p = torch.tensor([0.0, 2.0, 0.0], requires_grad=True)
    yield torch.autograd.grad(p.prod(), p), torch.autograd.grad(p[:2].prod(), p)
    yield torch.autograd.grad(p.amax(), p), torch.autograd.grad(p.min(), p)


def nothing(torch: Any) -> Iterator[Any]:
    x = torch.ones(0, 3, requires_grad=True)
    for f in (lambda: x.sum(), lambda: x.sum(0).sum(), lambda: (x @ x.t()).sum(), lambda: x.t().reshape(-1).sum(),
              lambda: torch.cat([x, torch.ones(1, 3)]).sum(), lambda: x.exp().sum(1).sum(), lambda: x.mean(1).sum(),
              lambda: x.expand(2, 0, 3).sum(), lambda: (x * torch.ones(3)).sum(), lambda: x.prod()):  # fmt: skip
        yield torch.autograd.grad(f(), x)
    s = torch.tensor(2.0, requires_grad=True)
    yield (
        torch.autograd.grad((torch.ones(0) * s).sum(), s),
        torch.autograd.grad((s * s).view(1, 1).sum(), s),
    )
    yield (
        torch.autograd.grad(s.expand(2, 2).sum(), s),
        torch.autograd.grad(s[None][0], s),
    )
