"""Tensors from data, sizes, other tensors and arrays."""

from __future__ import annotations

import numpy as np
from autograd.outcome import raised, warned


def from_data(t):
    yield (
        t.tensor([1, 2]),
        t.tensor(5.5),
        t.tensor(()),
        t.tensor([True]),
        t.tensor([1, 2.5]),
    )
    yield t.tensor(np.arange(3.0)), t.tensor(np.float32(2)), t.tensor((1, (2)))
    yield t.tensor([t.tensor(1), t.tensor(2.5)]), t.tensor([[]]), t.tensor([1 + 2j])
    a = np.zeros(2)
    b = t.tensor(a)
    a[0] = 1
    yield b
    for bad in (
        [1, "a"],
        ["a"],
        "a",
        [None],
        None,
        [[1], 2],
        [1, [2]],
        {},
        [{}],
        object(),
    ):
        yield raised(lambda bad=bad: t.tensor(bad))
    yield raised(lambda: t.tensor())
    yield raised(lambda: t.tensor(1, 2))
    yield raised(lambda: t.tensor([1], requires_grad=True))
    yield raised(lambda: t.tensor([1.0], requires_grad=1))
    yield raised(lambda: t.tensor([1, "a"], dtype=t.float32))
    yield raised(lambda: t.tensor([300], dtype=t.uint8))
    yield warned(lambda: t.tensor(t.ones(2)))


def the_class_as_constructor(t):
    yield t.Tensor([1, 2]), t.Tensor(5, 3).shape, t.Tensor(), t.Tensor([[2, 3], [4, 8]])
    yield t.Tensor(t.Size([2, 3])).shape, t.Tensor(np.array([1, 2])), t.Tensor((3, 4))
    for bad in (1.5, None, "a", ["a"], -1):
        yield raised(lambda bad=bad: t.Tensor(bad))
    yield raised(lambda: t.Tensor(5, 3, dtype=t.int64), 70)
    yield raised(lambda: t.Tensor([1, 2], [3]))
    yield t.FloatTensor([[1, 2, 3], [4, 5, 6]])[1][2], t.IntTensor(2, 4).zero_()
    yield (
        t.LongTensor([1.5, -1.5]),
        t.ByteTensor([1, 2]),
        t.HalfTensor([1]),
        t.BoolTensor([2, 0]),
    )
    yield (
        t.DoubleTensor(2, 3).shape,
        t.CharTensor([-1]),
        t.ShortTensor([7]),
        t.BFloat16Tensor([1]),
    )
    yield raised(lambda: t.FloatTensor(2, dtype=t.int64))
    yield isinstance(t.ones(2), t.FloatTensor), isinstance(t.ones(2), t.LongTensor)


def filled(t):
    yield (
        t.zeros(2, 3),
        t.ones((2,)),
        t.full(size=(2, 2), fill_value=0.5),
        t.full([2], 3),
    )
    yield (
        t.full((2,), True),
        t.full((1,), 1j),
        t.zeros(size=(0, 3)),
        t.ones([]),
        t.zeros(()),
    )
    yield t.zeros(2, dtype=t.long), t.ones(2, 2, requires_grad=True), t.empty([]).shape
    yield t.full_like(t.ones(2, dtype=t.int32), 7), t.full((2,), 1, dtype=t.float64)
    yield t.eye(3), t.eye(2, 3, dtype=t.bool), t.eye(2, requires_grad=True)
    for word in ("a", 1, 0):
        yield raised(lambda word=word: t.ones(2, requires_grad=word))
        yield raised(lambda word=word: t.full((2,), 1.0, requires_grad=word))
        yield raised(lambda word=word: t.ones_like(t.ones(2), requires_grad=word))
        yield raised(lambda word=word: t.ones(2).requires_grad_(word))
        yield raised(lambda word=word: t.ones(2).new_ones(2, requires_grad=word))
    yield raised(lambda: t.zeros(-1))
    yield raised(lambda: t.zeros(2.5))
    yield raised(lambda: t.full((2,)))
    yield raised(lambda: t.ones(2, dtype=t.int64, requires_grad=True))


