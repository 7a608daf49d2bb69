"""Storages, strides, views and versions: what is shared, what is counted."""

from __future__ import annotations

import gc

from autograd.outcome import raised


def header_and_storage(t):
    a = t.arange(6)
    b = a[2:]
    yield b.untyped_storage().data_ptr() == a.untyped_storage().data_ptr()
    yield b.storage_offset(), b.data_ptr() - a.data_ptr(), a.untyped_storage().nbytes()
    yield len(a.untyped_storage()), b.untyped_storage().size(), a.nbytes, b.itemsize
    b[0] = 9
    yield a, a.clone().untyped_storage().data_ptr() == a.untyped_storage().data_ptr()
    del a
    gc.collect()
    yield b, b._base is not None and b._base.shape


def rows_and_columns(t):
    m = t.tensor([[1, 2], [3, 4]], dtype=t.int32)
    yield (
        m.stride(),
        m[1, :].storage_offset(),
        m[:, 0].stride(),
        m[1, 0].data_ptr() - m.data_ptr(),
    )
    for y in (
        m[1],
        m[:, 1],
        m.t(),
        m[::2],
        m.flatten(),
        m.diagonal(),
        m.unfold(0, 2, 1),
    ):
        yield y, y.storage_offset(), y.is_contiguous(), y._base is m
    n = t.arange(24).reshape(2, 3, 4)
    index = (1, 2, 3)
    place = sum(i * s for i, s in zip(index, n.stride()))
    yield n[index].item() == n.flatten()[place].item(), n.stride(1), n.stride(-1)
    yield raised(lambda: n.stride(3))


def by_strides(t):
    x = t.arange(9)
    yield (
        t.as_strided(x, (2, 2), (3, 1)),
        x.as_strided((3, 3), (1, 3), 0),
        x.as_strided((2,), (0,), 4),
    )
    yield (
        t.empty_strided((2, 3), (1, 2)).stride(),
        t.empty_permuted((2, 3), (1, 0)).stride(),
    )
    for call in (
        lambda: x.as_strided((3, 3), (4, 1)),
        lambda: x.as_strided((2,), (-1,), 8),
        lambda: x.as_strided((2,), (1, 1)),
        lambda: x.as_strided((2,), (1,), -1),
    ):
        yield raised(call, 60)
    w = x.unfold(0, 3, 2)
    w[0, 0] = 100
    yield x, w, w.stride()


def set_elsewhere(t):
    x, y = t.zeros(3), t.arange(3.0)
    x.set_(y)
    y[0] = 5
    yield (
        x,
        x.data_ptr() == y.data_ptr(),
        t.zeros(1).set_(y.untyped_storage(), 1, (2,), (1,)),
    )
    x.data = t.ones(2, 2)
    yield x, raised(lambda: setattr(x, "data", 1), 30)
    yield t.zeros(2).is_set_to(t.zeros(2)), y.is_set_to(y.view(3)), y.is_set_to(y[1:])
    s = t.UntypedStorage(8)
    yield s.nbytes(), t.tensor([], dtype=t.int32).set_(s).shape
    s.resize_(16)
    yield s.nbytes(), t.empty(0).set_(s, 1, (3,)).stride(), t.empty(0).set_(y.storage())
    yield raised(lambda: x.set_(1)), raised(lambda: x.set_(s, 1))


def versions(t):
    x = t.zeros(4)
    v = x[:2]
    seen = [x._version]
    for write in (
        lambda: x.add_(1),
        lambda: v.mul_(2),
        lambda: x.__setitem__(0, 3),
        lambda: t.add(v, 1, out=v),
        lambda: x.detach().zero_(),
        lambda: x.data.zero_(),
        lambda: x.numpy().fill(7),
        lambda: x.t_(),
    ):
        write()
        seen.append((x._version, v._version))
    yield seen
    w = t.ones(2, requires_grad=True)
    y = w.exp()
    y.add_(1)
    yield raised(lambda: y.sum().backward(), 90)


def shared_or_not(t):
    x = t.ones(2, 2, requires_grad=True)
    for y in (
        x.clone(),
        x.detach(),
        x.detach().clone(),
        x.view(4),
        x.data,
        x.contiguous(),
        x.float(),
    ):
        yield (
            y.data_ptr() == x.data_ptr(),
            y.requires_grad,
            y.is_leaf,
            y is x,
            y._is_view(),
        )


def formats(t):
    x = t.zeros(2, 3, 4, 5)
    y = x.to(memory_format=t.channels_last)
    yield y.stride(), y.is_contiguous(), y.is_contiguous(memory_format=t.channels_last)
    yield (
        (y + 1).stride(),
        y.clone().stride(),
        y.contiguous().stride(),
        t.zeros_like(y).stride(),
    )
    yield (
        y.permute(0, 2, 3, 1).is_contiguous(),
        y.sum(1).stride(),
        (y + x).stride(),
        (x + y).stride(),
    )
    yield raised(lambda: t.zeros(2, 3).to(memory_format=t.channels_last))
    yield raised(lambda: x.contiguous(memory_format=t.preserve_format))


def dispatch_errors(t):
    for call in (
        lambda: t.exp_(t.tensor([1])),
        lambda: t.tensor([True]).sort().values.cumsum(0).erfinv_(),
        lambda: t.nn.functional.softmax(t.tensor([1, 2]), 0),
        lambda: t.tensor([1j]).sort(),
        lambda: t.addmm(t.ones(2, 2), t.ones(2, 2), t.ones(2, 2, dtype=t.int64)),
        lambda: t.nn.functional.conv2d(
            t.ones(1, 1, 2, 2), t.ones(1, 1, 1, 1, dtype=t.int64)
        ),
        lambda: t.ones(2).to("meta").item(),
        lambda: t.ones(2).to("meta") + t.ones(2),
        lambda: t.ones(2).to("cuda"),
    ):
        yield raised(call, 36)
    m = t.ones(2, 3, device="meta")
    yield (
        (m @ m.t()).shape,
        (m + 1).device.type,
        m.sum(0).shape,
        t.empty_like(m).is_meta,
    )
