"""Arithmetic, comparison, reductions, broadcasting, results by name."""

from __future__ import annotations

from autograd.outcome import raised, warned


def additions(t):
    x, y = t.arange(3.0), t.ones(3)
    out = t.empty(3)
    yield (
        x + y,
        t.add(x, y),
        t.add(x, y, out=out) is out,
        y.add_(x),
        x.add_(5),
        t.add(x, y, alpha=2),
    )
    yield warned(lambda: t.add(x, y, out=t.empty(2)), 30)
    yield warned(lambda: t.add(x, y, out=t.empty(0)), 30)
    yield raised(lambda: t.add(x, t.ones(4)), 100)
    yield raised(lambda: x.add_(t.ones(2, 3)))
    yield raised(lambda: t.add(x, "a"))
    yield raised(lambda: x + [1, 2, 3])
    yield raised(lambda: t.ones(3).expand(2, 3).add_(1), 60)


def underscored(t):
    x = t.tensor([0.25, 0.5])
    for name, args in (
        ("abs_", ()), ("acos_", ()), ("ceil_", ()), ("zero_", ()), ("fill_", (2,)), ("sub_", (1,)),
        ("copy_", (t.tensor([1, 2]),)), ("unsqueeze_", (0,)), ("t_", ()), ("clamp_", (0, 1)),
        ("addcmul_", (t.ones(2), t.ones(2))), ("scatter_", (0, t.tensor([0]), 9.0)),
        ("masked_fill_", (t.tensor([True, False]), 3)), ("squeeze_", ()), ("neg_", ()),
    ):  # fmt: skip
        y = x.clone()
        z = getattr(y, name)(*args)
        yield name, z is y, y
    x /= 2
    yield x
    x **= 2
    yield x, t.ones(3, 2).copy_(t.tensor([1, 2])), t.ones(2, 2).fill_(t.tensor(3))
    yield raised(lambda: t.ones(2).copy_(t.ones(3)))
    yield raised(lambda: t.ones(2).fill_(t.ones(2)))


def elementwise(t):
    i = t.tensor([7, -7])
    yield (
        i / 2,
        i // 2,
        i % 3,
        -i,
        abs(i),
        i**2,
        2 ** i.abs(),
        1 / t.tensor([2.0]),
        i.fmod(3),
    )
    yield (
        t.div(i, 2, rounding_mode="trunc"),
        t.div(i, 2, rounding_mode="floor"),
        i.sign(),
    )
    yield (
        t.sigmoid(i),
        t.sqrt(t.tensor([4, 2])),
        t.clamp(i, min=0),
        t.clamp(i, max=0),
        i.pow(2),
    )
    for call in (
        lambda: i**-1,
        lambda: i // 0,
        lambda: t.clamp(i),
        lambda: t.div(i, 2, rounding_mode="up"),
        lambda: t.sqrt(4),
    ):
        yield raised(call)
    yield raised(lambda: t.ones(2) & 1, 12), raised(lambda: ~t.ones(2), 0)


def compared(t):
    x = t.tensor([1.0, float("nan"), float("inf")])
    yield (
        x == x,
        x > 1,
        x.ge(0.5),
        t.isnan(x).any(),
        t.isinf(x).any(),
        x != 1,
        t.isfinite(x),
    )
    yield (
        (t.tensor([1, 2]) == t.tensor([1, 3])).sum().item(),
        t.equal(x, x),
        t.tensor([1]) == "a",
    )
    yield t.allclose(t.ones(2), t.ones(2) + 1e-9), t.equal(t.ones(2), t.ones(3))
    yield t.allclose(x, x), t.allclose(x, x, equal_nan=True)
    yield raised(lambda: t.allclose(t.ones(2), t.ones(2).double()))
    yield raised(lambda: t.ones(2) == t.ones(3))
    yield raised(lambda: t.ones(2) > "a")
    yield 1.0 in x, raised(lambda: "a" in x)


def reduced(t):
    x = t.arange(6.0).reshape(2, 3)
    yield (
        x.sum(),
        x.sum(1),
        x.sum(dim=(0, 1), keepdim=True),
        x.mean(0),
        x.norm(),
        (x > 9).any(),
    )
    yield (
        t.max(x, 1),
        x.argmax(1),
        t.sort(x, descending=True)[0],
        x.std(),
        x.var(0),
        x.prod(1),
    )
    yield type(t.max(x, 1)).__name__, t.sort(x).indices, x.median(), t.mode(x, 1).values
    yield (
        t.sum(t.tensor([True, True])),
        t.tensor([1, 2], dtype=t.int8).sum(),
        x.cumsum(0),
    )
    yield t.sum(t.empty(0)), t.empty(0).mean(), t.empty(0).prod(), t.empty(2, 0).sum(1)
    for call in (
        lambda: t.mean(t.tensor([1, 2])),
        lambda: x.sum(2),
        lambda: x.sum((0, 0)),
        lambda: t.empty(0).max(),
        lambda: t.empty(0, 2).max(0),
        lambda: t.empty(0).argmax(),
        lambda: x.std("a"),
        lambda: t.norm(t.tensor([1, 2])),
    ):
        yield raised(call)


def nonzero_places(t):
    x = t.tensor([[1, 0], [0, 2]])
    yield (
        t.nonzero(x),
        t.nonzero(x == 0).size(0),
        t.nonzero(x, as_tuple=True),
        x.nonzero().stride(),
    )
    yield t.count_nonzero(x), t.nonzero(t.tensor(3)), t.nonzero(t.tensor(0)).shape
    yield (
        t.unique(t.tensor([2, 1, 2]), return_counts=True),
        t.where(x > 0),
        t.argwhere(x),
    )


def broadcast(t):
    yield (
        t.ones(4, 1) * t.arange(4),
        t.broadcast_shapes((4, 1), (3,)),
        t.ones(0, 1) + t.ones(3),
    )
    yield t.broadcast_tensors(t.ones(2, 1), t.ones(3))[0].stride()
    yield raised(lambda: t.ones(2, 3) + t.ones(4), 100)
    yield raised(lambda: t.broadcast_to(t.ones(2), (3,)))
    yield (
        (t.ones(2, 3, 4).permute(2, 0, 1) + 1).stride(),
        (t.ones(3, 4).t() * t.ones(3)).stride(),
    )
    yield (t.empty(3, 0, 2).permute(2, 0, 1) + t.empty(3, 1)).shape
