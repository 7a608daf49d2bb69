"""Layers that merge or split dimensions."""

from __future__ import annotations

from rushlight import Tensor

from .module import Module

__all__ = [
    "Flatten",
    "Unflatten",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Flatten(Module):
    """Merges the dimensions start_dim to end_dim: (N, C, H, W) -> (N, C H W)."""

    __constants__ = ["start_dim", "end_dim"]

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Splits one dimension into several, the reverse of `Flatten`.

    Args:
        dim: the dimension, an int.
        unflattened_size: its new sizes; one of them may be -1.

    Raises:
        TypeError: when the sizes are not ints.
    """

    __constants__ = ["dim", "unflattened_size"]

    def __init__(self, dim: int, unflattened_size: Any) -> None:
        super().__init__()
        if not isinstance(unflattened_size, (tuple, list)):
            raise TypeError(
                "unflattened_size must be a tuple of ints, but found type "
                f"{type(unflattened_size).__name__}"
            )
        for place, entry in enumerate(unflattened_size):
            if not isinstance(entry, int):
                raise TypeError(
                    "unflattened_size must be tuple of ints, but found element of type "
                    f"{type(entry).__name__} at pos {place}"
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
