"""``out=``: dtypes that fit, that are cast to, that are refused; sizes; what factories follow."""

from __future__ import annotations

from autograd.outcome import raised


def _calls(t, dtype, out):
    x = t.ones(2, dtype=dtype)
    m, b = t.ones(2, 2, dtype=dtype), t.ones(1, 2, 2, dtype=dtype)
    i = t.tensor([0])
    return {
        "mm": lambda: t.mm(m, m, out=out(2, 2)),
        "matmul": lambda: t.matmul(m, m, out=out(2, 2)),
        "bmm": lambda: t.bmm(b, b, out=out(1, 2, 2)),
        "addmm": lambda: t.addmm(m, m, m, out=out(2, 2)),
        "baddbmm": lambda: t.baddbmm(b, b, b, out=out(1, 2, 2)),
        "addmv": lambda: t.addmv(x, m, x, out=out(2)),
        "cross": lambda: t.cross(
            t.ones(3, dtype=dtype), t.ones(3, dtype=dtype), out=out(3)
        ),
        "gather": lambda: t.gather(x, 0, i, out=out(1)),
        "scatter": lambda: t.scatter(x, 0, i, 1, out=out(2)),
        "index_add": lambda: t.index_add(x, 0, i, x[:1], out=out(2)),
        "tril": lambda: t.tril(m, out=out(2, 2)),
        "diag": lambda: t.diag(x, out=out(2, 2)),
        "sort": lambda: t.sort(x, out=(out(2), t.empty(2, dtype=t.int64))),
        "topk": lambda: t.topk(x, 1, out=(out(1), t.empty(1, dtype=t.int64))),
        "max": lambda: t.max(x, 0, out=(out(()), t.empty((), dtype=t.int64))),
        "aminmax": lambda: t.aminmax(x, out=(out(()), out(()))),
        "argmax": lambda: t.argmax(x, 0, out=out(())),
        "outer": lambda: t.outer(x, x, out=out(2, 2)),
        "kron": lambda: t.kron(x, x, out=out(4)),
        "addr": lambda: t.addr(m, x, x, out=out(2, 2)),
        "add": lambda: t.add(x, x, out=out(2)),
        "mul": lambda: t.mul(x, x, out=out(2)),
        "cat": lambda: t.cat([x, x], out=out(4)),
        "stack": lambda: t.stack([x, x], out=out(2, 2)),
        "hstack": lambda: t.hstack([x, x], out=out(4)),
        "column_stack": lambda: t.column_stack([x, x], out=out(2, 2)),
        "diff": lambda: t.diff(x, out=out(1)),
    }


def of_integers_into_floats(t):
    for name, call in _calls(t, t.int64, t.empty).items():
        yield name, raised(call, 70)


def of_floats_into_doubles(t):
    floats = _calls(t, t.float32, lambda *size: t.empty(*size, dtype=t.float64))
    floats["sum"] = lambda: t.sum(t.ones(2), 0, out=t.empty((), dtype=t.float64))
    floats["mean"] = lambda: t.mean(t.ones(2), 0, out=t.empty((), dtype=t.float64))
    floats["std"] = lambda: t.std(t.ones(2), 0, out=t.empty((), dtype=t.float64))
    floats["cumsum"] = lambda: t.cumsum(t.ones(2), 0, out=t.empty(2, dtype=t.float64))
    floats["logsumexp"] = lambda: t.logsumexp(
        t.ones(2), 0, out=t.empty((), dtype=t.float64)
    )
    floats["softmax"] = lambda: t.softmax(t.ones(2), 0, out=t.empty(2, dtype=t.float64))
    for name, call in floats.items():
        yield name, raised(call, 70)


def of_floats_into_integers(t):
    x, m = t.ones(2), t.ones(2, 2)
    for call in (
        lambda: t.mm(m, m, out=t.empty(2, 2, dtype=t.int64)),
        lambda: t.outer(x, x, out=t.empty(2, 2, dtype=t.int64)),
        lambda: t.mean(x, 0, out=t.empty((), dtype=t.int64)),
        lambda: t.std(x, 0, out=t.empty((), dtype=t.int64)),
        lambda: t.add(x, x, out=t.empty(2, dtype=t.int64)),
    ):
        yield raised(call, 70)


def of_factories(t):
    for make in (
        lambda **k: t.zeros(2, **k),
        lambda **k: t.ones(2, **k),
        lambda **k: t.full((2,), 1.5, **k),
        lambda **k: t.arange(2.0, **k),
        lambda **k: t.linspace(0, 1, 2, **k),
        lambda **k: t.eye(2, **k),
    ):
        yield make(out=t.empty(0, dtype=t.int64)), make(out=t.empty(3).double())
        yield raised(lambda make=make: make(dtype=t.float64, out=t.empty(2)), 70)
    for call in (
        lambda: t.rand(2, out=t.empty(2, dtype=t.int64)),
        lambda: t.randn(2, out=t.empty(2, dtype=t.int64)),
        lambda: t.zeros(2, device="meta", out=t.empty(2)),
        lambda: t.randint(3, (2,), out=t.empty(2)).dtype,
        lambda: t.randperm(3, out=t.empty(3)).sort()[0],
    ):
        yield raised(call, 70)


def with_gradients(t):
    w = t.ones(2, requires_grad=True)
    yield raised(lambda: t.add(w, w, out=t.empty(2)), 80)
    yield raised(lambda: t.add(t.ones(2), 1, out=w), 80)
    with t.no_grad():
        yield t.add(w, w, out=t.empty(2))

    def assign(x, grad):
        x.grad = grad
        return x.grad

    for grad in (
        w.detach().double(),
        t.ones(3),
        1,
        t.ones(2).to("meta"),
        w,
        None,
        t.ones(2),
    ):
        yield raised(lambda grad=grad: assign(w, grad), 80)
    for seed in ([1.0, 1.0], "a", 1.0, t.ones(3), None):
        yield raised(lambda seed=seed: (w * 2).backward(seed))


def of_losses(t):
    f = t.nn.functional
    half, weight = t.full((2,), 0.5), t.ones(2, dtype=t.float64)
    yield f.binary_cross_entropy(half, t.ones(2), weight=weight)
    image = t.zeros(2, 3, 4, 5)
    for size in ((2, 3, 4), (2, 4), (2, 4, 5, 1), (2, 4, 4), (2, 4, 5)):
        target = t.ones(size, dtype=t.int64)
        yield raised(lambda target=target: f.nll_loss(image, target), 70)
        yield raised(lambda target=target: f.cross_entropy(image, target), 70)


def of_modules(t):
    layer = t.nn.Linear(2, 2)
    for args in ((3, 4), (t.float64, "cpu"), (t.int64,)):
        yield raised(lambda args=args: layer.to(*args), 30)
    yield raised(lambda: layer.to(dtype="a"), 30)
    yield (
        layer.to("cpu", t.float64, True).weight.dtype,
        layer.to(t.ones(1)).weight.dtype,
    )
