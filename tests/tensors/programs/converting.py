"""Dtypes, their promotion, numbers and arrays out of tensors."""

from __future__ import annotations

import copy
import pickle

import numpy as np
from autograd.outcome import raised


def to_each_dtype(t):
    x = t.tensor([1.9, -2.5, 0.0])
    for name in "double half bfloat16 int long short char bool".split():
        y = getattr(x, name)()
        yield name, y, y.type(), y.element_size()
    yield t.tensor([3.7, 200.2]).byte()
    yield x.type(), x.type(t.IntTensor), x.type(t.float64), x.type("torch.LongTensor")
    yield (
        x.type_as(t.tensor([1])),
        x.to(t.int8),
        x.to(t.tensor([1], dtype=t.int16)).dtype,
    )
    yield x.to(t.float32) is x, x.to(t.float32, copy=True) is x, x.float() is x
    yield raised(lambda: x.to("a"), 16)
    yield raised(lambda: x.to())
    yield raised(lambda: x.type("torch.NoTensor"))
    yield (
        t.finfo(t.float16).max,
        t.iinfo(t.int8).min,
        t.float.itemsize,
        t.int64.is_signed,
    )


def promoted(t):
    f, d, i = t.ones(2), t.ones(2, dtype=t.float64), t.ones(2, dtype=t.int64)
    b = t.tensor([True, False])
    yield (
        (f + d).dtype is d.dtype,
        (i + f).dtype is f.dtype,
        (b + b),
        (b + 1),
        (i + 1.5),
        i / i,
    )
    yield (i.short() + i).dtype is i.dtype, t.cat([i.short(), i]).dtype is i.dtype
    yield (
        (f + t.tensor(1.0, dtype=t.float64)).dtype is f.dtype,
        f * 2j,
        i // 2,
        i % 2,
        b * b,
    )
    yield (
        t.result_type(i, 1.0),
        t.promote_types(t.uint8, t.int8),
        t.can_cast(t.float, t.int),
    )
    yield raised(lambda: i.add_(1.5))
    yield raised(lambda: i.div_(2))
    yield raised(lambda: b.add_(1))
    yield raised(lambda: b - b)
    yield raised(lambda: f.mul_(1j))


def numbers_out(t):
    yield (
        t.tensor([0.5]).item(),
        t.tensor(3).item(),
        t.tensor([[True]]).item(),
        t.tensor(1j).item(),
    )
    yield raised(lambda: t.ones(2).item())
    yield raised(lambda: t.ones(0).item())
    yield (
        float(t.tensor(2)),
        int(t.tensor(2.7)),
        bool(t.tensor([0])),
        complex(t.tensor(1.0)),
    )
    yield (
        t.arange(4).reshape(2, 2).tolist(),
        t.tensor(1.5).tolist(),
        [x.item() for x in t.ones(2)],
    )
    yield raised(lambda: bool(t.ones(2)))
    yield raised(lambda: int(t.ones(2)))
    yield raised(lambda: range(t.tensor(1.5)))
    yield list(range(t.tensor(3))), [1, 2, 3][t.tensor(1)], len(t.ones(3, 2))
    yield raised(lambda: len(t.tensor(1)))
    yield raised(lambda: iter(t.tensor(1)))


def arrays_out(t):
    x = t.arange(6.0).reshape(2, 3)
    a = x.numpy()
    x.add_(1)
    a[0, 0] = 7
    yield x, a.dtype.name, list(x.t().numpy().strides), x[:, ::2].numpy().tolist()
    w = t.ones(2, requires_grad=True)
    for call in (
        lambda: w.numpy(),
        lambda: np.asarray(w),
        lambda: np.array(w * 2),
        lambda: np.add(w, 1),
        lambda: t.ones(2).to("meta").numpy(),
        lambda: np.asarray(t.ones(2).to("meta")),
        lambda: t.ones(2, dtype=t.bfloat16).numpy(),
        lambda: w.__dlpack__(),
    ):
        yield raised(call)
    yield (
        w.detach().numpy().tolist(),
        w.numpy(force=True).tolist(),
        np.asarray(w.data).tolist(),
    )
    with t.no_grad():
        yield np.asarray(w).tolist(), w.numpy().tolist()
    yield (
        t.ones(2, dtype=t.int8).numpy().dtype.name,
        np.sin(t.zeros(2)),
        np.asarray(x, "int32").tolist(),
    )
    yield raised(lambda: np.add(x, 1, out=x))


def copies_and_pickles(t):
    x = t.arange(6.0).reshape(2, 3).t().requires_grad_()
    for y in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        yield y, y.is_leaf, y.data_ptr() == x.data_ptr()
    yield raised(lambda: copy.deepcopy(x * 2))
    pair = copy.deepcopy([x, x])
    yield pair[0] is pair[1]
    p = copy.deepcopy(t.nn.Parameter(t.ones(1)))
    yield p, type(p).__name__, repr(pickle.loads(pickle.dumps(p)))
