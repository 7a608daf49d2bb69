"""Reading and writing by index, and the layout of what comes out."""

from __future__ import annotations

from autograd.outcome import raised


def of_images(t):
    a = t.arange(4 * 3 * 28 * 28).reshape(4, 3, 28, 28)
    for index in (
        0, (0, 0), (slice(2),), (slice(2), slice(1)), (slice(2), slice(-2, None)), Ellipsis,
        (slice(None), 1, Ellipsis), (Ellipsis, slice(2)), (slice(None), None, 0),
        (slice(None), slice(None), slice(0, 28, 2), slice(0, 28, 2)),
        (slice(None), slice(None), slice(None, None, 2), slice(None, None, 2)),
    ):  # fmt: skip
        y = a[index]
        yield y.shape, y.stride(), y.storage_offset(), y.is_contiguous()
    yield a[1, 2, 2, 4]
    yield (
        a.index_select(0, t.tensor([0, 2])).shape,
        a.index_select(2, t.arange(8)).shape,
    )
    for call in (
        lambda: a[4],
        lambda: a[0, 0, 0, 0, 0],
        lambda: a[::-1],
        lambda: a[..., ...],
        lambda: a["x"],
        lambda: a[1.0],
        lambda: a.index_select(0, t.tensor([5])),
        lambda: a.index_select(0, t.tensor([0.5])),
        lambda: a.select(1, 3),
        lambda: a.narrow(0, 3, 2),
    ):
        yield raised(call, 90)
    yield a[:, :, :, t.arange(27, -1, -1)][0, 0, 0, :3]


def written(t):
    a = t.arange(5)
    b = a[2:]
    b[1] = 0
    yield a, b
    c = t.zeros(2, 3)
    c[0, 1] = 100
    c[:, 2] = 7
    c[0][0] = 8
    c[1] = t.tensor([1, 2, 3])
    yield c
    c[c > 7] = -1
    c[t.tensor([0, 1]), t.tensor([2, 0])] = t.tensor([5.0, 6.0])
    yield c
    c[[True, False]] += 1
    yield c
    for value in (t.ones(4), [1, 2], "a", None):

        def write(value=value):
            c[0] = value

        yield raised(write, 90)


def picked(t):
    x = t.tensor([[3, 7, 2], [2, 8, 3]])
    yield (
        x[x > 2],
        t.masked_select(x, x > 2),
        t.take(x, t.tensor([0, 1, 5])),
        x[range(2), [0, 1]],
    )
    yield (
        t.gather(x, 1, t.tensor([[0], [2]])),
        x.take_along_dim(t.tensor([[0], [2]]), 1),
    )
    for call in (
        lambda: t.masked_select(x, t.tensor([0, 1, 1])),
        lambda: t.take(x, t.tensor([9])),
        lambda: t.take(x, t.tensor([0.0])),
        lambda: x[t.tensor([0.5])],
        lambda: x[t.tensor([True, False, True])],
        lambda: x[[0, 1], [0, 1, 2]],
        lambda: x[[0, 5]],
        lambda: t.gather(x, 1, t.tensor([0])),
        lambda: t.gather(x, 1, t.tensor([[5]])),
    ):
        yield raised(call, 100)


def scattered(t):
    labels = t.tensor([0, 2, 1, 3])
    one_hot = t.zeros(4, 4, dtype=t.long)
    yield one_hot.scatter_(dim=1, index=labels.unsqueeze(1), src=t.ones(4, 4).long())
    yield t.zeros(4, 4).scatter_(1, labels[:, None], value=0.9)
    yield t.zeros(3).scatter_add_(0, t.tensor([0, 0, 2]), t.ones(3))
    yield raised(lambda: t.zeros(2).scatter_(0, t.tensor([0]), t.tensor([1])), 60)
    yield raised(lambda: t.zeros(2).scatter_(0, t.tensor([0.0]), 1.0), 60)
    yield raised(lambda: t.zeros(2).scatter_(0, t.tensor([2]), 1.0), 60)


def layouts(t):
    x = t.arange(24).reshape(2, 3, 4)
    i, j = t.tensor([0, 1]), t.tensor([[0, 1], [1, 2]])
    yield (
        x.permute(2, 0, 1)[:, [0, 1]],
        x.permute(2, 1, 0)[j],
        x.permute(2, 0, 1)[:, i, i],
    )
    yield x.permute(1, 2, 0)[i, :, i], x[j.t() % 2], x[:, j.t()], x.mT[i]
    image = t.zeros(2, 3, 4, 5).to(memory_format=t.channels_last)
    yield image[i].stride(), image[:, i].stride(), image[i, :, :, i].stride()
    yield x.permute(2, 0, 1)[x.permute(2, 0, 1)[:, 0, 0] > 1].stride()
    yield x.permute(2, 0, 1)[:, :0][:, :, i].stride(), x.expand(5, 2, 3, 4)[i].stride()
    yield (
        x.permute(2, 0, 1).index_select(0, i).stride(),
        x.mT.gather(0, x.mT % 2).stride(),
    )
