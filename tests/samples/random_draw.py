"""Draw: random tensors and options, the same for every library; Call: one operator."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import bridge, dtypes as dt

SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1e30, -1e30, 1e-30)


class Draw:
    """Random arguments: the same numbers for every library."""

    def __init__(self, xp: Any, seed: int) -> None:
        self.xp = xp
        self.rng = np.random.default_rng(seed)
        self.used: set[str] = set()
        self.leaves: list[Any] = []
        self.log: list[str] = []
        self.extreme = False  # some value is NaN, infinite or close to the limits

    def told(self) -> str:
        return ", ".join(self.log)

    def pick(self, *choices: Any) -> Any:
        return choices[int(self.rng.integers(len(choices)))]

    def number(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def dtype(self, among: frozenset[str] = dt.ALL) -> str:
        """float64 half of the time, so that gradients are compared too."""
        if "float64" in among and self.chance(0.4):
            return "float64"
        return str(self.pick(*sorted(among, key=dt.ORDER.index)))

    def shape(self, low: int = 0, high: int = 4, largest: int = 5) -> tuple[int, ...]:
        sizes = [self.number(1, largest) for _ in range(self.number(low, high))]
        if sizes and self.chance(0.1):
            sizes[self.number(0, len(sizes) - 1)] = 0
        return tuple(sizes)

    def broadcast(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A shape that broadcasts with this one."""
        kept = shape[self.number(0, len(shape)) :] if self.chance(0.4) else shape
        return tuple(1 if self.chance(0.25) else n for n in kept)

    def dim(self, dims: int) -> int:
        return self.number(-dims, dims - 1) if dims else self.pick(0, -1)

    def tensor(
        self,
        shape: tuple[int, ...],
        dtype: str,
        low: float = -4,
        high: float = 4,
        extreme: bool = True,
        distinct: bool = False,
        grad: bool = True,
        repeated: bool = True,
    ) -> Any:
        """A tensor of random strides; sometimes with NaN, infinities, large numbers."""
        kind = dt.kind(dtype)
        if distinct:
            count = int(np.prod(shape, dtype=int))
            values: Any = self.rng.permutation(count).reshape(shape)
            values = values - (0 if dtype == "uint8" else count // 2)
            values = values / 4 if kind in "fc" else values
        elif kind in "ib":
            first = max(low, 0) if dtype == "uint8" or kind == "b" else low
            values = self.rng.integers(int(first), int(max(high, first)) + 1, shape)
        else:
            values = self.rng.uniform(low, high, shape)
            if kind == "c":
                values = values + 1j * self.rng.uniform(low, high, shape)
            if extreme and kind == "f" and self.chance(0.25):
                self.extreme = True
                where = self.rng.random(shape) < 0.4
                with np.errstate(all="ignore"):
                    values = np.where(where, self.rng.choice(SPECIAL, shape), values)
        tensor = self.strided(np.asarray(values), dtype, repeated)
        self.used.add(dtype)
        if grad and dtype in ("float64", "complex128"):
            tensor = tensor.detach().requires_grad_()
            self.leaves.append(tensor)
        self.log.append(f"{dtype}{list(shape)}/{list(tensor.stride())}")
        return tensor

    def strided(self, values: np.ndarray, dtype: str, repeated: bool) -> Any:
        way = self.pick("dense", "dense", "permuted", "stepped", "offset", "expanded")
        order = list(self.rng.permutation(values.ndim))
        offset = self.number(1, 3)
        if way == "permuted" and values.ndim > 1:
            base = bridge.from_numpy(self.xp, values.transpose(order).copy(), dtype)
            return base.permute(*(int(i) for i in np.argsort(order)))
        if way == "stepped" and values.ndim:
            wide = np.repeat(values, 2, axis=0)
            return bridge.from_numpy(self.xp, wide, dtype)[::2]
        if way == "offset" and values.ndim:
            pad = [(offset, 0)] + [(0, 0)] * (values.ndim - 1)
            return bridge.from_numpy(self.xp, np.pad(values, pad), dtype)[offset:]
        if way == "expanded" and repeated and values.ndim and values.shape[0] > 1:
            one = bridge.from_numpy(self.xp, values[:1].copy(), dtype)
            return one.expand(*values.shape)
        return bridge.from_numpy(self.xp, values, dtype)

    def indices(self, shape: tuple[int, ...], below: int, dtype: str = "int64") -> Any:
        values = self.rng.integers(0, max(below, 1), shape)
        return bridge.from_numpy(self.xp, np.asarray(values), dtype)

    def option(self, **choices: tuple[Any, ...]) -> dict[str, Any]:
        """Some of the options, each with one of its values."""
        found = {k: self.pick(*v) for k, v in choices.items() if self.chance(0.6)}
        self.log.append(str(found))
        return found


@dataclass(frozen=True)
class Call:
    name: str
    run: Callable[[Any, Draw], Any]
    grad: bool = True
    strides: bool = False
    slack: float = 1.0  # sums of many terms of both signs
