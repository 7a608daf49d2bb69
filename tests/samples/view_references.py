"""NumPy references of the view operators: views again, where NumPy can."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided


def dims_of(x: Any, dim: int, extra: int = 0) -> int:
    count = max(x.ndim + extra, 1)
    return dim + count if dim < 0 else dim


def squeeze(x: Any, dim: Any = None) -> Any:
    if dim is None:
        return np.squeeze(x)
    dims = (dim,) if isinstance(dim, int) else dim
    if x.ndim == 0:
        return x
    return np.squeeze(x, tuple(d for d in dims if x.shape[d] == 1))


def transpose(x: Any, a: int, b: int) -> Any:
    return np.swapaxes(x, a, b) if x.ndim else x


def expand(x: Any, *sizes: Any) -> Any:
    shape = sizes[0] if not isinstance(sizes[0], int) else sizes
    lead = len(shape) - x.ndim
    full = [x.shape[i - lead] if s == -1 else s for i, s in enumerate(shape)]
    return np.broadcast_to(x, full)


def narrow(x: Any, dim: int, start: int, length: int) -> Any:
    index = [slice(None)] * x.ndim
    start = start if start >= 0 else start + x.shape[dim]
    index[dim] = slice(start, start + length)
    return x[tuple(index)]


def select(x: Any, dim: int, index: int) -> Any:
    return np.moveaxis(x, dim, 0)[index]


def unbind(x: Any, dim: int = 0) -> Any:
    return tuple(np.moveaxis(x, dim, 0))


def unfold(x: Any, dim: int, size: int, step: int) -> Any:
    if x.ndim == 0:
        return as_strided(x, (size,), (x.itemsize,))
    dim = dims_of(x, dim)
    count = (x.shape[dim] - size) // step + 1
    shape = (*x.shape[:dim], count, *x.shape[dim + 1 :], size)
    strides = list(x.strides)
    last = strides[dim]
    strides[dim] *= step
    return as_strided(x, shape, (*strides, last))


def split(x: Any, size: Any, dim: int = 0) -> Any:
    total = x.shape[dim]
    if isinstance(size, int):
        if total == 0:
            return (x,)
        edges = list(range(size, total, size))
    else:
        edges = [int(e) for e in np.cumsum(size)[:-1]]
    return tuple(np.split(x, edges, dim))


def chunk(x: Any, chunks: int, dim: int = 0) -> Any:
    return split(x, max(1, -(-x.shape[dim] // chunks)), dim)


def tensor_split(x: Any, sections: Any, dim: int = 0) -> Any:
    return tuple(np.array_split(x, sections, dim))


def flatten(x: Any, start: int = 0, end: int = -1) -> Any:
    if x.ndim == 0:
        return x.reshape(1)
    start, end = dims_of(x, start), dims_of(x, end)
    return x.reshape(*x.shape[:start], -1, *x.shape[end + 1 :])


def unflatten(x: Any, dim: int, sizes: tuple[int, ...]) -> Any:
    dim = dims_of(x, dim)
    return x.reshape(*x.shape[:dim], *sizes, *x.shape[dim + 1 :])


def as_strided_of(x: Any, size: Any, stride: Any, offset: int = 0) -> Any:
    steps = tuple(s * x.itemsize for s in stride)
    return as_strided(x.reshape(-1)[offset:], size, steps)


def view_as_real(x: Any) -> Any:
    wide = np.float64 if x.dtype == np.complex128 else np.float32
    out = as_strided(x.real, (*x.shape, 2), (*x.strides, x.itemsize // 2))
    return out.view(wide)
