"""Padding layers. Amounts are one number, or before and after from the last dimension
backwards."""

from __future__ import annotations

from rushlight import Tensor

from .. import functional as F
from .._tuples import _ntuple, _pair, _quadruple
from .module import Module

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_sextuple = _ntuple(6)


class _PadNd(Module):
    """Amounts and mode; subclasses say how many amounts there are."""

    __constants__ = ["padding"]
    _mode: str
    _repeat: Callable[[Any], tuple[Any, ...]]

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = type(self)._repeat(padding)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPadNd(_PadNd):
    __constants__ = ["padding", "value"]

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """Pads (N, C, L) or (C, L) with a value; 2 amounts."""

    _repeat = staticmethod(_pair)


class ConstantPad2d(_ConstantPadNd):
    """Pads (N, C, H, W) or (C, H, W) with a value; 4 amounts."""

    _repeat = staticmethod(_quadruple)


class ConstantPad3d(_ConstantPadNd):
    """Pads (N, C, D, H, W) or (C, D, H, W) with a value; 6 amounts."""

    _repeat = staticmethod(_sextuple)


class ZeroPad1d(ConstantPad1d):
    """`ConstantPad1d` with zeros."""

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(ConstantPad2d):
    """`ConstantPad2d` with zeros."""

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad3d(ConstantPad3d):
    """`ConstantPad3d` with zeros."""

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ReflectionPadNd(_PadNd):
    _mode = "reflect"


class ReflectionPad1d(_ReflectionPadNd):
    """Pads (N, C, L) with its mirror image, the edge not repeated."""

    _repeat = staticmethod(_pair)


class ReflectionPad2d(_ReflectionPadNd):
    """Pads (N, C, H, W) with its mirror image, the edge not repeated."""

    _repeat = staticmethod(_quadruple)


class ReflectionPad3d(_ReflectionPadNd):
    """Pads (N, C, D, H, W) with its mirror image, the edge not repeated."""

    _repeat = staticmethod(_sextuple)


class _ReplicationPadNd(_PadNd):
    _mode = "replicate"


class ReplicationPad1d(_ReplicationPadNd):
    """Pads (N, C, L) with its edge values."""

    _repeat = staticmethod(_pair)


class ReplicationPad2d(_ReplicationPadNd):
    """Pads (N, C, H, W) with its edge values."""

    _repeat = staticmethod(_quadruple)


class ReplicationPad3d(_ReplicationPadNd):
    """Pads (N, C, D, H, W) with its edge values."""

    _repeat = staticmethod(_sextuple)


class _CircularPadNd(_PadNd):
    _mode = "circular"

    def _check_input_dim(self, input: Tensor) -> None:
        unbatched = len(self.padding) // 2 + 1
        if input.dim() not in (unbatched, unbatched + 1):
            raise ValueError(
                f"expected {unbatched}D or {unbatched + 1}D input (got {input.dim()}D "
                "input)"
            )

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        return F.pad(input, self.padding, self._mode)


class CircularPad1d(_CircularPadNd):
    """Pads (N, C, L) as if it repeated for ever."""

    _repeat = staticmethod(_pair)


class CircularPad2d(_CircularPadNd):
    """Pads (N, C, H, W) as if it repeated for ever."""

    _repeat = staticmethod(_quadruple)


class CircularPad3d(_CircularPadNd):
    """Pads (N, C, D, H, W) as if it repeated for ever."""

    _repeat = staticmethod(_sextuple)
