"""Maker: the tensors of the samples, the same numbers in every library.

Floating values lie on odd multiples of 1/32. They are exact in every floating dtype,
bfloat16 included, and keep 1/32 away from the usual kinks (0, 0.5, 1, 3, 6), so that
finite differences are safe.
"""

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import bridge, dtypes as dt

LAYOUTS = ("contiguous", "transposed", "strided", "offset")


class Maker:
    """Makes tensors of library `xp` from a seeded NumPy generator."""

    def __init__(self, xp: Any, *key: str) -> None:
        self.xp = xp
        self.rng = np.random.default_rng(zlib.crc32("/".join(key).encode()))

    def dtype(self, name: str) -> Any:
        return bridge.dtype_in(self.xp, name)

    def __call__(
        self,
        shape: Sequence[int],
        dtype: str,
        *,
        low: float | None = None,
        high: float | None = None,
        layout: str = "contiguous",
        nonzero: bool = False,
    ) -> Any:
        """Random tensor in [low, high]; `layout` is one of LAYOUTS or "expanded"."""
        if layout == "expanded":
            array = self.array((1, *shape[1:]), dtype, low, high, nonzero)
            return bridge.from_numpy(self.xp, array, dtype).expand(*shape)
        return self.wrap(self.array(shape, dtype, low, high, nonzero), dtype, layout)

    def array(
        self,
        shape: Sequence[int],
        dtype: str,
        low: float | None = None,
        high: float | None = None,
        nonzero: bool = False,
    ) -> np.ndarray:
        kind, shape = dt.kind(dtype), tuple(shape)
        if kind == "b":
            return np.asarray(self.rng.integers(0, 2, shape), bool)
        if kind == "i":
            first = -9 if low is None else int(np.ceil(low))
            last = 9 if high is None else int(np.floor(high))
            first = max(first, 0) if dtype == "uint8" else first
            values = np.asarray(self.rng.integers(first, max(first, last) + 1, shape))
            return np.where(values == 0, max(1, first), values) if nonzero else values
        if kind == "c":
            return np.asarray(self._grid(shape, low, high)) + 1j * np.asarray(
                self._grid(shape, low, high)
            )
        return self._grid(shape, low, high)

    def _grid(
        self, shape: tuple[int, ...], low: float | None, high: float | None
    ) -> np.ndarray:
        first = int(np.ceil(((-3.0 if low is None else low) * 32 - 1) / 2))
        last = int(np.floor(((3.0 if high is None else high) * 32 - 1) / 2))
        return (2 * np.asarray(self.rng.integers(first, last + 1, shape)) + 1) / 32.0

    def distinct(
        self, shape: Sequence[int], dtype: str, layout: str = "contiguous"
    ) -> Any:
        """Values without ties, so that sorting and extrema have one answer."""
        count = int(np.prod(shape, dtype=int))
        values = self.rng.permutation(count) - (0 if dtype == "uint8" else count // 2)
        if dt.kind(dtype) in "fc":
            values = (2 * values + 1) / (4.0 if count > 60 else 16.0)
        return self.wrap(values.reshape(shape), dtype, layout)

    def value(self, data: Any, dtype: str) -> Any:
        """Tensor with exactly these values."""
        return bridge.from_numpy(self.xp, np.asarray(data), dtype)

    def indices(
        self, shape: Sequence[int], below: int, dtype: str = "int64", low: int = 0
    ) -> Any:
        return self.wrap(self.rng.integers(low, below, tuple(shape)), dtype)

    def mask(self, shape: Sequence[int], layout: str = "contiguous") -> Any:
        return self(shape, "bool", layout=layout)

    def extremal(self, dtype: str) -> Any:
        """Zeros of both signs, infinities, NaN, tiny, denormal and large values."""
        if dt.kind(dtype) != "f":
            info = None if dtype == "bool" else np.iinfo(dtype)
            data = [False, True] if info is None else [info.min, -1, 0, 1, info.max]
            return self.value([v for v in data if info is None or v >= info.min], dtype)
        tiny, big, least = {
            "float16": (6.2e-5, 65504.0, 6e-8),
            "bfloat16": (1.2e-38, 3.3e38, 1e-40),
            "float32": (1.2e-38, 3.3e38, 1e-45),
            "float64": (2.3e-308, 1.7e308, 5e-324),
        }[dtype]
        positive = [0.0, tiny, least, 1.0, 2.5, big, np.inf]
        return self.value([*positive, *(-v for v in positive), np.nan], dtype)

    def wrap(self, array: Any, dtype: str, layout: str = "contiguous") -> Any:
        """The array's values in memory laid out as asked."""
        array = np.asarray(array)
        if layout == "transposed" and array.ndim > 1:
            base = bridge.from_numpy(self.xp, np.ascontiguousarray(array.T), dtype)
            return base.permute(*reversed(range(array.ndim)))
        if layout in ("strided", "transposed") and array.ndim > 0:
            padded = np.repeat(array, 2, axis=-1)
            return bridge.from_numpy(self.xp, padded, dtype)[..., ::2]
        if layout == "offset":
            flat = np.concatenate([np.zeros(3), array.reshape(-1)])
            return bridge.from_numpy(self.xp, flat, dtype)[3:].view(array.shape)
        return bridge.from_numpy(self.xp, array, dtype)
