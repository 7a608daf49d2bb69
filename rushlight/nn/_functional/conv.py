"""Convolutions and linear maps."""

from __future__ import annotations

from rushlight import Tensor

from .._op import op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

bilinear = op("bilinear")
conv_tbc = op("conv_tbc")
conv_transpose1d = op("conv_transpose1d")
conv_transpose2d = op("conv_transpose2d")
conv_transpose3d = op("conv_transpose3d")
linear = op("linear")

_conv1d = op("conv1d")
_conv2d = op("conv2d")
_conv3d = op("conv3d")
_pad = op("pad")


def _with_named_padding(
    apply: Callable[..., Any],
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: str,
    dilation: Any,
    groups: int,
) -> Tensor:
    """A convolution whose padding is 'same' or 'valid'."""
    dims = weight.dim() - 2
    if padding == "valid":
        return apply(input, weight, bias, stride, (0,) * dims, dilation, groups)
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    strides = (stride,) * dims if isinstance(stride, int) else tuple(stride)
    dilations = (dilation,) * dims if isinstance(dilation, int) else tuple(dilation)
    if any(step != 1 for step in strides):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    total = [d * (k - 1) for d, k in zip(dilations, weight.shape[2:])]
    before = [t // 2 for t in total]
    if any(t % 2 for t in total):
        # What cannot be split evenly goes to the far side.
        uneven: list[int] = []
        for t in reversed(total):
            uneven += [0, t % 2]
        input = _pad(input, uneven)
    return apply(input, weight, bias, strides, before, dilations, groups)


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation of (N, C, L) or (C, L) with weight (O, C / groups, K).

    Args:
        input: the signals.
        weight: the kernels.
        bias: added to each output channel, shape (O).
        stride: step of the window.
        padding: zeros added on both sides, or 'valid' (none) or 'same'.
        dilation: distance between kernel elements.
        groups: channels are connected within groups only.
    """
    if type(padding) is str:
        return _with_named_padding(
            _conv1d, input, weight, bias, stride, padding, dilation, groups
        )
    return _conv1d(input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation of (N, C, H, W) or (C, H, W) with (O, C / groups, kH, kW).

    Arguments as in `conv1d`, each an int or a pair.
    """
    if type(padding) is str:
        return _with_named_padding(
            _conv2d, input, weight, bias, stride, padding, dilation, groups
        )
    return _conv2d(input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation of (N, C, D, H, W) or (C, D, H, W) with 5-d weights.

    Arguments as in `conv1d`, each an int or a triple.
    """
    if type(padding) is str:
        return _with_named_padding(
            _conv3d, input, weight, bias, stride, padding, dilation, groups
        )
    return _conv3d(input, weight, bias, stride, padding, dilation, groups)
