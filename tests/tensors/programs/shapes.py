"""Views and copies by shape: which share memory, which strides, which are refused."""

from __future__ import annotations

from autograd.outcome import raised

LONG = 150  # characters of the messages that explain


def viewed(t):
    x = t.arange(12)
    yield (
        x.view(3, 4).stride(),
        x.view(-1, 6).shape,
        x.view((2, 6)).shape,
        x.view(3, -1),
    )
    for call in (
        lambda: x.view(5, 2),
        lambda: x.view(-1, 5),
        lambda: x.view(-1, -1),
        lambda: x.reshape(3, 4).t().view(12),
        lambda: x.reshape(5, -1),
    ):
        yield raised(call, LONG)
    yield raised(lambda: x.view()), raised(lambda: x.view(2.0, 6))
    y = x.reshape(3, 4)
    yield y.data_ptr() == x.data_ptr(), y.t().reshape(12).data_ptr() == x.data_ptr()
    yield (
        x.float().view(t.int32),
        x.view(t.int32).shape,
        x.view(3, 4).view(t.uint8).shape,
    )
    yield raised(lambda: t.ones(3, dtype=t.int8).view(t.int16))
    yield t.ones(2, 0).view(0, 5).shape, raised(lambda: t.ones(2, 0).view(-1, 0), LONG)


def turned(t):
    x = t.arange(120).reshape(2, 3, 4, 5)
    y = x.transpose(3, 0).transpose(2, 1).transpose(3, 2)
    yield y.shape, y.stride(), y.is_contiguous(), y.contiguous().stride()
    yield (
        x.permute(3, 2, 0, 1).shape,
        t.permute(x, (0, -1, 1, 2)).stride(),
        x.mT.shape,
        x.mH.shape,
    )
    yield t.ones(1, 2, 3).permute(2, 0, 1).shape, t.ones(1, 2, 3).view(1, 3, 2).shape
    yield (
        t.arange(4).reshape(2, 2).T,
        t.arange(3).t(),
        x.movedim(0, -1).shape,
        x.swapaxes(0, 1).shape,
    )
    for call in (
        lambda: t.ones(2, 3, 4).t(),
        lambda: x.permute(0, 1),
        lambda: x.permute(0, 0, 1, 2),
        lambda: x.permute(0, 1, 2, 4),
        lambda: x.transpose(0, 4),
        lambda: t.ones(2).mT,
    ):
        yield raised(call, LONG)


def squeezed(t):
    x = t.zeros(2, 1, 2, 1, 2)
    yield (
        t.squeeze(x).shape,
        [t.squeeze(x, d).shape for d in range(5)],
        x.squeeze((1, 3)).shape,
    )
    yield t.zeros(2, 1, 1).squeeze(), x.squeeze(0).data_ptr() == x.data_ptr()
    y = t.arange(4)
    yield (
        [t.unsqueeze(y, d).shape for d in (0, -2, 1, -1)],
        y.unsqueeze(0).stride(),
        y.shape,
    )
    yield y.unsqueeze_(1).shape, y.shape
    for d in (-4, 3):
        yield raised(lambda d=d: t.unsqueeze(t.ones(2, 2), d), 100)
    yield raised(lambda: x.squeeze(5), 100)
    yield (
        t.flatten(t.ones(2, 3, 4), 1).shape,
        t.ones(2, 3).flatten().shape,
        t.tensor(1).flatten(),
    )
    yield raised(lambda: t.flatten(t.ones(2, 3), 1, 0))
    yield t.ones(6).unflatten(0, (2, -1)).shape


def expanded(t):
    x = t.arange(2).reshape(2, 1)
    yield (
        x.expand(2, 3).stride(),
        x.expand(3, -1, 2).shape,
        x.expand_as(t.ones(2, 4)),
        x.repeat(2, 2),
    )
    for call in (
        lambda: t.ones(2, 2).expand(4, 2),
        lambda: x.expand(2),
        lambda: x.expand(-1, 2, 2),
        lambda: x.repeat(2),
        lambda: x.expand(2, 3).add_(1),
    ):
        yield raised(call, LONG)


def joined(t):
    x, y = t.zeros(2, 3), t.ones(2, 3)
    yield (
        t.cat([x, y], dim=0),
        t.cat((x, y), -1).shape,
        t.stack([x, y]).shape,
        t.stack([x, y], -1),
    )
    yield (
        t.cat([t.empty(0), x]).shape,
        t.hstack([t.ones(1), t.ones(2)]),
        t.vstack([x[0], y[0]]),
    )
    for call in (
        lambda: t.cat([x, t.ones(2, 2)]),
        lambda: t.cat([]),
        lambda: t.cat([x, t.ones(2)]),
        lambda: t.cat([x, y], 2),
        lambda: t.stack([x, t.ones(2, 2)]),
        lambda: t.stack([]),
        lambda: t.cat(x),
        lambda: t.cat([x, 1]),
    ):
        yield raised(call, LONG)
    yield (
        [p.shape for p in t.split(t.arange(7), 3)],
        [p.shape for p in t.chunk(t.arange(7), 3)],
    )
    yield raised(lambda: t.split(t.arange(7), [3, 3]), LONG)
    yield raised(lambda: t.chunk(t.arange(7), 0))
    yield t.cat([t.ones(2, 3).t(), t.ones(2, 3).t()]).stride()


def resized(t):
    x = t.arange(6)
    yield x.resize_(2, 2), x.resize_(3, 2), x.storage_offset()
    yield raised(lambda: t.ones(2, requires_grad=True).resize_(3))
    yield t.ones(2, 3).resize_as_(t.ones(3, 2)).shape
