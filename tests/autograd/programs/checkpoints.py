"""torch.utils.checkpoint: recomputation, its switches and its complaints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..outcome import raised, warned


def _layers(torch: Any) -> Any:
    torch.manual_seed(1)
    return torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2), torch.nn.Tanh()
    )


def both_kinds(torch: Any) -> Iterator[Any]:
    from importlib import import_module

    cp = import_module(f"{torch.__name__}.utils.checkpoint")
    for reentrant in (True, False):
        net, runs = _layers(torch), []
        x = torch.linspace(-1, 1, 6).view(2, 3).requires_grad_()

        def run(t: Any, net: Any = net, runs: Any = runs) -> Any:
            runs.append(torch.is_grad_enabled())
            return net(t)

        y = cp.checkpoint(run, x, use_reentrant=reentrant)
        yield y.grad_fn.name() if reentrant else type(y.grad_fn).__name__, runs
        y.sum().backward()
        yield runs, x.grad, [p.grad for p in net.parameters()]
        x.grad = None
        net(x).sum().backward()
        yield x.grad


def without_input_gradient(torch: Any) -> Iterator[Any]:
    from importlib import import_module

    cp = import_module(f"{torch.__name__}.utils.checkpoint")
    net = _layers(torch)
    x = torch.ones(2, 3)
    yield warned(lambda: cp.checkpoint(net, x, use_reentrant=True).requires_grad, 60)
    out = cp.checkpoint(net, x, use_reentrant=False)
    out.sum().backward()
    yield [p.grad is not None for p in net.parameters()]
    yield [
        w[1][:60]
        for w in [warned(lambda: cp.checkpoint(lambda t: t * 2, x, use_reentrant=None))]
        for w in [w]
    ]


def warning_when_unset(torch: Any) -> Iterator[Any]:
    from importlib import import_module

    cp = import_module(f"{torch.__name__}.utils.checkpoint")
    x = torch.ones(2, requires_grad=True)
    yield warned(lambda: cp.checkpoint(lambda t: t * 2, x), 60)
    yield raised(
        lambda: cp.checkpoint(lambda t: t * 2, x, use_reentrant=True, unknown=1)
    )
    yield raised(
        lambda: cp.checkpoint(lambda t: t * 2, x, use_reentrant=False, unknown=1), 0
    )
    yield raised(
        lambda: cp.checkpoint(
            lambda t: t * 2, x, use_reentrant=True, determinism_check="none", debug=True
        )
    )


def arguments(torch: Any) -> Iterator[Any]:
    from importlib import import_module

    cp = import_module(f"{torch.__name__}.utils.checkpoint")
    a, b = torch.ones(2, requires_grad=True), torch.full((2,), 3.0, requires_grad=True)
    for reentrant in (True, False):
        out = cp.checkpoint(
            lambda t, k, u, n=None: (t * k * u, n, u + 1),
            a,
            2.0,
            b,
            "text",
            use_reentrant=reentrant,
        )
        yield out[1], out[0].requires_grad
        (out[0] * out[2]).sum().backward()
        yield a.grad, b.grad
        a.grad = b.grad = None
    out = cp.checkpoint(lambda t, scale: t * scale, a, use_reentrant=False, scale=b)
    out.sum().backward()
    yield a.grad, b.grad
    nested = cp.checkpoint(lambda d: d["x"] * 2, {"x": a}, use_reentrant=False)
    yield torch.autograd.grad(nested.sum(), a)
    with torch.no_grad():
        yield cp.checkpoint(lambda t: t * 2, a, use_reentrant=False).requires_grad
    y = cp.checkpoint(lambda t: t.exp(), a, use_reentrant=True)
    yield raised(lambda: torch.autograd.grad(y.sum(), a))


def random_state(torch: Any) -> Iterator[Any]:
    from importlib import import_module

    cp = import_module(f"{torch.__name__}.utils.checkpoint")
    x = torch.ones(8, requires_grad=True)
    for reentrant in (True, False):
        torch.manual_seed(3)
        y = cp.checkpoint(
            lambda t: t * (torch.rand(8) > 0.5), x, use_reentrant=reentrant
        )
        after = torch.rand(1)
        y.sum().backward()
        yield bool((x.grad == y.detach()).all()), y.detach(), after, torch.rand(1)
        x.grad = None
        y = cp.checkpoint(
            lambda t: t * torch.rand(8),
            x,
            use_reentrant=reentrant,
            preserve_rng_state=False,
        )
        y.sum().backward()
        yield bool((x.grad == y.detach()).all())
        x.grad = None


def second_order_and_twice(torch: Any) -> Iterator[Any]:
    from importlib import import_module

    cp = import_module(f"{torch.__name__}.utils.checkpoint")
    x = torch.tensor([0.5, 2.0], requires_grad=True)
    y = cp.checkpoint(lambda t: t.exp() * t, x, use_reentrant=False)
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    yield g, torch.autograd.grad(g.sum(), x)
    y = cp.checkpoint(lambda t: t.exp() * t, x, use_reentrant=False)
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    yield x.grad, raised(lambda: y.sum().backward())
    outer = cp.checkpoint(
        lambda t: cp.checkpoint(lambda u: u.exp(), t, use_reentrant=False) * t,
        x,
        use_reentrant=False,
    )
    yield torch.autograd.grad(outer.sum(), x)
    inner = cp.checkpoint(
        lambda t: cp.checkpoint(lambda u: u.exp(), t, use_reentrant=True) * t,
        x,
        use_reentrant=True,
    )
    inner.sum().backward()
    yield x.grad


def changed_on_recomputation(torch: Any) -> Iterator[Any]:
    from importlib import import_module

    cp = import_module(f"{torch.__name__}.utils.checkpoint")
    x = torch.ones(2, requires_grad=True)
    calls = [0]

    def shrinking(t: Any) -> Any:
        calls[0] += 1
        return t.exp() if calls[0] == 1 else t * 2 * 3

    def reshaping(t: Any) -> Any:
        calls[0] += 1
        return (t.exp() if calls[0] == 1 else t[:1].exp()).sum()

    def saving_less(t: Any) -> Any:
        calls[0] += 1
        return t.exp().sin() if calls[0] == 1 else t.exp()

    for f in (shrinking, reshaping, saving_less):
        calls[0] = 0
        y = cp.checkpoint(f, x, use_reentrant=False)
        name, text = raised(lambda y=y: y.sum().backward(), 60)[:2]
        yield name, text


def in_sequence(torch: Any) -> Iterator[Any]:
    from importlib import import_module

    cp = import_module(f"{torch.__name__}.utils.checkpoint")
    net = _layers(torch)
    x = torch.linspace(-1, 1, 6).view(2, 3).requires_grad_()
    for segments in (1, 2, 3):
        for reentrant in (True, False):
            y = cp.checkpoint_sequential(net, segments, x, use_reentrant=reentrant)
            y.sum().backward()
            yield y, x.grad, net[0].weight.grad
            x.grad = None
            net.zero_grad()
    yield cp.checkpoint_sequential(list(net), 2, x, use_reentrant=False)
    yield raised(lambda: cp.checkpoint_sequential(net, chunks=2, input=x), 110)
    yield warned(lambda: cp.checkpoint_sequential(net, 2, x).detach(), 60)
