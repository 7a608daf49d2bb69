"""torch.autograd.Function: dirty inputs, inputs handed back, views, missing gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..outcome import raised


def _make(torch: Any, forward: Callable[..., Any], backward: Callable[..., Any]) -> Any:
    return type("Made", (torch.autograd.Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)}).apply  # fmt: skip


def missing_gradients(torch: Any) -> Iterator[Any]:
    seen: list[Any] = []

    def two(materialize: bool) -> Any:
        def forward(ctx: Any, x: Any) -> Any:
            ctx.set_materialize_grads(materialize)
            return x * 2, x * 3, "text", x.long()

        def backward(ctx: Any, *grads: Any) -> Any:
            seen.append(grads)
            return sum(g * k for g, k in zip(grads, (2, 3)) if g is not None)

        return _make(torch, forward, backward)

    x = torch.ones(2, requires_grad=True)
    for materialize in (True, False):
        a, b, text, n = two(materialize)(x)
        a.sum().backward()
        a, b, text, n = two(materialize)(x)
        (a + b).sum().backward()
        yield seen, x.grad, text, n.requires_grad, n.grad_fn, b.output_nr
        seen.clear()


def not_differentiable(torch: Any) -> Iterator[Any]:
    def forward(ctx: Any, x: Any) -> Any:
        values, places = x.sort()
        ctx.mark_non_differentiable(places)
        ctx.save_for_backward(places)
        return values, places

    def backward(ctx: Any, g: Any, unused: Any) -> Any:
        (places,) = ctx.saved_tensors
        return torch.zeros_like(g).index_add_(0, places, g)

    x = torch.tensor([3.0, 1.0, 2.0], requires_grad=True)
    values, places = _make(torch, forward, backward)(x)
    yield values.requires_grad, places.requires_grad, places.grad_fn
    (values * torch.arange(3.0)).sum().backward()
    yield x.grad

    def second(ctx: Any, x: Any) -> Any:
        a, b = x * 2, x * 3
        ctx.mark_non_differentiable(b)
        return a, b

    grads: list[Any] = []
    a, b = _make(torch, second, lambda ctx, *g: (grads.append(g), g[0] * 2)[1])(x)
    yield (
        a.requires_grad,
        b.requires_grad,
        b.is_leaf,
        raised(lambda: b.sum().backward()),
    )
    a.sum().backward()
    yield grads


def dirty(torch: Any) -> Iterator[Any]:
    def forward(ctx: Any, x: Any) -> Any:
        x.mul_(3)
        ctx.mark_dirty(x)
        return x

    triple = _make(torch, forward, lambda ctx, g: g * 3)
    x = torch.ones(2, requires_grad=True)
    y = x * 1
    version = y._version
    z = triple(y)
    yield z is y, y.grad_fn.name(), y._version - version, y
    z.sum().backward()
    yield x.grad
    yield raised(lambda: triple(x), 60)
    x = torch.ones(4, requires_grad=True)
    y = x * 1
    out = triple(y[:2])
    yield (
        y,
        y.grad_fn.name(),
        out.grad_fn.name(),
        torch.autograd.grad((y * torch.arange(4.0)).sum(), x),
    )
    plain = torch.ones(2)
    yield triple(plain) is plain, plain.requires_grad, plain._version
    with torch.no_grad():
        y = x * 1
        yield triple(y) is y, y

    def second(ctx: Any, b: Any, a: Any) -> Any:
        b.mul_(a)
        ctx.mark_dirty(b)
        ctx.save_for_backward(a)
        return b

    product = _make(torch, second, lambda ctx, g: (g * ctx.saved_tensors[0], None))
    w = torch.full((2,), 2.0)
    y = x * 1
    product(y[:2], w)
    yield y, torch.autograd.grad(y.sum(), x)

    def unreturned(ctx: Any, x: Any) -> Any:
        ctx.mark_dirty(x)
        return x * 2

    yield raised(lambda: _make(torch, unreturned, lambda ctx, g: g)(x * 1))

    def saves_result(ctx: Any, x: Any) -> Any:
        x.exp_()
        ctx.mark_dirty(x)
        ctx.save_for_backward(x)
        return x

    exp = _make(torch, saves_result, lambda ctx, g: g * ctx.saved_tensors[0])
    (g,) = torch.autograd.grad(exp(x * 1).sum(), x, create_graph=True)
    yield g, torch.autograd.grad(g.sum(), x)

    def both(ctx: Any, x: Any) -> Any:
        ctx.mark_dirty(x)
        x.add_(1)
        return x, x * 2

    pair = _make(torch, both, lambda ctx, a, b: a + 2 * b)
    y = x * 1
    a, b = pair(y)
    yield (
        a is y,
        torch.autograd.grad((a + b).sum(), x),
        raised(lambda: pair((x * 1)[:2]), 60),
    )


def inputs_returned(torch: Any) -> Iterator[Any]:
    same = _make(torch, lambda ctx, x: x, lambda ctx, g: g * 5)
    x = torch.ones(2, requires_grad=True)
    y = same(x)
    yield y is x, y.data_ptr() == x.data_ptr(), y.grad_fn.name(), y.is_leaf, y._version
    y.sum().backward()
    yield x.grad
    h = x * 1
    y = same(h)
    yield raised(lambda: y.mul_(2), 70), y is h
    two = _make(torch, lambda ctx, a, b: (b, a), lambda ctx, g, k: (k * 2, g * 3))
    b = torch.ones(2)
    p, q = two(x, b)
    yield (
        p.requires_grad,
        q.requires_grad,
        torch.autograd.grad((p + 10 * q).sum(), x),
        p is b,
    )
    plain = torch.ones(1)
    out = same(plain)
    yield out is plain, out.requires_grad
    with torch.no_grad():
        yield same(x) is x, same(x).requires_grad


def views_returned(torch: Any) -> Iterator[Any]:
    view = _make(torch, lambda ctx, x: x.view(-1), lambda ctx, g: g.view(2, 2) * 7)
    x = torch.ones(2, 2, requires_grad=True)
    y = view(x)
    yield y.grad_fn.name(), y._is_view(), torch.autograd.grad(y.sum(), x)
    y = view(x * 1)
    yield raised(lambda: y.mul_(2), 70)
    inner = _make(torch, lambda ctx, x: (x * 2)[0], lambda ctx, g: g.expand(2, 2) * 7)
    y = inner(x)
    yield y.grad_fn.name(), torch.autograd.grad(y.sum(), x)
    both = _make(
        torch, lambda ctx, x: (x[0], x[1]), lambda ctx, a, b: torch.stack([a, b])
    )
    a, b = both(x * 1)
    yield raised(lambda: a.mul_(2), 70)


def saved_kinds(torch: Any) -> Iterator[Any]:
    def forward(ctx: Any, x: Any) -> Any:
        out = x.exp()
        middle = x * 2
        ctx.save_for_backward(x, out, middle)
        return out

    def backward(ctx: Any, g: Any) -> Any:
        x, out, middle = ctx.saved_tensors
        return g * out

    exp = _make(torch, forward, backward)
    x = torch.tensor([0.5], requires_grad=True)
    y = exp(x)
    saved = y.grad_fn.saved_tensors
    yield (
        saved[0] is x,
        saved[1].grad_fn is y.grad_fn,
        saved[2].requires_grad,
        saved[1].output_nr,
    )
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    yield torch.autograd.grad(g, x)
    y = exp(x)
    y.add_(1)
    yield raised(lambda: y.backward(), 150)
    y = exp(x)
    with torch.no_grad():
        x.add_(1)
    yield raised(lambda: y.backward(), 100)


def raw_attributes_leave_the_check(torch: Any) -> Iterator[Any]:
    def forward(ctx: Any, x: Any) -> Any:
        ctx.x = x
        return x * x

    square = _make(torch, forward, lambda ctx, g: g * 2 * ctx.x)
    x = torch.tensor([3.0], requires_grad=True)
    (g,) = torch.autograd.grad(square(x), x, create_graph=True)
    yield g, torch.autograd.grad(g, x)


def results_of_other_types(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, requires_grad=True)
    yield _make(torch, lambda ctx, x: None, lambda ctx, g: g)(x)
    yield _make(torch, lambda ctx, x: (x * 2, None, 5, [1]), lambda ctx, *g: g[0] * 2)(
        x
    )
    yield _make(torch, lambda ctx, x: [x * 2], lambda ctx, *g: g[0])(x)
    integers = _make(torch, lambda ctx, x: x.long(), lambda ctx, g: g)(x)
    yield integers.requires_grad, integers.grad_fn
    leaf = torch.zeros(2, requires_grad=True)
    out = _make(torch, lambda ctx, x: torch.zeros(2), lambda ctx, g: g)(x)
    yield out.requires_grad, out.grad_fn.name(), leaf.is_leaf


def nested(torch: Any) -> Iterator[Any]:
    def forward(ctx: Any, x: Any) -> Any:
        with torch.enable_grad():
            inner = x.detach().requires_grad_()
            out = (inner**2).sum()
        ctx.pair = inner, out
        return out.detach()

    def backward(ctx: Any, g: Any) -> Any:
        inner, out = ctx.pair
        out.backward(g)
        return inner.grad

    f = _make(torch, forward, backward)
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (f(x) * 3).backward()
    yield x.grad
    reverse = _make(
        torch, lambda ctx, x, k: x.clone(), lambda ctx, g, k=None: (-g, None)
    )
    y = reverse(x * 1, 0.5)
    y.sum().backward()
    yield x.grad
