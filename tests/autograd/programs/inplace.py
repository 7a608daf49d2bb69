"""Writing in place: versions, what is refused, and the history of what was written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..outcome import raised


def versions(torch: Any) -> Iterator[Any]:
    x = torch.zeros(4)
    v, d = x[:2], x.detach()
    yield x._version
    x.add_(1)
    yield x._version, v._version, d._version
    v.mul_(2)
    d.zero_()
    x[0] = 5
    yield x._version, v._version, d._version
    x.data.add_(1)
    yield x._version
    with torch.no_grad():
        x.add_(1)
    x.copy_(torch.ones(4))
    yield x._version
    torch.add(x, 1, out=x)
    yield x._version
    y = x
    y += 1
    yield x._version, x.clone()._version, x.view(2, 2)._version
    x.fill_(1).sub_(1).exp_()
    yield x._version, x.requires_grad_()._version


def leaves_are_refused(torch: Any) -> Iterator[Any]:
    x = torch.ones(4, requires_grad=True)
    for f in (
        lambda: x.add_(1), lambda: x.zero_(), lambda: x.fill_(2), lambda: x.copy_(torch.ones(4)), lambda: x.exp_(),
        lambda: x.__setitem__(0, 1.0), lambda: x.__iadd__(1), lambda: x.normal_(), lambda: x.uniform_(),
    ):  # fmt: skip
        yield raised(f, 70)
    for f in (
        lambda: x[0].add_(1), lambda: x.view(2, 2).mul_(2), lambda: x[:2].zero_(), lambda: x.t().fill_(1),
        lambda: x[1:].copy_(torch.ones(3)), lambda: x.view(2, 2)[0].add_(1),
    ):  # fmt: skip
        yield raised(f, 70)
    yield raised(lambda: torch.add(x, 1, out=torch.ones(4)), 50)
    yield raised(lambda: torch.add(torch.ones(4), 1, out=x), 50)
    with torch.no_grad():
        x.add_(1)
        x[0] = 7.0
        x.view(2, 2).mul_(2)
    yield x, x.requires_grad, x.is_leaf, x._version
    x.detach().add_(1)
    x.data.add_(1)
    yield x, x._version
    (x * 2).sum().backward()
    yield x.grad


def saved_then_written(torch: Any) -> Iterator[Any]:
    w = torch.ones(2, requires_grad=True)
    x = torch.ones(2)
    y = w * x
    x.add_(1)
    yield raised(lambda: y.sum().backward(), 220)
    h = w * 2
    y = h.exp()
    y.mul_(2)
    yield raised(lambda: y.sum().backward(), 260)
    h = w * 2
    y = h * h
    h.add_(1)
    yield raised(lambda: y.sum().backward(), 260)
    h = (w * 2).view(2, 1)
    y = h.sigmoid()
    y += 1
    yield raised(lambda: y.sum().backward(), 150)
    h = w * 2
    y = h + 1  # addition keeps nothing
    h.add_(1)
    y.sum().backward()
    yield w.grad
    h = w * 2
    y = h.exp()
    h.add_(1)  # exp keeps its result, not its argument
    y.sum().backward()
    yield w.grad
    a, b = torch.ones(2, 2, requires_grad=True), torch.ones(2, 2, dtype=torch.float64)
    y = a.double() @ b
    b[0, 0] = 3
    yield raised(lambda: y.sum().backward(), 130)
    idx = torch.tensor([0, 1])
    y = w[idx]
    idx.add_(1)
    yield raised(lambda: y.sum().backward(), 120)
    with torch.no_grad():
        h = w.clone()
    y = w * h
    h.zero_()
    yield raised(lambda: y.sum().backward(), 100)
    y = w * w
    with torch.no_grad():
        w.add_(1)
    yield raised(lambda: y.sum().backward(), 120)
    y = w * x
    x.data.add_(1)  # not seen
    w.grad = None
    y.sum().backward()
    yield w.grad
    y = w * x
    x.detach().add_(1)
    yield raised(lambda: y.sum().backward(), 60)


def history(torch: Any) -> Iterator[Any]:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    before = y.grad_fn
    y.add_(3)
    yield (
        y.grad_fn.name(),
        y.grad_fn is before,
        y.grad_fn.next_functions[0][0] is before,
        y.output_nr,
    )
    y.mul_(x)
    yield y.grad_fn.name()
    y.sum().backward()
    yield x.grad
    fresh = torch.zeros(2)
    fresh.add_(x)
    yield fresh.requires_grad, fresh.is_leaf, fresh.grad_fn.name()
    fresh.copy_(x * 3)
    yield fresh.grad_fn.name()
    fresh.sum().backward()
    z = x.clone()
    z.copy_(torch.ones(2))
    yield z.grad_fn.name()
    z.sum().backward()
    yield x.grad
    z = x * 1
    z.zero_()
    yield z.grad_fn.name(), torch.autograd.grad(z.sum(), x)
    z = x.clone()
    z.fill_(3)
    yield z.grad_fn.name(), torch.autograd.grad(z.sum(), x)
    z = x.clone()
    z.add_(1).log_().sqrt_()
    yield torch.autograd.grad(z.sum(), x)
    z = x.clone()
    z.pow_(2).add_(z)
    yield z, torch.autograd.grad(z.sum(), x)
    z = x.clone()
    z.mul_(z)
    yield z, raised(lambda: torch.autograd.grad(z.sum(), x), 60)
    z = x.clone()
    z.masked_fill_(z > 1.5, 0.0)
    yield torch.autograd.grad((z * z).sum(), x)
    z = x.clone()
    z.clamp_(0, 1.5)
    yield torch.autograd.grad((z * z).sum(), x)
    z = torch.zeros(2, dtype=torch.float64)
    z += x
    yield z, torch.autograd.grad(z.sum(), x)


def items(torch: Any) -> Iterator[Any]:
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    z = torch.zeros(3)
    z[0] = x[0] * 2
    z[1:] = x[1:] * x[:2]
    yield z, z.grad_fn.name()
    z.sum().backward()
    yield x.grad
    y = x * 1
    y[0] = 10.0
    y[y > 2.5] = 0.0
    yield y, torch.autograd.grad((y * y).sum(), x)
    y = x * 1
    y[[0, 2]] = x[1] * 3
    yield y, y.grad_fn.name(), torch.autograd.grad((y * y).sum(), x)
    y = x * 1
    y[torch.tensor([0, 2])] += x[1]
    yield y, torch.autograd.grad((y * y).sum(), x)
    y = x * 1
    y[1] *= x[0]
    yield y, torch.autograd.grad((y * y).sum(), x)
    grid = torch.zeros(2, 3)
    for i in range(2):
        grid[i] = x * (i + 1)
        grid[i, 0] += 1
    yield grid, torch.autograd.grad((grid * grid).sum(), x)
    grid = x.expand(2, 3).clone()
    grid[:, 1] = grid[:, 0] * 2
    grid[..., 2] = grid.sum(1)
    yield grid, torch.autograd.grad((grid * grid).sum(), x)
    w = torch.ones(3)
    w[1] = x.sum()
    w[1] = 0.0
    yield w, torch.autograd.grad(w.sum(), x)
    whole = x * 1
    whole[...] = whole * 2
    whole[:] = (whole * 1) ** 2
    yield torch.autograd.grad(whole.sum(), x)


def recurrent_write(torch: Any) -> Iterator[Any]:
    w = torch.tensor([[0.5, -0.2], [0.1, 0.3]], requires_grad=True)
    states = torch.zeros(4, 2)
    states[0] = torch.ones(2)
    rows = [torch.ones(2)]
    for t in range(1, 4):
        rows.append(torch.tanh(rows[-1] @ w))
        states[t] = rows[-1]
    (states**2).sum().backward()
    yield w.grad, states.grad_fn.name()


def second_derivative(torch: Any) -> Iterator[Any]:
    x = torch.tensor([0.5, 2.0], requires_grad=True)

    def third(f: Any) -> Any:
        (g,) = torch.autograd.grad(f(x.clone()).sum(), x, create_graph=True)
        (h,) = torch.autograd.grad(g.sum(), x, create_graph=True)
        return g, h, torch.autograd.grad(h.sum() + x.sum(), x)[0]

    yield third(lambda y: y.exp_())
    yield third(lambda y: y.mul_(y.clone()))
    yield third(lambda y: y.mul_(x).mul_(x))
    yield third(lambda y: y.sigmoid_() * y)
    yield third(lambda y: y.pow_(3).div_(x))

    def on_view(write: Any) -> Any:
        def f(y: Any) -> Any:
            write(y[0:1])
            return y * x

        return third(f)

    yield on_view(lambda v: v.exp_())
    yield on_view(lambda v: v.mul_(x[1:]))
    yield on_view(lambda v: v.sigmoid_())
    yield on_view(lambda v: v.copy_(x[1:] ** 2))
    yield on_view(lambda v: v.mul_(v.clone()))


def detached_in_place(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    z = y * y
    y.detach_()
    yield raised(lambda: z.sum().backward(), 60)
    y = x * 2
    z = y + 1
    y.detach_()
    z.sum().backward()
    yield x.grad
    y = (x * 2).detach_()
    yield y.requires_grad_().is_leaf, (y * 2).grad_fn.next_functions[0][0].name()


def shapes(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, 3, requires_grad=True)
    y = x * 2
    y.t_()
    yield (
        y.shape,
        y.grad_fn.name().rstrip("0123456789"),
        torch.autograd.grad((y * torch.arange(6.0).view(3, 2)).sum(), x),
    )
    y = x * 2
    y.unsqueeze_(0).squeeze_(0)
    yield y.grad_fn.name().rstrip("0123456789"), torch.autograd.grad(y.sum(), x)
    y = x * 2
    y.transpose_(0, 1)
    yield y.shape, torch.autograd.grad((y**2).sum(), x)[0].tolist()
    yield raised(lambda: (x * 2).resize_(3))
    yield raised(lambda: x.t_())
    yield raised(lambda: (x * 2).add_(torch.ones(4)))
    yield raised(lambda: torch.ones(2, dtype=torch.int64).add_(x[0, :2]))
    yield raised(lambda: torch.ones(3).add_(torch.ones(2, 3, requires_grad=True)))
