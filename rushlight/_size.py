"""`Size`: the shape of a tensor, a tuple of ints that prints as `torch.Size([2])`."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import Any, SupportsIndex


class Size(tuple[int, ...]):
    """A shape. It equals the tuple of the same numbers, and slices, sums and
    products of it are shapes again.

    Raises:
        TypeError: if an item is not an integer.

    Example:
        >>> Size([2, 3]).numel()
        6
    """

    __slots__ = ()

    def __new__(cls, sizes: Iterable[SupportsIndex] = (), /) -> Size:
        items = tuple(sizes)
        if type(sizes) is not cls and any(type(item) is not int for item in items):
            items = tuple(_as_int(at, item) for at, item in enumerate(items))
        return tuple.__new__(cls, items)

    def numel(self) -> int:
        """The number of elements of a tensor of this shape; 1 for `Size([])`."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def __getitem__(self, index: Any) -> Any:
        found = tuple.__getitem__(self, index)
        return Size(found) if isinstance(index, slice) else found

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, tuple):
            return NotImplemented
        return Size(tuple.__add__(self, other))

    def __radd__(self, other: Any) -> Any:
        if not isinstance(other, tuple):
            return NotImplemented
        return Size(tuple.__add__(other, self))

    def __mul__(self, count: SupportsIndex) -> Size:
        return Size(tuple.__mul__(self, count))

    __rmul__ = __mul__

    def __reduce__(self) -> tuple[type[Size], tuple[tuple[int, ...]]]:
        return Size, (tuple(self),)


def _as_int(at: int, item: Any) -> int:
    try:
        return int(operator.index(item))
    except TypeError:
        raise TypeError(
            "torch.Size() takes an iterable of 'int' "
            f"(item {at} is '{type(item).__name__}')"
        ) from None


Size.__module__ = "rushlight"
