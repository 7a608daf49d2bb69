"""Padding, rearranging of pixels and distances."""

from __future__ import annotations

from rushlight import Tensor

from .._op import op
from .._tuples import _pair

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

channel_shuffle = op("channel_shuffle")
cosine_similarity = op("cosine_similarity")
native_channel_shuffle = op("native_channel_shuffle")
pairwise_distance = op("pairwise_distance")
pdist = op("pdist")
pixel_shuffle = op("pixel_shuffle")
pixel_unshuffle = op("pixel_unshuffle")
scaled_dot_product_attention = op("scaled_dot_product_attention")

_col2im = op("col2im")
_im2col = op("im2col")
_pad = op("pad")


def pad(
    input: Tensor,
    pad: Sequence[int],
    mode: str = "constant",
    value: float | None = None,
) -> Tensor:
    """Adds (or, where negative, cuts) elements at the edges.

    Args:
        input: any shape.
        pad: before and after, from the last dimension backwards.
        mode: 'constant', 'reflect', 'replicate' or 'circular'.
        value: the constant, 0 by default.
    """
    return _pad(input, pad, mode, value)


def unfold(
    input: Tensor,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Tensor:
    """The sliding windows of (N, C, H, W) as columns: (N, C * kH * kW, windows)."""
    return _im2col(
        input, _pair(kernel_size), _pair(dilation), _pair(padding), _pair(stride)
    )


def fold(
    input: Tensor,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Tensor:
    """Adds the columns of `unfold` back up to a picture of `output_size`."""
    return _col2im(
        input,
        _pair(output_size),
        _pair(kernel_size),
        _pair(dilation),
        _pair(padding),
        _pair(stride),
    )
