"""Pooling: the maximum or mean of windows."""

from __future__ import annotations

import rushlight
from rushlight import Tensor

from .._op import op
from .._tuples import _list_with_default, _pair, _single, _triple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

avg_pool1d = op("avg_pool1d")
avg_pool2d = op("avg_pool2d")
avg_pool3d = op("avg_pool3d")
adaptive_avg_pool1d = op("adaptive_avg_pool1d")

_adaptive_avg_pool2d = op("adaptive_avg_pool2d")
_adaptive_avg_pool3d = op("adaptive_avg_pool3d")
_adaptive_max_pool1d = op("adaptive_max_pool1d")
_adaptive_max_pool2d = op("adaptive_max_pool2d")
_adaptive_max_pool3d = op("adaptive_max_pool3d")
_fractional_max_pool2d = op("fractional_max_pool2d")
_fractional_max_pool3d = op("fractional_max_pool3d")
_max_pool1d_op = op("max_pool1d")
_max_pool2d_op = op("max_pool2d")
_max_pool3d_op = op("max_pool3d")
_max_pool1d_with_indices = op("max_pool1d_with_indices")
_max_pool2d_with_indices = op("max_pool2d_with_indices")
_max_pool3d_with_indices = op("max_pool3d_with_indices")
_max_unpool2d = op("max_unpool2d")
_max_unpool3d = op("max_unpool3d")


# The names with an underscore are what PyTorch's errors about arguments show.
def _max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Maximum over windows of (N, C, L) or (C, L).

    Args:
        input: the signals.
        kernel_size: size of the window.
        stride: step of the window, by default its size.
        padding: minus infinities added on both sides, at most half the window.
        dilation: distance between the window's elements.
        ceil_mode: let the last window reach over the edge.
        return_indices: return (maxima, their positions).
    """
    pool = _max_pool1d_with_indices if return_indices else _max_pool1d_op
    stride = [] if stride is None else stride
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


def _max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Maximum over windows of (N, C, H, W) or (C, H, W); arguments as `max_pool1d`."""
    pool = _max_pool2d_with_indices if return_indices else _max_pool2d_op
    stride = [] if stride is None else stride
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


def _max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Maximum over windows of (N, C, D, H, W) or (C, D, H, W)."""
    pool = _max_pool3d_with_indices if return_indices else _max_pool3d_op
    stride = [] if stride is None else stride
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


max_pool1d = _max_pool1d
max_pool2d = _max_pool2d
max_pool3d = _max_pool3d


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """`max_pool1d` that always returns (maxima, positions)."""
    return max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """`max_pool2d` that always returns (maxima, positions)."""
    return max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """`max_pool3d` that always returns (maxima, positions)."""
    return max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Means of as many windows as the output has places.

    Args:
        input: (N, C, H, W) or (C, H, W).
        output_size: int or pair; None in it keeps the input's size.
    """
    size = _list_with_default(output_size, input.shape)
    return _adaptive_avg_pool2d(input, _pair(size))


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """As `adaptive_avg_pool2d`, over three dimensions."""
    size = _list_with_default(output_size, input.shape)
    return _adaptive_avg_pool3d(input, _triple(size))


