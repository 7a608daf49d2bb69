"""Leaves, flags, graph nodes and where gradients accumulate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..outcome import raised, warned


def flags(torch: Any) -> Iterator[Any]:
    a, b = torch.ones(2), torch.ones(2, requires_grad=True)
    c = a * b
    for t in (
        a,
        b,
        c,
        a + 1,
        c.detach(),
        c.data,
        b.clone(),
        b.view(2),
        b.detach().requires_grad_(),
    ):
        yield (
            t.requires_grad,
            t.is_leaf,
            t.grad_fn,
            t.retains_grad,
            t.output_nr,
            t._version,
        )
    yield raised(lambda: setattr(c, "requires_grad", False), 120)
    yield raised(lambda: c.requires_grad_(False), 120)
    yield raised(lambda: c.requires_grad_(True))
    yield raised(lambda: setattr(a, "requires_grad", 1))
    yield raised(lambda: setattr(a, "requires_grad", None))
    yield raised(lambda: torch.ones(2, dtype=torch.int64, requires_grad=True), 40)
    yield raised(lambda: torch.ones(2, dtype=torch.int64).requires_grad_(), 20)
    yield raised(lambda: torch.tensor([1, 2], requires_grad=True), 20)
    yield raised(lambda: torch.tensor([True], requires_grad=True), 20)
    yield torch.ones(2, dtype=torch.complex64, requires_grad=True)
    yield torch.ones(2, dtype=torch.float16, requires_grad=True).requires_grad
    yield (
        a.requires_grad_() is a,
        a.requires_grad,
        a.requires_grad_(False).requires_grad,
    )
    d = torch.ones(2)
    d.requires_grad = True
    yield (d * 2).grad_fn, d


def node_names(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, 3, requires_grad=True)
    for f in (
        lambda: x + 1, lambda: 1 - x, lambda: x * x, lambda: x / 2, lambda: x**2, lambda: 2**x, lambda: -x,
        lambda: x.sum(), lambda: x.sum(0), lambda: x.mean(), lambda: x.mean(1), lambda: x.max(), lambda: x.max(0)[0],
        lambda: x.exp(), lambda: x.log(), lambda: x.sigmoid(), lambda: x.tanh(), lambda: x.relu(), lambda: x.abs(),
        lambda: x.t(), lambda: x.T, lambda: x.view(6), lambda: x.reshape(3, 2), lambda: x.permute(1, 0),
        lambda: x.transpose(0, 1), lambda: x[0], lambda: x[:, 1:], lambda: x[None], lambda: x[[0, 1]],
        lambda: x[x > 0], lambda: x.expand(2, 2, 3), lambda: x.unsqueeze(0), lambda: x.unsqueeze(0).squeeze(),
        lambda: x.mm(x.t()), lambda: x @ x.t(), lambda: x @ torch.ones(3), lambda: torch.cat([x, x]),
        lambda: torch.stack([x, x]), lambda: x.clone(), lambda: x.double(), lambda: x.softmax(1),
        lambda: x.log_softmax(1), lambda: torch.nn.functional.linear(x, torch.ones(4, 3), torch.ones(4)),
        lambda: torch.nn.functional.mse_loss(x, torch.zeros(2, 3)), lambda: x.norm(), lambda: x.prod(),
        lambda: x.sqrt(), lambda: x.clamp(0, 1), lambda: torch.where(x > 0, x, x), lambda: x.masked_fill(x > 0, 0.0),
        lambda: x.cumsum(0), lambda: x.std(), lambda: x.var(), lambda: x.flatten(), lambda: x.split(1)[0],
        lambda: x.chunk(2)[1], lambda: x.unbind()[0], lambda: x.repeat(2, 1), lambda: x.flip(0),
        lambda: x.index_select(0, torch.tensor([0])), lambda: x.gather(0, torch.tensor([[0, 0, 0]])),
        lambda: x.narrow(0, 0, 1), lambda: x.select(0, 0), lambda: x.diagonal(), lambda: x.sin(), lambda: x.cos(),
        lambda: torch.dot(x[0], x[1]), lambda: torch.bmm(x[None], x.t()[None]), lambda: torch.maximum(x, x),
        lambda: torch.addmm(torch.ones(2), x, x.t()[:, :2]), lambda: x.topk(1)[0], lambda: x.sort()[0],
        lambda: x.t().contiguous(), lambda: x.as_strided((2,), (1,)), lambda: x.square(),
        lambda: x.logsumexp(0), lambda: x.tril(), lambda: x.neg(), lambda: x.reciprocal(), lambda: x.rsqrt(),
    ):  # fmt: skip
        out = f()
        yield type(out.grad_fn).__name__, out.grad_fn.name(), out.output_nr


def walk(torch: Any) -> Iterator[Any]:
    w = torch.ones(2, 2, requires_grad=True)
    b = torch.zeros(2, requires_grad=True)
    loss = torch.nn.functional.mse_loss(
        torch.nn.functional.linear(torch.ones(1, 2), w, b), torch.zeros(1, 2)
    )
    node = loss.grad_fn
    while node is not None:
        yield (
            node.name(),
            [(n.name() if n else None, i) for n, i in node.next_functions],
        )
        node = node.next_functions[0][0] if node.next_functions else None
    leaf = (w * 2).grad_fn.next_functions[0][0]
    yield (
        leaf.name(),
        leaf.variable is w,
        leaf.next_functions,
        repr(leaf).partition(" at ")[0],
    )
    yield (
        repr(loss.grad_fn).partition(" at ")[0],
        loss.grad_fn is loss.grad_fn,
        str(loss.grad_fn)[:25],
    )
    first, second = (w * 1).grad_fn, (w * 1).grad_fn
    yield (
        first.next_functions[0][0] is second.next_functions[0][0],
        isinstance(first, torch.autograd.graph.Node),
    )
    yield raised(lambda: loss.grad_fn.nothing)
    yield isinstance(loss.grad_fn.metadata, dict), loss.grad_fn._sequence_nr() > 0
    a, c = torch.ones(4, requires_grad=True).split(2)
    yield (
        a.output_nr,
        c.output_nr,
        a.grad_fn is c.grad_fn,
        c.grad_fn.next_functions[0][1],
    )
    yield (a * c).grad_fn.next_functions[1][1]
    yield (
        isinstance(loss.grad_fn, torch.autograd.graph.Node),
        isinstance(loss, torch.autograd.graph.Node),
    )


def accumulation(torch: Any) -> Iterator[Any]:
    x = torch.tensor([2.0], requires_grad=True)
    yield x.grad
    for _ in range(3):
        (x**2).backward()
        yield x.grad
    kept = x.grad
    (x**2).backward()
    yield kept is x.grad, kept, kept._version
    x.grad = None
    (x**2).backward()
    yield kept is x.grad, x.grad, x.grad.requires_grad, x.grad.grad_fn
    x.grad.zero_()
    x.grad.data.zero_()
    (x**3).backward(create_graph=True)
    yield x.grad
    del x.grad
    yield x.grad


def incoming_gradient_is_not_shared(torch: Any) -> Iterator[Any]:
    x, y = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    g = torch.ones(3)
    (x + y).backward(g)
    yield x.grad.data_ptr() == y.grad.data_ptr(), x.grad.data_ptr() == g.data_ptr()
    x.grad.add_(1)
    yield g, x.grad, y.grad
    z = torch.ones(3, requires_grad=True)
    z.sum().backward()
    yield z.grad  # of an expanded gradient
    z.backward(g)
    yield z.grad, g


def layout(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, 3).t().requires_grad_()
    (x * 2).sum().backward()
    yield x.grad
    w = torch.ones(2, 3, 2, 2).to(memory_format=torch.channels_last).requires_grad_()
    (w.contiguous() * 2).sum().backward()
    yield w.grad.stride()
    e = torch.ones(3).expand(2, 3).detach().requires_grad_()
    (e * 2).sum().backward()
    yield e.grad
    v = torch.ones(2, 3, requires_grad=True)
    v.t().backward(torch.ones(3, 2))
    yield v.grad
    v.backward(torch.ones(3, 2).t())
    yield v.grad


def assign(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, requires_grad=True)
    g = torch.ones(2)
    x.grad = g
    yield x.grad is g
    x.sum().backward()
    yield g, x.grad is g
    yield raised(lambda: setattr(x, "grad", torch.ones(3)))
    yield raised(lambda: setattr(x, "grad", torch.ones(2).double()))
    yield raised(lambda: setattr(x, "grad", x))
    yield raised(lambda: setattr(x, "grad", 3))
    yield raised(lambda: setattr(x, "grad", [1.0, 1.0]))
    x.grad = None
    yield x.grad
    plain = torch.ones(2)
    plain.grad = torch.ones(2)
    yield plain.grad


def non_leaf_grad(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    z = y * 3
    y.retain_grad()
    y.retain_grad()
    yield y.retains_grad, z.retains_grad, x.retains_grad
    z.sum().backward()
    yield warned(lambda: y.grad), warned(lambda: z.grad), warned(lambda: x.grad)
    x.retain_grad()
    yield x.retains_grad, raised(lambda: torch.ones(2).retain_grad())
    y = x * 2
    y.retain_grad()
    y.sum().backward()
    y2 = x * 2
    y2.retain_grad()
    (y2 * 2).sum().backward(retain_graph=True)
    (y2 * 2).sum().backward()
    yield y2.grad


def variable(torch: Any) -> Iterator[Any]:
    from_module = torch.autograd.Variable(torch.ones(2), requires_grad=True)
    yield (
        from_module,
        isinstance(from_module, torch.autograd.Variable),
        isinstance(torch.ones(1), torch.autograd.Variable),
    )
    yield from_module.is_leaf, isinstance(3, torch.autograd.Variable)
    x = torch.ones(2)
    v = torch.autograd.Variable(x)
    v.add_(1)
    yield x, type(v)
    temp = torch.autograd.Variable(torch.ones(2, 2), requires_grad=True)
    y = (torch.autograd.Variable(torch.ones(2, 2)) + temp + 2).mean()
    y.backward()
    yield temp.grad, y


def detached(torch: Any) -> Iterator[Any]:
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    d = y.detach()
    yield (
        d.requires_grad,
        d.grad_fn,
        d.is_leaf,
        d.data_ptr() == y.data_ptr(),
        d._is_view(),
        d._base,
    )
    d.add_(1)
    yield y._version, d._version, y
    data = y.data
    data.mul_(2)
    yield y._version, data._version, y
    yield y.detach_() is y, y.requires_grad, y.grad_fn, y.is_leaf
    v = (x * 2)[0:1]
    yield raised(lambda: v.detach_()), v.detach().requires_grad
    leaf = torch.ones(2, requires_grad=True)
    leaf.detach_()
    yield leaf.requires_grad
    p = torch.ones(2, requires_grad=True)
    p.data = torch.zeros(3)
    yield p, p._version
    p.data.fill_(5.0)
    (p * 2).sum().backward()
    yield p.grad, p._version
    yield raised(lambda: setattr(p, "data", 3))
    yield raised(lambda: setattr(p, "data", torch.zeros(3, dtype=torch.int64)))
    with torch.no_grad():
        p.set_(torch.ones(2)) if hasattr(p, "set_") else None
    yield torch.ones(2)._version


def copies(torch: Any) -> Iterator[Any]:
    import copy

    x = torch.ones(2, requires_grad=True)
    x.grad = torch.ones(2)
    y = copy.deepcopy(x)
    yield y, y.grad, y.is_leaf
    yield raised(lambda: copy.deepcopy(x * 2))
    z = torch.tensor(x)
    yield z.requires_grad, z.is_leaf
    yield x.new_tensor([1.0]).requires_grad, torch.zeros_like(x).requires_grad
    yield torch.zeros_like(x, requires_grad=True).requires_grad
    yield raised(lambda: x.numpy()), raised(lambda: (x * 1).numpy())
    yield (x * 2).tolist(), float((x * 2)[0])
