"""torch.autograd.functional: Jacobians, Hessians and products with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..outcome import raised


def _power(x: Any) -> Any:
    return x.exp() * x.sum()


def _two(a: Any, b: Any) -> Any:
    return a * b.sum(), (a + 1) ** 2


def _cubes(x: Any, y: Any) -> Any:
    return (x**3).sum() * y.sum() + (y**2).sum()


def products(torch: Any) -> Iterator[Any]:
    f = torch.autograd.functional
    x, y = torch.tensor([1.0, 2.0]), torch.tensor([3.0, -1.0])
    v = torch.tensor([0.5, 2.0])
    yield f.vjp(_power, x, v), f.jvp(_power, x, v)
    yield f.vjp(_two, (x, y), (v, v)), f.jvp(_two, (x, y), (v, v))
    yield f.vhp(_cubes, (x, y), (v, v)), f.hvp(_cubes, (x, y), (v, v))
    yield f.vhp(lambda t: (t**3).sum(), x, v), f.hvp(lambda t: (t**3).sum(), x, v)
    yield f.vjp(lambda t: (t**2).sum(), x), f.jvp(lambda t: t * x, torch.tensor([2.0]))
    yield x.requires_grad, x.grad


def whole(torch: Any) -> Iterator[Any]:
    f = torch.autograd.functional
    x, y = torch.tensor([1.0, 2.0]), torch.tensor([3.0, -1.0])
    yield f.jacobian(_power, x), f.jacobian(_two, (x, y)), f.hessian(_cubes, (x, y))
    yield (
        f.jacobian(lambda t: t.sum(), x),
        f.jacobian(lambda t: t.view(1, 2) * 2, x),
        f.hessian(lambda t: (t**2).sum(), x),
    )
    yield (
        f.jacobian(_power, x, vectorize=True),
        f.hessian(_cubes, (x, y), vectorize=True),
    )
    yield f.jacobian(_power, x, vectorize=True, strategy="forward-mode").tolist()
    yield f.jacobian(lambda t: torch.ones(2), x), f.jacobian(lambda a, b: a * 2, (x, y))
    leaf = x.clone().requires_grad_()
    j = f.jacobian(lambda t: t**3, leaf, create_graph=True)
    yield j, torch.autograd.grad(j.sum(), leaf)
    h = f.hessian(lambda t: (t**4).sum(), leaf, create_graph=True)
    yield h, torch.autograd.grad(h.sum(), leaf), leaf.grad
    value, product = f.vjp(lambda t: t**3, leaf, x, create_graph=True)
    yield value, product, torch.autograd.grad(product.sum(), leaf)
    value, product = f.jvp(lambda t: t**3, leaf, x, create_graph=True)
    yield value, product, torch.autograd.grad(product.sum(), leaf)
    value, product = f.hvp(lambda t: (t**4).sum(), leaf, x, create_graph=True)
    yield value, product, torch.autograd.grad(product.sum(), leaf)
    yield f.jacobian(lambda t: t * 2, torch.tensor(3.0))
    with torch.no_grad():
        yield f.jacobian(_power, x)


def errors(torch: Any) -> Iterator[Any]:
    f = torch.autograd.functional
    x = torch.tensor([1.0, 2.0])
    yield raised(lambda: f.vjp(_power, x)), raised(lambda: f.jvp(_power, x))
    yield (
        raised(lambda: f.vjp(_power, x, torch.ones(3))),
        raised(lambda: f.vjp(_two, (x, x), (x,))),
    )
    yield (
        raised(lambda: f.jacobian(lambda t: 3, x)),
        raised(lambda: f.jacobian(_power, [x])),
        raised(lambda: f.jacobian(_power, 3)),
    )
    yield (
        raised(lambda: f.hessian(_power, x)),
        raised(lambda: f.hessian(lambda t: (t.sum(), t.sum()), x)),
    )
    yield raised(lambda: f.jacobian(lambda t: torch.ones(2), x, strict=True))
    yield raised(lambda: f.jacobian(lambda a, b: a * 2, (x, x), strict=True))
    yield raised(lambda: f.vjp(lambda t: torch.ones(2), x, x, strict=True))
    yield raised(lambda: f.vjp(lambda a, b: a * 2, (x, x), x, strict=True))
    yield raised(lambda: f.jvp(lambda t: torch.ones(2), x, x, strict=True))
    yield raised(lambda: f.hessian(lambda t: t.sum(), x, strict=True))
    yield (
        raised(lambda: f.vhp(lambda t: t.sum(), x, x, strict=True)),
        raised(lambda: f.hvp(lambda t: t.sum(), x, x, strict=True)),
    )
    yield (
        f.vhp(lambda t: t.sum(), x, x),
        f.hvp(lambda t: t.sum(), x, x),
        f.hessian(lambda t: t.sum(), x),
    )
    yield raised(lambda: f.jacobian(_power, x, strategy="sideways"), 0)
    yield raised(lambda: f.jacobian(_power, x, strategy="forward-mode"), 0)
