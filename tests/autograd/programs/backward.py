"""backward() and grad(): arguments, graphs kept and freed, higher derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..outcome import raised, warned


def arguments(torch: Any) -> Iterator[Any]:
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * x
    yield raised(lambda: y.backward())
    yield raised(lambda: y.backward(torch.ones(2)), 110)
    yield raised(lambda: y.backward([1.0]))
    yield raised(lambda: torch.ones(1).backward(), 80)
    yield raised(lambda: torch.autograd.backward([y, y], [torch.ones(3)]))
    yield raised(lambda: torch.autograd.backward([y], "x"))
    yield raised(lambda: torch.autograd.backward([y], inputs=[]))
    yield raised(lambda: y.backward(torch.ones(3), inputs=[torch.ones(2)]))
    y.backward(torch.tensor([1.0, 0.5, 0.0]), retain_graph=True)
    yield x.grad
    y.backward(torch.ones(3), retain_graph=True)
    yield x.grad
    torch.autograd.backward([y.sum(), (x * 2).sum()])
    yield x.grad
    torch.autograd.backward((x * 2), torch.ones(3))
    torch.autograd.backward([x.sum(), x * 3], [None, torch.ones(3)])
    yield x.grad
    yield raised(lambda: torch.autograd.backward([x.sum(), x * 3], [None, None]))
    x.backward(torch.ones(3))
    yield x.grad
    s = torch.tensor(2.0, requires_grad=True)
    s.backward()
    s.backward(torch.tensor(3.0))
    yield s.grad
    one = torch.ones(1, 1, requires_grad=True)
    (one * 3).backward()
    yield one.grad


def former_arguments(torch: Any) -> Iterator[Any]:
    x, one = torch.ones(2, requires_grad=True), torch.ones(2)
    backward, grad = torch.autograd.backward, torch.autograd.grad
    yield warned(lambda: backward(x * 2, grad_variables=one)), x.grad
    yield raised(lambda: backward(x * 2, one, grad_variables=one))
    yield warned(lambda: grad(x.sum(), x, only_inputs=False))


def two_vectors(torch: Any) -> Iterator[Any]:
    a = torch.tensor([2.0, 3.0], requires_grad=True)
    b = torch.tensor([6.0, 4.0], requires_grad=True)
    q = 3 * a**3 - b**2
    q.backward(gradient=torch.tensor([1.0, 1.0]))
    yield 9 * a**2 == a.grad, -2 * b == b.grad


def twice(torch: Any) -> Iterator[Any]:
    x = torch.tensor(2.0, requires_grad=True)
    y = x**2
    y.backward()
    yield raised(lambda: y.backward(), 120)
    yield raised(lambda: y.backward(retain_graph=True), 120)
    z = x + 1
    z.backward()
    z.backward()
    yield x.grad  # nothing was saved, so nothing is missing
    for f in (
        lambda t: t * 2, lambda t: 2 * t, lambda t: t / 2, lambda t: t.clone().mul_(2), lambda t: -t, lambda t: t - 1,
        lambda t: torch.lerp(t, t.detach(), 0.5), lambda t: torch.fmod(t, 2), lambda t: t % 2, lambda t: t * 1j,
    ):  # fmt: skip
        v = x.detach().requires_grad_()
        w = f(v)
        w.backward(torch.ones_like(w), retain_graph=True)
        w.backward(torch.ones_like(w))
        yield v.grad, raised(lambda w=w: w.backward(torch.ones_like(w)))
    shared = x.exp()
    (shared * 2).backward()
    yield raised(lambda: (shared * 3).backward())
    kept = x * x
    kept.backward(retain_graph=True)
    kept.backward()
    yield x.grad, raised(lambda: kept.backward())
    w = x.sin()
    yield (
        torch.autograd.grad(w, x, retain_graph=True),
        torch.autograd.grad(w, x),
        raised(lambda: w.backward()),
    )
    node = x.exp().grad_fn
    yield raised(lambda: node._saved_result)


def grad_function(torch: Any) -> Iterator[Any]:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    w = torch.tensor(3.0, requires_grad=True)
    unused = torch.ones(2, requires_grad=True)
    y = x * w
    grad = torch.autograd.grad
    yield raised(lambda: grad(y, x))
    yield grad(y.sum(), x, retain_graph=True), grad(y.sum(), [x, w], retain_graph=True)
    yield grad(y, (x,), torch.tensor([1.0, 10.0]), retain_graph=True)
    yield grad([y.sum(), y.prod()], [w, x], retain_graph=True)
    yield raised(lambda: grad(y.sum(), unused, retain_graph=True), 90)
    yield grad(y.sum(), [unused, x], allow_unused=True, retain_graph=True)
    yield grad(y.sum(), [unused, x], materialize_grads=True, retain_graph=True)
    yield raised(lambda: grad(y.sum(), x, allow_unused=False, materialize_grads=True))
    yield raised(lambda: grad(y.sum(), torch.ones(2), retain_graph=True))
    yield raised(lambda: grad(torch.ones(1), x), 80)
    yield raised(lambda: grad(y.sum(), [], retain_graph=True))
    yield raised(lambda: grad(y.sum(), x, torch.ones(2), retain_graph=True), 110)
    yield raised(lambda: grad(y.sum(), 3, retain_graph=True), 0)
    yield x.grad, w.grad
    yield (
        grad(x.sum(), x),
        grad(x, x, torch.ones(2)),
        grad(y, y, torch.ones(2), retain_graph=True),
    )
    z = y * y
    yield (
        grad(z.sum(), y, retain_graph=True),
        grad(z.sum(), [y, x, w], retain_graph=True),
        grad(z.sum(), [z, y]),
    )
    yield grad(
        outputs=[x.sum(), w], inputs=[x, w], grad_outputs=[None, torch.tensor(5.0)]
    )
    yield grad([x.sum()], [x, x])


def of_inputs_only(torch: Any) -> Iterator[Any]:
    x, w = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    h = x * 2
    y = (h * w).sum()
    y.backward(inputs=[w], retain_graph=True)
    yield x.grad, w.grad
    y.backward(inputs=x, retain_graph=True)
    yield x.grad, w.grad
    y.backward(inputs=[h], retain_graph=True)
    yield x.grad, h.grad, h.retains_grad
    y.backward(inputs=[h, w])
    yield h.grad, w.grad


def second_order(torch: Any) -> Iterator[Any]:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x**3).sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    yield g, g.grad_fn.name()
    (h,) = torch.autograd.grad(g.sum(), x, create_graph=True)
    (t,) = torch.autograd.grad(h.sum(), x, create_graph=True)
    yield h, t, torch.autograd.grad(t.sum(), x, allow_unused=True)
    x.grad = None
    y = (x**2).sum()
    yield warned(lambda: y.backward(create_graph=True), 60)
    yield x.grad
    x.grad.sum().backward()
    yield x.grad
    x.grad = None
    a = torch.tensor(2.0, requires_grad=True)
    out = a.exp() * a.sin()
    for _ in range(4):
        (out,) = torch.autograd.grad(out, a, create_graph=True)
        yield out
    penalty = torch.tensor([3.0, 4.0], requires_grad=True)
    loss = (penalty**2).sum()
    (gp,) = torch.autograd.grad(loss, penalty, create_graph=True)
    ((gp.norm() - 1) ** 2).backward()
    yield penalty.grad


def second_order_of_many(torch: Any) -> Iterator[Any]:
    x = torch.tensor([[0.3, -0.4], [0.5, 0.9]], requires_grad=True)
    v = torch.tensor([[1.0, 2.0], [-1.0, 0.5]])
    for f in (
        lambda t: t.exp(), lambda t: t.tanh(), lambda t: t.sigmoid(), lambda t: t @ t, lambda t: t.softmax(1),
        lambda t: t.log_softmax(0), lambda t: t.prod(1), lambda t: t.cumsum(0), lambda t: t[0] * t[:, 1],
        lambda t: t.view(4).pow(3), lambda t: t.t() * t, lambda t: (t * t).mean(0), lambda t: t.norm(),
        lambda t: torch.cat([t, t * t]), lambda t: t.expand(2, 2, 2) ** 2, lambda t: t.var(0), lambda t: t.sqrt(),
        lambda t: torch.where(t > 0, t * t, t**3), lambda t: t.masked_fill(t > 0.4, 1.0) ** 2,
        lambda t: t.max(1)[0] ** 2, lambda t: t.sort(0)[0] ** 2, lambda t: 1 / t, lambda t: t / t.t(), lambda t: 2**t,
        lambda t: t.clone().mul_(t), lambda t: t.clone().exp_() * t, lambda t: t.clone().sigmoid_() + t,
    ):  # fmt: skip
        y = f(x)
        weight = v if y.shape == v.shape else torch.ones_like(y).detach()
        (g,) = torch.autograd.grad(y, x, weight, create_graph=True)
        yield g
        if not g.requires_grad:
            continue
        (h,) = torch.autograd.grad(g, x, v, allow_unused=True)
        yield None if h is None else h.tolist()


def gradient_of_gradient_output(torch: Any) -> Iterator[Any]:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    v = torch.tensor([3.0, 5.0], requires_grad=True)
    (g,) = torch.autograd.grad(x**2, x, v, create_graph=True)
    yield g, torch.autograd.grad(g.sum(), [x, v])
    (x**2).backward(v, create_graph=True)
    yield x.grad, x.grad.requires_grad
    x.grad.sum().backward()
    yield v.grad


def batched(torch: Any) -> Iterator[Any]:
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x**2
    (rows,) = torch.autograd.grad(y, x, torch.eye(3), is_grads_batched=True)
    yield rows


def edges(torch: Any) -> Iterator[Any]:
    graph = torch.autograd.graph
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    edge = graph.get_gradient_edge(y)
    yield edge.node is y.grad_fn, edge.output_nr, graph.get_gradient_edge(x).node.name()
    z = y.sum()
    yield torch.autograd.grad(z, edge, retain_graph=True)
    yield torch.autograd.grad(
        graph.get_gradient_edge(z), x, torch.tensor(2.0), retain_graph=True
    )
    torch.autograd.backward([graph.get_gradient_edge(z)], [torch.tensor(1.0)])
    yield x.grad, raised(lambda: graph.get_gradient_edge(torch.ones(1)))


def branches(torch: Any) -> Iterator[Any]:
    x = torch.tensor(1.5, requires_grad=True)
    y = x
    while y.data.norm() < 1000:
        y = y * 2
    y.backward()
    yield x.grad
    a = torch.tensor([1.0, -1.0], requires_grad=True)
    total = sum(v * v if v > 0 else v * 3 for v in a)
    total.backward()
    yield a.grad
    b = torch.ones(2, requires_grad=True)
    shared = b * 2
    (shared * shared + shared + shared.sum()).sum().backward()
    yield b.grad
    c = torch.ones(2, requires_grad=True)
    d = c
    for _ in range(50):
        d = d + d * 0.01
    d.sum().backward()
    yield c.grad


def order_of_execution(torch: Any) -> Iterator[Any]:
    x = torch.ones(1, requires_grad=True)
    order = []
    a = x * 1
    b = a * 2
    c = x * 3
    d = b + c
    for name, t in (("a", a), ("b", b), ("c", c), ("d", d)):
        t.register_hook(lambda g, name=name: order.append(name))
    d.backward()
    yield order


def broadcasting(torch: Any) -> Iterator[Any]:
    for shape in ((), (1,), (3,), (2, 1), (1, 3), (1, 1, 1), (4, 1, 3)):
        x = torch.full(shape, 2.0, requires_grad=True)
        other = torch.arange(6.0).view(2, 3).requires_grad_()
        (x * other).sum().backward()
        yield x.grad, other.grad
    empty = torch.ones(0, 3, requires_grad=True)
    row = torch.ones(3, requires_grad=True)
    (empty * row).sum().backward()
    yield empty.grad, row.grad
    e = torch.ones(0, requires_grad=True)
    e.sum().backward()
    yield e.grad, raised(lambda: (e * 2).backward())
    (e * 2).backward(torch.ones(0))
    yield e.grad


def linear_model(torch: Any) -> Iterator[Any]:
    x = torch.ones(5)
    w = torch.linspace(-1, 1, 15).view(5, 3).requires_grad_()
    b = torch.zeros(3, requires_grad=True)
    z = torch.matmul(x, w) + b
    loss = torch.nn.functional.binary_cross_entropy_with_logits(z, torch.zeros(3))
    loss.backward()
    yield z.grad_fn, loss.grad_fn, w.grad, b.grad
    w1, w2 = torch.ones(2, 3, requires_grad=True), torch.ones(1, 2, requires_grad=True)
    optimizer = torch.optim.SGD([w1, w2], lr=0.001)
    yield w1.grad
    for _ in range(10):
        out = torch.sigmoid(w2 @ torch.sigmoid(w1 @ torch.ones(3)))
        optimizer.zero_grad()
        out.backward()
        optimizer.step()
    yield w1, w2
