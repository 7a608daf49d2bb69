"""Layout of indexing's results beside PyTorch, over permuted sources and all kinds of index."""

from __future__ import annotations

import random

import pytest

torch = pytest.importorskip("torch")

import rushlight  # noqa: E402


def a_mask(rng, shape):
    if len(shape) == 1:
        return [rng.random() < 0.6 for _ in range(shape[0])]
    return [a_mask(rng, shape[1:]) for _ in range(shape[0])]


def an_index(rng, sizes):
    """Makers of the items of an index, by library; positions share a broadcastable shape."""
    shape = [rng.choice([1, 2, 3]) for _ in range(rng.choice([0, 1, 1, 2, 2, 3]))]
    items, d, masks = [], 0, 0
    while d < len(sizes):
        kind = rng.choice(
            ["all", "all", "slice", "int", "none", "tensor", "tensor", "mask"]
        )
        n = sizes[d]
        if kind == "mask" and not masks:
            rank = rng.choice([1, min(2, len(sizes) - d)])
            mask = a_mask(rng, sizes[d : d + rank])
            items.append(lambda t, m=mask: t.tensor(m))
            masks, d = 1, d + rank
            continue
        if kind == "none":
            items.append(lambda t: None)
            continue
        if kind == "int" and n:
            place = rng.randrange(n)
            items.append(lambda t, at=place: at)
        elif kind == "slice":
            start, step = rng.randrange(n + 1), rng.choice([1, 2])
            items.append(lambda t, s=slice(start, None, step): s)
        elif kind == "tensor" and n and not masks:
            part = shape[rng.randrange(len(shape) + 1) :]
            part = [1 if rng.random() < 0.2 else size for size in part]
            order = rng.sample(range(len(part)), len(part))
            count = 1
            for size in part:
                count *= size
            flat = [rng.randrange(-n, n) for _ in range(count)]

            def make(t, flat=flat, part=part, order=order):
                index = t.tensor(flat).reshape([part[k] for k in order])
                return index.permute([order.index(k) for k in range(len(part))])

            items.append(make)
        else:
            items.append(lambda t: slice(None))
        d += 1
        if rng.random() < 0.1:
            break
    return items


def a_source(rng, sizes):
    order = rng.sample(range(len(sizes)), len(sizes))
    spread = rng.random() < 0.2
    dtype = rng.choice(["int64", "float32", "uint8"])

    def make(t):
        count = 1
        for size in sizes:
            count *= size
        x = t.arange(count).to(getattr(t, dtype)).reshape([sizes[k] for k in order])
        x = x.permute([order.index(k) for k in range(len(sizes))])
        return x[..., None].expand(*x.shape, 2)[..., 0] if spread else x

    return make


def seen(t, source, items):
    try:
        out = source(t)[tuple(make(t) for make in items)]
    except (IndexError, RuntimeError) as error:
        return type(error).__name__
    layout = out.stride() if out.numel() else None  # of nothing there is none
    return tuple(out.shape), layout, str(out.dtype).rpartition(".")[2], out.tolist()


@pytest.mark.parametrize("seed", range(20))
def test_same_layout(seed):
    rng = random.Random(seed)
    for _ in range(100):
        sizes = [
            rng.choice([1, 2, 3, 3, 4]) for _ in range(rng.choice([1, 2, 3, 3, 4, 5]))
        ]
        source, items = a_source(rng, sizes), an_index(rng, sizes)
        expected = seen(torch, source, items)
        shown = (sizes, source(torch).stride(), [make(torch) for make in items])
        assert seen(rushlight, source, items) == expected, shown