def adaptive_max_pool1d(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> Any:
    """Maxima of as many windows as the output has places, with positions on wish."""
    found = _adaptive_max_pool1d(input, _single(output_size))
    return found if return_indices else found[0]


def adaptive_max_pool2d(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> Any:
    """As `adaptive_max_pool1d`; None in `output_size` keeps the input's size."""
    size = _list_with_default(output_size, input.shape)
    found = _adaptive_max_pool2d(input, _pair(size))
    return found if return_indices else found[0]


def adaptive_max_pool3d(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> Any:
    """As `adaptive_max_pool2d`, over three dimensions."""
    size = _list_with_default(output_size, input.shape)
    found = _adaptive_max_pool3d(input, _triple(size))
    return found if return_indices else found[0]


def adaptive_max_pool1d_with_indices(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> Any:
    """`adaptive_max_pool1d` that always returns (maxima, positions)."""
    return adaptive_max_pool1d(input, output_size, True)


def adaptive_max_pool2d_with_indices(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> Any:
    """`adaptive_max_pool2d` that always returns (maxima, positions)."""
    return adaptive_max_pool2d(input, output_size, True)


def adaptive_max_pool3d_with_indices(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> Any:
    """`adaptive_max_pool3d` that always returns (maxima, positions)."""
    return adaptive_max_pool3d(input, output_size, True)


def _lp_pool(
    input: Tensor,
    norm_type: float,
    kernel_size: tuple[int, ...],
    stride: Any,
    ceil_mode: bool,
    max_pool: Callable[..., Any],
    avg_pool: Callable[..., Any],
) -> Tensor:
    stride = kernel_size if stride is None else stride
    if norm_type == float("inf"):
        return max_pool(input.abs(), kernel_size, stride, 0, 1, ceil_mode)
    if norm_type == -float("inf"):
        return -max_pool(-input.abs(), kernel_size, stride, 0, 1, ceil_mode)
    mean = avg_pool(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    area = 1
    for extent in kernel_size:
        area *= extent
    # A negative sum has no real root: its sign times nothing, as in PyTorch.
    return (mean.sign() * mean.abs().relu() * area).pow(1.0 / norm_type)


def lp_pool1d(
    input: Tensor,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Tensor:
    """(sum of x^p over the window)^(1/p)."""
    kernel_size = _single(kernel_size)
    return _lp_pool(
        input, norm_type, kernel_size, stride, ceil_mode, max_pool1d, avg_pool1d
    )


def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Tensor:
    """As `lp_pool1d`, over two dimensions."""
    kernel_size = _pair(kernel_size)
    return _lp_pool(
        input, norm_type, kernel_size, stride, ceil_mode, max_pool2d, avg_pool2d
    )


def lp_pool3d(
    input: Tensor,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Tensor:
    """As `lp_pool1d`, over three dimensions."""
    kernel_size = _triple(kernel_size)
    return _lp_pool(
        input, norm_type, kernel_size, stride, ceil_mode, max_pool3d, avg_pool3d
    )


def _unpool_output_size(
    input: Tensor,
    kernel_size: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    output_size: Sequence[int] | None,
) -> list[int]:
    """The size before pooling; ambiguous within one stride, hence `output_size`."""
    dims = len(kernel_size)
    default = [
        (extent - 1) * s + k - 2 * p
        for extent, s, k, p in zip(input.shape[-dims:], stride, kernel_size, padding)
    ]
    if output_size is None:
        return default
    if len(output_size) == dims + 2:
        output_size = output_size[2:]
    if len(output_size) != dims:
        raise ValueError(
            f"output_size should be a sequence containing {dims} or {dims + 2} "
            f"elements, but it has a length of '{len(output_size)}'"
        )
    for d, (wanted, usual, step) in enumerate(zip(output_size, default, stride)):
        if not usual - step < wanted < usual + step:
            raise ValueError(
                f'invalid output_size "{output_size}" (dim {d} must be between '
                f"{usual - step} and {usual + step})"
            )
    return list(output_size)


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Puts the maxima back where `max_pool1d` found them, zeros elsewhere."""
    kernel_size = _single(kernel_size)
    stride = kernel_size if stride is None else _single(stride)
    size = _unpool_output_size(
        input, kernel_size, stride, _single(padding), output_size
    )
    unpooled = _max_unpool2d(input.unsqueeze(-1), indices.unsqueeze(-1), [*size, 1])
    return unpooled.squeeze(-1)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Puts the maxima back where `max_pool2d` found them, zeros elsewhere."""
    kernel_size = _pair(kernel_size)
    stride = kernel_size if stride is None else _pair(stride)
    size = _unpool_output_size(input, kernel_size, stride, _pair(padding), output_size)
    return _max_unpool2d(input, indices, size)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Puts the maxima back where `max_pool3d` found them, zeros elsewhere."""
    kernel_size = _triple(kernel_size)
    stride = kernel_size if stride is None else _triple(stride)
    padding = _triple(padding)
    size = _unpool_output_size(input, kernel_size, stride, padding, output_size)
    return _max_unpool3d(input, indices, size, stride, padding)


def _fractional(
    name: str,
    pool: Callable[..., Any],
    dims: int,
    input: Tensor,
    kernel_size: Any,
    output_size: Any,
    output_ratio: Any,
    return_indices: bool,
    samples: Tensor | None,
) -> Any:
    repeat = {2: _pair, 3: _triple}[dims]
    if output_size is None:
        if output_ratio is None:
            raise ValueError(
                f"{name} requires specifying either an output_size or an output_ratio"
            )
        ratios = repeat(output_ratio)
        extents = input.shape[-dims:]
        output_size = [int(n * ratio) for n, ratio in zip(extents, ratios)]
    if samples is None:
        batch = 1 if input.dim() == dims + 1 else input.size(0)
        channels = input.size(-dims - 1)
        samples = rushlight.rand(
            batch, channels, dims, dtype=input.dtype, device=input.device
        )
    found = pool(input, repeat(kernel_size), repeat(output_size), samples)
    return found if return_indices else found[0]


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """Maxima over windows at random steps (B. Graham, arXiv:1412.6071)."""
    return _fractional(
        "fractional_max_pool2d",
        _fractional_max_pool2d,
        2,
        input,
        kernel_size,
        output_size,
        output_ratio,
        return_indices,
        _random_samples,
    )


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """As `fractional_max_pool2d`, over three dimensions."""
    return _fractional(
        "fractional_max_pool3d",
        _fractional_max_pool3d,
        3,
        input,
        kernel_size,
        output_size,
        output_ratio,
        return_indices,
        _random_samples,
    )
