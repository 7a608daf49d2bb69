"""Views: writes through them, to their base, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..outcome import raised


def metadata(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, 3)
    v = x[0]
    yield v._is_view(), v._base is x, x._base, x._is_view()
    w = v[1:]
    yield (
        w._base is x,
        w.view(2)._base is x,
        x.clone()._is_view(),
        x.detach()._is_view(),
        v.detach()._is_view(),
    )
    yield (
        x.view_as(x)._base is x,
        x.expand(2, 2, 3)._base is x,
        x.contiguous() is x,
        x.t().contiguous()._is_view(),
    )
    yield (
        x.reshape(3, 2)._is_view(),
        x.t().reshape(6)._is_view(),
        x.split(1)[0]._base is x,
        x.real is x,
    )
    with torch.no_grad():
        n = x[0]
    yield n._is_view(), n._base is x


def write_through_view(torch: Any) -> Iterator[Any]:
    x = torch.arange(1.0, 5.0, requires_grad=True)
    y = x * 1
    v = y[:2]
    yield v.grad_fn.name()
    v.mul_(10)
    yield y, v, y.grad_fn.name(), v.grad_fn.name(), y._version, v._version
    yield torch.autograd.grad((y * y).sum(), x, retain_graph=True)
    yield torch.autograd.grad((v * v).sum(), x)
    y = x * 1
    v = y.view(2, 2)
    w = v[0]
    w.mul_(x[2:])
    yield y.grad_fn.name(), v.grad_fn.name(), w.grad_fn.name()
    yield (
        torch.autograd.grad((v * torch.ones(2, 2)).sum(), x, retain_graph=True),
        torch.autograd.grad(w.sum(), x),
    )
    base = torch.zeros(4)
    part = base[1:3]
    part.add_(x[:2])
    yield (
        base.requires_grad,
        part.requires_grad,
        base.is_leaf,
        part.is_leaf,
        base.grad_fn.name(),
    )
    part.mul_(part.clone())
    yield base, torch.autograd.grad((base * torch.arange(4.0)).sum(), x)


def write_to_base(torch: Any) -> Iterator[Any]:
    x = torch.arange(1.0, 5.0, requires_grad=True)
    y = x * 1
    v, w = y[:2], y[1:]
    y.mul_(y.clone())
    yield v, w, v.grad_fn.name(), torch.autograd.grad((v * w[:2]).sum(), x)
    base = torch.zeros(4)
    part = base[1:3]
    base.add_(x)
    yield part.grad_fn is None, part.requires_grad, part
    yield torch.autograd.grad((part * part).sum(), x)
    y = x * 1
    v = y[:2]
    y.detach().zero_()
    yield v, torch.autograd.grad(v.sum(), x)
    y = x * 1
    a, b = y[:3], y[1:]
    a.mul_(2)
    b.mul_(x[0])
    a.add_(b.clone())
    yield y, torch.autograd.grad((y * torch.arange(1.0, 5.0)).sum(), x)


def chains(torch: Any) -> Iterator[Any]:
    x = torch.arange(6.0).view(2, 3).requires_grad_()
    y = x.clone()
    v = y.t()[1:].view(-1)[0:2] if y.t()[1:].is_contiguous() else y.t()[1:][0]
    v.mul_(x[0, 1:])
    yield y, torch.autograd.grad((y * y).sum(), x)
    y = x.clone()
    y.t()[0].copy_(x[:, 2])
    y.diagonal().mul_(3)
    y[:, ::2].add_(y[:, 1:2].clone())
    yield y, torch.autograd.grad((y * y).sum(), x)
    y = x.clone()
    y.view(6).view(3, 2)[1].zero_()
    yield y, torch.autograd.grad(y.sum(), x)
    y = x.clone()
    y.unsqueeze(0).expand(1, 2, 3)[0, 1].exp_()
    yield y, torch.autograd.grad(y.sum(), x)
    y = x.clone()
    u = y.narrow(1, 0, 2)
    u.select(0, 1).mul_(u.select(0, 0).clone())
    yield y, torch.autograd.grad((y * y).sum(), x)
    y = x.clone()
    y.as_strided((2, 2), (3, 1), 1).mul_(2)
    yield y, torch.autograd.grad((y * y).sum(), x)
    y = x.t().clone().t()
    y[0].mul_(2)
    y.t()[1].mul_(3)
    yield y, torch.autograd.grad((y * y).sum(), x)


def several_outputs(torch: Any) -> Iterator[Any]:
    x = torch.arange(4.0, requires_grad=True)
    for f in (
        lambda t: t.unbind(),
        lambda t: t.split(2),
        lambda t: t.chunk(2),
        lambda t: torch.tensor_split(t, 2),
    ):
        pieces = f(x * 1)
        yield raised(lambda pieces=pieces: pieces[0].mul_(2), 70)
        yield torch.autograd.grad(pieces[1].sum(), x)
    y = x * 1
    a, b = y.split(2)
    y.mul_(2)
    yield raised(lambda: a.grad_fn, 100), raised(lambda: a * 2, 60)
    y = x * 1
    a, b = y.split(2)
    with torch.no_grad():
        a.mul_(2)
    yield a, y, raised(lambda: b.grad_fn, 60)
    plain = torch.arange(4.0)
    c, d = plain.split(2)
    c.mul_(2)
    yield plain
    yield raised(lambda: c.mul_(x[:2]), 60)
    y = x * 1
    yield raised(lambda: y.split(2)[0][0:1].mul_(2), 60)
    for piece in torch.zeros(2, 2):
        piece.add_(1)
        yield piece


def made_without_grad(torch: Any) -> Iterator[Any]:
    x = torch.ones(4, requires_grad=True)
    y = x * 1
    with torch.no_grad():
        v = y[:2]
        leaf_view = x[:2]
    yield v.requires_grad, v.grad_fn, leaf_view.requires_grad
    yield raised(lambda: v.mul_(2), 88)
    yield raised(lambda: leaf_view.mul_(2), 60)
    with torch.no_grad():
        v.mul_(2)
    yield y, raised(lambda: v.grad_fn, 60)
    with torch.no_grad():
        leaf_view.add_(1)
        x.add_(1)
    yield x, raised(lambda: leaf_view.grad_fn, 60), leaf_view.requires_grad
    base = torch.zeros(4)
    with torch.no_grad():
        v = base[:2]
    yield raised(lambda: v.add_(1)), raised(lambda: v.add_(x[:2]), 60)
    with torch.no_grad():
        whole = torch.zeros(2)
        part = whole[:1]
    part.add_(1)
    yield whole


def view_of_leaf_set_later(torch: Any) -> Iterator[Any]:
    base = torch.ones(4)
    v = base[:2]
    base.requires_grad_()
    yield v.requires_grad, v.grad_fn is None, v.is_leaf
    yield raised(lambda: v.add_(1))
    v = torch.ones(4)[:2].requires_grad_()
    yield v.is_leaf, v._is_view()
    (v * 2).sum().backward()
    yield v.grad
    yield raised(lambda: v.add_(1))
    w = torch.ones(4)
    part = w[:2]
    part.requires_grad_()
    w.add_(1)
    yield part, part.requires_grad, raised(lambda: (part * 2).sum().backward())


def overlapping(torch: Any) -> Iterator[Any]:
    x = torch.ones(3, requires_grad=True)
    y = x * 1
    yield raised(lambda: y.expand(2, 3).add_(1))
    yield torch.autograd.grad((x.expand(2, 3) * torch.arange(6.0).view(2, 3)).sum(), x)
    z = x.as_strided((2, 2), (1, 1))
    yield z, torch.autograd.grad((z * torch.arange(4.0).view(2, 2)).sum(), x)
    w = torch.ones(4, requires_grad=True)
    yield torch.autograd.grad(w.unfold(0, 2, 1).pow(2).sum(), w)


def complex_parts(torch: Any) -> Iterator[Any]:
    z = torch.tensor([1 + 2j, 3 - 1j], requires_grad=True)
    y = z * 1
    torch.view_as_real(y)[:, 0].mul_(2)
    yield y, torch.autograd.grad((y.abs() ** 2).sum(), z)
    y = z * 1
    y.real.add_(z.imag)
    yield y, torch.autograd.grad(y.real.sum(), z)
    r = torch.ones(2, 2, requires_grad=True)
    y = r * 1
    torch.view_as_complex(y).mul_(2j)
    yield y, torch.autograd.grad((y * y).sum(), r)


def aliases_of_outputs(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, 2, requires_grad=True)
    y = x.exp()
    v = y[0]
    v.add_(1)
    yield raised(lambda: y.sum().backward(), 60)
    y = x.exp()
    flat = y.view(4)
    y.add_(1)
    yield raised(lambda: flat.sum().backward(), 60)
    y = x + 1
    flat = y.view(-1)
    flat.relu_()
    yield y.grad_fn.name(), flat.grad_fn.name()
    y.sum().backward()
    yield x.grad
