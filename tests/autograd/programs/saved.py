"""What a graph keeps: saved tensors, hooks that pack them, attributes of nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..outcome import raised, warned


def packed(torch: Any) -> Iterator[Any]:
    hooks = torch.autograd.graph.saved_tensors_hooks
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    seen: list[Any] = []

    def pack(t: Any) -> Any:
        seen.append(("pack", t.detach(), t.requires_grad, torch.is_grad_enabled()))
        return "box", t * 1

    def unpack(box: Any) -> Any:
        seen.append(("unpack", box[0], torch.is_grad_enabled()))
        return box[1]

    with hooks(pack, unpack):
        y = x * x
        z = y.exp()
    yield list(seen)
    seen.clear()
    z.sum().backward()
    yield seen, x.grad
    with hooks(lambda t: t, lambda t: t * 10):
        y = x.exp()
    yield torch.autograd.grad(y.sum(), x)
    with hooks(lambda t: t, lambda t: t):
        y = x**3
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    yield g, torch.autograd.grad(g.sum(), x)
    with hooks(lambda t: t.clone(), lambda t: t):
        y = (x * 2).exp()
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    yield g, torch.autograd.grad(g.sum(), x)
    with hooks(lambda t: t.numpy().copy(), torch.from_numpy):
        y = x.exp() * x
    y.sum().backward()
    yield x.grad


def packing_rules(torch: Any) -> Iterator[Any]:
    graph = torch.autograd.graph
    hooks = graph.saved_tensors_hooks
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    order: list[str] = []
    with hooks(lambda t: (order.append("outer"), t)[1], lambda t: t):
        x.exp()
        with hooks(lambda t: (order.append("inner"), t)[1], lambda t: t):
            x.exp()
        x.exp()
    x.exp()
    yield order

    def save(pack: Any, unpack: Any) -> Any:
        with hooks(pack, unpack):
            return x.exp()

    yield raised(lambda: save(lambda t: t.add_(1), lambda t: t), 60)
    yield raised(lambda: save(lambda t: 1 / 0, lambda t: t))
    yield raised(lambda: save(lambda t: t, lambda t: 3).sum().backward())
    yield raised(lambda: save(lambda t: t, lambda t: 1 / 0).sum().backward())
    yield raised(lambda: save(lambda: 0, lambda t: t), 0)
    y = save(lambda t: t.clone(), lambda t: t)
    y.add_(1)  # hooks take the check of versions away
    yield torch.autograd.grad(y.sum(), x)
    with graph.disable_saved_tensors_hooks("not here"):
        yield raised(lambda: save(lambda t: t, lambda t: t))
        yield torch.autograd.grad(x.exp().sum(), x)
    yield torch.autograd.grad(save(lambda t: t, lambda t: t).sum(), x)
    with graph.save_on_cpu():
        y = x.exp() * x
    yield torch.autograd.grad(y.sum(), x)
    with hooks(lambda t: t, lambda t: t):
        cube = x * x
    yield (
        torch.autograd.grad(cube.sum(), x, retain_graph=True),
        torch.autograd.grad(cube.sum(), x),
    )
    yield raised(lambda: torch.autograd.grad(cube.sum(), x))
    leaf_only = save(lambda t: t, lambda t: t)
    yield leaf_only.requires_grad


def node_attributes(torch: Any) -> Iterator[Any]:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    y = x * w
    yield y.grad_fn._saved_self is x, y.grad_fn._saved_other is w
    e = x.exp()
    yield (
        e.grad_fn._saved_result,
        e.grad_fn._saved_result.grad_fn is e.grad_fn,
        e.grad_fn._saved_result is e,
    )
    p = x**3
    yield p.grad_fn._saved_exponent, p.grad_fn._saved_self is x
    s = x.sum(0, keepdim=True)
    yield s.grad_fn._saved_keepdim
    yield (x * w.detach()).grad_fn._saved_self, raised(lambda: y.grad_fn._saved_nothing)
    raw = y.grad_fn._raw_saved_self
    raw.register_hooks(lambda t: t * 1, lambda t: t * 100)
    yield raised(lambda: raw.register_hooks(lambda t: t, lambda t: t))
    yield torch.autograd.grad(y.sum(), [x, w])
    yield (
        raised(lambda: y.grad_fn._saved_self),
        [n for n in dir(p.grad_fn) if n == "_saved_self"],
    )


def mutation_allowed(torch: Any) -> Iterator[Any]:
    graph = torch.autograd.graph
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with graph.allow_mutation_on_saved_tensors():
        y = x * 1
        z = y * y
        y.mul_(10)
        yield torch.autograd.grad(z.sum(), x)
    t = torch.ones(1)
    graph.increment_version(t)
    yield t._version


def former_name(torch: Any) -> Iterator[Any]:
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            seen.append(warned(lambda: ctx.saved_variables))
            return 2 * ctx.saved_tensors[0] * grad

    seen: list[Any] = []
    x = torch.tensor(3.0, requires_grad=True)
    Square.apply(x).backward()
    yield seen, x.grad