def drawn(t):
    yield (
        t.rand(5, 3).shape,
        t.rand(size=[3, 3], dtype=t.float64).dtype,
        t.randn((2, 3)).shape,
    )
    g = t.Generator()
    g.manual_seed(2947587447)
    yield t.rand(size=(4, 3), generator=g)
    h = t.Generator().manual_seed(2947587447)
    yield t.rand((4, 3), generator=h)[0], g.initial_seed()
    yield t.randint(0, 2, (5,)).dtype, t.randint(high=9, size=(4,)).max() < 9
    yield t.sort(t.randperm(6))[0], t.randperm(4, dtype=t.int32).dtype
    yield t.empty(3, dtype=t.long).random_(5).max() < 5
    for call in (
        lambda: t.rand(2, dtype=t.int64),
        lambda: t.randn(2, dtype=t.int32),
        lambda: t.rand_like(t.ones(2, dtype=t.int64)),
        lambda: t.randn_like(t.ones(2, dtype=t.int64)),
        lambda: t.randint(3, 3, (2,)),
        lambda: t.randperm(-1),
    ):
        yield raised(call)
    yield raised(lambda: t.rand(2, names=("N",)), 0)


def like_another(t):
    x = t.ones(2, 3, dtype=t.float64)
    yield (
        t.zeros_like(x),
        t.ones_like(x, dtype=t.int64),
        t.rand_like(x).dtype,
        t.empty_like(x).shape,
    )
    yield (
        x.new_tensor([1, 2]),
        x.new_empty((3, 4)).shape,
        x.new_zeros((2,)),
        x.new_ones(2, 1),
    )
    yield (
        x.new_full((2,), 3),
        x.new_ones(2, dtype=t.int32),
        t.tensor([1]).new_tensor([1.5]),
    )
    for turned in (x.t(), x.t()[::2], x[:, ::2], t.ones(1, 3).t(), x[:1].expand(4, 3)):
        yield (
            t.empty_like(turned).stride(),
            turned.clone().stride(),
            turned.int().stride(),
        )
    yield t.zeros_like(x.t(), memory_format=t.contiguous_format).stride()
    hollow = t.empty(3, 0, 2).permute(2, 0, 1)
    yield t.empty_like(hollow).stride(), hollow.clone().stride(), hollow.stride()


def ranges(t):
    yield (
        t.arange(5),
        t.arange(6, 12),
        t.arange(3, -1, -1),
        t.arange(0, 1, 0.25),
        t.arange(2.5),
    )
    yield (
        t.linspace(0, 1, 5),
        t.linspace(0, 1, 1),
        t.logspace(0, 2, 3),
        t.linspace(3, -3, 4),
    )
    yield (
        t.arange(0),
        t.arange(5, dtype=t.float16),
        t.triu(t.ones(3, 3)),
        t.tril(t.ones(3, 3), -1),
    )
    for call in (
        lambda: t.arange(0, 5, 0),
        lambda: t.arange(5, 0),
        lambda: t.linspace(0, 1, -1),
    ):
        yield raised(call)


def over_arrays(t):
    a = np.arange(6.0).reshape(2, 3)
    x = t.from_numpy(a)
    a[0, 0] = 9
    x[1, 2] = -1
    yield x, float(a[1, 2]), x.dtype is t.float64, t.from_numpy(a.T).stride()
    yield raised(lambda: t.from_numpy([1]))
    yield raised(lambda: t.from_numpy(a[::-1]))
    yield t.from_numpy(a[::-1].copy()).float()
    yield raised(lambda: t.from_numpy(np.array(["a"])))
    yield (
        t.as_tensor(a).data_ptr() == x.data_ptr(),
        t.tensor(a).data_ptr() == x.data_ptr(),
    )
    np.add(a, 1, out=a)
    yield x
    yield t.from_dlpack(a).data_ptr() == x.data_ptr()
    fixed = np.arange(3)
    fixed.flags.writeable = False
    yield t.from_dlpack(fixed)
    yield warned(lambda: t.from_numpy(fixed))[0]
    yield np.from_dlpack(x).shape, np.from_dlpack(x.t()).strides
