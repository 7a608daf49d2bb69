"""``out=`` of functions that are composed in Python."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from rushlight import _C

if TYPE_CHECKING:
    from rushlight import Tensor


def deliver(name: str, value: Tensor, out: Tensor | None) -> Tensor:
    """``value``, written into ``out`` when that is given (and resized to fit).

    Raises:
        RuntimeError: another dtype than the value's, or a gradient is asked for.
    """
    if out is None:
        return value
    if value.requires_grad or (out.requires_grad and _C.is_grad_enabled()):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic "
            "differentiation, but one of the arguments requires grad."
        )
    if value.dtype is not out.dtype:
        raise RuntimeError(
            f"{name}: Expected out tensor to have dtype {value.dtype}, but got "
            f"{out.dtype} instead"
        )
    if out.shape != value.shape:
        if out.numel():
            warnings.warn(
                "An output with one or more elements was resized since it had shape "
                f"{list(out.shape)}, which does not match the required output shape "
                f"{list(value.shape)}. This behavior is deprecated, and in a future PyTorch "
                "release outputs will not be resized unless they have zero elements. You can "
                "explicitly reuse an out tensor t by resizing it, inplace, to zero elements "
                "with t.resize_(0).",
                UserWarning,
                stacklevel=3,
            )
        out.resize_(value.shape)
    return out.copy_(value)


def deliver_all(name: str, values: Any, outs: Any) -> Any:
    """The same for several results."""
    if outs is None:
        return values
    return tuple(
        deliver(name, value, out) for value, out in zip(values, outs, strict=True)
    )
