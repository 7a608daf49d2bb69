"""Hooks on tensors, on accumulation and on graph nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..outcome import raised


def order_and_removal(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    seen = []
    handles = [
        t.register_hook(lambda g, n=n: seen.append(n))
        for n, t in enumerate((y, y, x, y, x))
    ]
    y.sum().backward(retain_graph=True)
    yield seen
    handles[1].remove()
    handles[1].remove()
    handles[2].remove()
    seen.clear()
    y.sum().backward(retain_graph=True)
    yield seen, x.grad
    with y.register_hook(lambda g: seen.append("with")):
        y.sum().backward(retain_graph=True)
    y.sum().backward()
    yield seen, isinstance(handles[0].id, int)


def replacement(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: g * 10)
    y.register_hook(lambda g: g + 1)
    y.register_hook(lambda g: None)
    x.register_hook(lambda g: -g)
    y.retain_grad()
    y.sum().backward()
    yield x.grad, y.grad
    z = x * 1
    z.register_hook(lambda g: 3)
    yield raised(lambda: z.sum().backward(), 15)
    z = x * 1
    z.register_hook(lambda g: torch.ones(3))
    yield raised(lambda: z.sum().backward())
    z = x * 1
    z.register_hook(lambda g: g.double())
    yield raised(lambda: z.sum().backward())
    yield raised(lambda: torch.ones(2).register_hook(print))
    z = x * 1
    z.register_hook(lambda g: 1 / 0)
    yield raised(lambda: z.sum().backward())
    z = x * 1
    z.register_hook(lambda g: g.clone().mul_(5))
    z.sum().backward()
    yield x.grad


def hooks_see_grad_mode(torch: Any) -> Iterator[Any]:
    x = torch.tensor(2.0, requires_grad=True)
    modes = []
    y = x**2
    y.register_hook(lambda g: modes.append((torch.is_grad_enabled(), g.requires_grad)))
    x.register_hook(lambda g: modes.append((torch.is_grad_enabled(), g.requires_grad)))
    y.backward(retain_graph=True)
    torch.autograd.grad(y, x, create_graph=True)
    yield modes
    y = x**3
    y.register_hook(lambda g: g * x)
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    yield g, torch.autograd.grad(g, x)


def of_captured_tensors(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    z = y * 3
    seen = []
    y.register_hook(lambda g: (seen.append("y"), g * 10)[1])
    x.register_hook(lambda g: (seen.append("x"), g * 100)[1])
    yield torch.autograd.grad(z.sum(), y, retain_graph=True), list(seen)
    seen.clear()
    yield torch.autograd.grad(z.sum(), x, retain_graph=True), list(seen)
    seen.clear()
    yield torch.autograd.grad(z.sum(), [x, y], retain_graph=True), list(seen)
    seen.clear()
    z.sum().backward(inputs=[x], retain_graph=True)
    yield x.grad, list(seen)
    seen.clear()
    yield torch.autograd.grad(z.sum(), [z, x], retain_graph=True), list(seen)


def before_and_after_inplace(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    seen = []
    y.register_hook(lambda g: seen.append(("before", g.tolist())))
    y.mul_(3)
    y.register_hook(lambda g: seen.append(("after", g.tolist())))
    (y * 5).sum().backward()
    yield seen, x.grad
    y = x * 2
    y.retain_grad()
    y.mul_(3)
    (y * 5).sum().backward()
    yield y.grad, y.retains_grad
    y = x * 2
    y.retain_grad()
    v = y[0:1]
    v.mul_(3)
    (y * 5).sum().backward()
    yield y.grad
    y = x * 2
    v = y[0:1]
    v.retain_grad()
    y.mul_(3)
    (v * 5).sum().backward()
    yield v.grad, x.grad
    y = x * 2
    y.register_hook(lambda g: g * 0)
    y.mul_(2)
    y.sum().backward()
    yield x.grad


def after_accumulation(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, requires_grad=True)
    seen = []
    handle = x.register_post_accumulate_grad_hook(
        lambda t: seen.append((t is x, t.grad.tolist()))
    )
    x.register_post_accumulate_grad_hook(lambda t: seen.append("second"))
    x.register_hook(lambda g: seen.append("tensor"))
    (x * 2).sum().backward()
    (x * 3).sum().backward()
    yield seen
    handle.remove()
    seen.clear()
    (x * 3).sum().backward()
    yield seen
    seen.clear()
    torch.autograd.grad((x * 3).sum(), x)
    yield seen
    yield raised(lambda: (x * 2).register_post_accumulate_grad_hook(print))
    yield raised(lambda: torch.ones(1).register_post_accumulate_grad_hook(print))
    w = torch.ones(2, requires_grad=True)

    def step(t: Any) -> None:
        with torch.no_grad():
            t -= 0.1 * t.grad
        t.grad = None

    w.register_post_accumulate_grad_hook(step)
    (w * w).sum().backward()
    yield w, w.grad


def of_nodes(torch: Any) -> Iterator[Any]:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    seen = []
    node = y.grad_fn
    node.register_hook(lambda gi, go: seen.append(("post", gi, go)))
    before = node.register_prehook(lambda go: seen.append(("pre", go)))
    y.sum().backward(retain_graph=True)
    yield seen
    before.remove()
    seen.clear()
    y.sum().backward(retain_graph=True)
    yield seen
    changing = node.register_prehook(lambda go: (go[0] * 10,))
    x.grad = None
    y.sum().backward(retain_graph=True)
    yield x.grad
    changing.remove()
    node.register_hook(lambda gi, go: (gi[0] * 100, None))
    x.grad = None
    y.sum().backward(retain_graph=True)
    yield x.grad
    node.register_hook(lambda gi, go: (gi[0],))
    yield raised(lambda: y.sum().backward(retain_graph=True))
    accumulator = (x * 1).grad_fn.next_functions[0][0]
    z = x * 3
    calls = []
    accumulator.register_prehook(lambda go: calls.append(("pre", go)))
    accumulator.register_hook(
        lambda gi, go: calls.append(("post", gi, go, x.grad is not None))
    )
    x.grad = None
    z.sum().backward()
    yield calls


def of_nodes_that_broadcast(torch: Any) -> Iterator[Any]:
    x = torch.ones(3, 1, requires_grad=True)
    y = torch.ones(4, dtype=torch.float64, requires_grad=True)
    bias = torch.ones(2, requires_grad=True)
    for z in (x * y, torch.addmm(bias, torch.ones(3, 2), torch.ones(2, 2))):
        seen = []
        z.grad_fn.register_hook(lambda gi, go, seen=seen: seen.append((gi, go)))
        z.sum().backward()
        yield seen
    z = x + y
    z.grad_fn.register_hook(lambda gi, go: (gi[0].sum(), gi[1]))
    yield raised(lambda: z.sum().backward(), 0)


def all_kinds_in_order(torch: Any) -> Iterator[Any]:
    x = torch.ones(1, requires_grad=True)
    y = x * 2
    seen = []
    y.grad_fn.register_hook(lambda *a: seen.append("node post"))
    y.grad_fn.register_prehook(lambda *a: seen.append("node pre"))
    y.retain_grad()
    y.register_hook(lambda g: seen.append(("tensor", y.grad is None)))
    y.grad_fn.register_prehook(lambda *a: seen.append(("node pre 2", y.grad is None)))
    accumulator = y.grad_fn.next_functions[0][0]
    accumulator.register_prehook(lambda *a: seen.append("leaf pre"))
    accumulator.register_hook(lambda *a: seen.append("leaf post"))
    x.register_hook(lambda g: seen.append("leaf tensor"))
    x.register_post_accumulate_grad_hook(lambda t: seen.append("leaf accumulated"))
    y.backward()
    yield seen


def several_outputs(torch: Any) -> Iterator[Any]:
    x = torch.arange(4.0, requires_grad=True)
    a, b = x.split(2)
    seen = []
    a.register_hook(lambda g: seen.append(("a", g)))
    b.register_hook(lambda g: seen.append(("b", g)))
    a.grad_fn.register_prehook(lambda gs: seen.append([g is None for g in gs]))
    (a * 3).sum().backward(retain_graph=True)
    yield seen, x.grad
    seen.clear()
    (a * b).sum().backward()
    yield seen


def multi_grad(torch: Any) -> Iterator[Any]:
    a, b, c = (torch.ones(1, requires_grad=True) for _ in range(3))
    seen = []
    handle = torch.autograd.graph.register_multi_grad_hook(
        (a, b, c), lambda gs: seen.append([g is None for g in gs])
    )
    (a * b).sum().backward()
    (a * b * c).sum().backward()
    yield seen
    handle.remove()
    (a * b).sum().backward()
    yield len(seen)
    torch.autograd.graph.register_multi_grad_hook(
        (a, b), lambda g: seen.append(g), mode="any"
    )
    (a * b).sum().backward()
    yield seen[2:]


def hooks_added_by_hooks(torch: Any) -> Iterator[Any]:
    x = torch.ones(1, requires_grad=True)
    seen = []

    def add(g: Any) -> None:
        seen.append("first")
        x.register_hook(lambda g: seen.append("added"))

    handle = x.register_hook(add)
    (x * 2).backward()
    handle.remove()
    (x * 2).backward()
    yield seen
    y = x * 2
    own = y.register_hook(lambda g: (seen.append("once"), own.remove())[0])
    (y * 1).backward(retain_graph=True)
    (y * 1).backward()
    yield seen


def callbacks_at_the_end(torch: Any) -> Iterator[Any]:
    x = torch.ones(1, requires_grad=True)
    seen = []
    engine = torch.autograd.Variable._execution_engine
    x.register_hook(
        lambda g: engine.queue_callback(lambda: seen.append(("end", x.grad)))
    )
    (x * 2).backward()
    yield seen, raised(lambda: engine.queue_callback(print))


def backward_within_hooks(torch: Any) -> Iterator[Any]:
    x = torch.ones(1, requires_grad=True)
    w = torch.ones(1, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: torch.enable_grad()(lambda: (w * 3).backward())())
    (y * 1).backward()
    yield x.grad, w.grad
