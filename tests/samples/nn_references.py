"""NumPy references of convolution, pooling and resampling: short, slow, obvious."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def spread(value: Any, count: int) -> tuple[int, ...]:
    """One number for every dimension, or as many numbers as dimensions."""
    if isinstance(value, int):
        return (value,) * count
    values = tuple(value)
    return values * count if len(values) == 1 else values


def convolution(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Cross-correlation of (N, C, *space) or (C, *space) with (O, C/groups, *k)."""
    n = weight.ndim - 2
    if x.ndim == n + 1:
        return convolution(x[None], weight, bias, stride, padding, dilation, groups)[0]
    stride, dilation = spread(stride, n), spread(dilation, n)
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, weight.shape[2:], strict=True)]
    if padding == "same":
        edges = [((r - 1) // 2, r - 1 - (r - 1) // 2) for r in reach]
    elif padding == "valid":
        edges = [(0, 0)] * n
    else:
        edges = [(p, p) for p in spread(padding, n)]
    x = np.pad(x, [(0, 0), (0, 0), *edges])
    windows = sliding_window_view(x, reach, tuple(range(2, 2 + n)))
    steps = tuple(slice(None, None, s) for s in stride)
    holes = tuple(slice(None, None, d) for d in dilation)
    windows = windows[(slice(None), slice(None), *steps, *holes)]
    channels = weight.shape[1]
    outs = []
    for g, w in enumerate(np.split(weight, groups)):
        part = windows[:, g * channels : (g + 1) * channels]
        axes = (1, *range(2 + n, 2 + 2 * n))
        outs.append(np.tensordot(part, w, (axes, tuple(range(1, 2 + n)))))
    out = np.moveaxis(np.concatenate(outs, -1), -1, 1)
    return out if bias is None else out + bias.reshape(-1, *[1] * n)


def transposed_convolution(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """Adjoint of `convolution`: every input element adds a scaled kernel."""
    n = weight.ndim - 2
    if x.ndim == n + 1:
        rest = (stride, padding, output_padding, groups, dilation)
        return transposed_convolution(x[None], weight, bias, *rest)[0]
    stride, dilation = spread(stride, n), spread(dilation, n)
    padding, extra = spread(padding, n), spread(output_padding, n)
    kernel, size = weight.shape[2:], x.shape[2:]
    full = [
        (size[i] - 1) * stride[i] + dilation[i] * (kernel[i] - 1) + 1 + extra[i]
        for i in range(n)
    ]
    each = weight.shape[1]
    out = np.zeros((x.shape[0], each * groups, *full), np.result_type(x, weight))
    inputs = x.shape[1] // groups
    for g in range(groups):
        part, w = x[:, g * inputs :][:, :inputs], weight[g * inputs :][:inputs]
        for at in itertools.product(*map(range, kernel)):
            where = tuple(
                slice(at[i] * dilation[i], at[i] * dilation[i] + size[i] * stride[i])
                for i in range(n)
            )
            where = tuple(
                slice(s.start, s.start + (size[i] - 1) * stride[i] + 1, stride[i])
                for i, s in enumerate(where)
            )
            add = np.moveaxis(np.tensordot(part, w[(..., *at)], ((1,), (0,))), -1, 1)
            out[(slice(None), slice(g * each, (g + 1) * each), *where)] += add
    inner = tuple(slice(padding[i], full[i] - padding[i]) for i in range(n))
    out = out[(slice(None), slice(None), *inner)]
    return out if bias is None else out + bias.reshape(-1, *[1] * n)


def pooled_size(
    size: int, kernel: int, stride: int, pad: int, dilation: int, ceil: bool
) -> int:
    """Number of windows; the last one must start inside the input or its left pad."""
    span = size + 2 * pad - dilation * (kernel - 1) - 1
    count = (math.ceil(span / stride) if ceil else span // stride) + 1
    if ceil and (count - 1) * stride >= size + pad:
        count -= 1
    return count


def windows_of(
    shape: Sequence[int],
    kernel: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil: bool,
) -> tuple[tuple[int, ...], Iterator[tuple[tuple[int, ...], list[list[int]]]]]:
    """Output shape, and (output position, input positions by dimension) pairs."""
    n = len(shape)
    kernel, padding, dilation = (spread(v, n) for v in (kernel, padding, dilation))
    stride = kernel if stride is None or stride == [] else spread(stride, n)
    sizes = tuple(
        pooled_size(*each, ceil)
        for each in zip(shape, kernel, stride, padding, dilation, strict=True)
    )

    def positions() -> Iterator[tuple[tuple[int, ...], list[list[int]]]]:
        for at in itertools.product(*map(range, sizes)):
            starts = [a * s - p for a, s, p in zip(at, stride, padding, strict=True)]
            yield (
                at,
                [
                    [start + j * dilation[i] for j in range(kernel[i])]
                    for i, start in enumerate(starts)
                ],
            )

    return sizes, positions()


def max_pool(n: int, indices: bool = False) -> Callable[..., Any]:
    def reference(
        x: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        space = x.shape[x.ndim - n :]
        sizes, windows = windows_of(
            space, kernel_size, stride, padding, dilation, ceil_mode
        )
        flat = x.reshape(math.prod(x.shape[: x.ndim - n]), *space)
        out = np.zeros((len(flat), *sizes), x.dtype)
        found = np.zeros(out.shape, np.int64)
        numbers = np.arange(int(np.prod(space))).reshape(space)
        for at, places in windows:
            inside = [
                [p for p in ps if 0 <= p < s]
                for ps, s in zip(places, space, strict=True)
            ]
            grid = np.ix_(*inside)
            block = flat[(slice(None), *grid)].reshape(
                len(flat), math.prod(map(len, inside))
            )
            best = _first_maximum(block)
            out[(slice(None), *at)] = block[np.arange(len(flat)), best]
            found[(slice(None), *at)] = numbers[grid].reshape(-1)[best]
        lead = x.shape[: x.ndim - n]
        out, found = out.reshape(*lead, *sizes), found.reshape(*lead, *sizes)
        return (out, found) if indices or return_indices else out

    return reference


def _first_maximum(block: Any) -> Any:
    broken = np.isnan(block) if block.dtype.kind == "f" else np.zeros(block.shape, bool)
    return np.where(broken.any(1), broken.argmax(1), block.argmax(1))


def avg_pool(n: int) -> Callable[..., Any]:
    def reference(
        x: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Any:
        space = x.shape[x.ndim - n :]
        pads = spread(padding, n)
        sizes, windows = windows_of(space, kernel_size, stride, padding, 1, ceil_mode)
        flat = x.reshape(math.prod(x.shape[: x.ndim - n]), *space)
        out = np.zeros((len(flat), *sizes))
        for at, places in windows:
            inside = [
                [p for p in ps if 0 <= p < s]
                for ps, s in zip(places, space, strict=True)
            ]
            # Padding counts, but not what a ceiling adds beyond it.
            padded = [
                sum(p < s + pad for p in ps)
                for ps, s, pad in zip(places, space, pads, strict=True)
            ]
            axes = tuple(range(1, n + 1))
            total = flat[(slice(None), *np.ix_(*inside))].sum(axes)
            count = math.prod(padded if count_include_pad else map(len, inside))
            out[(slice(None), *at)] = total / (divisor_override or count)
        return out.reshape(*x.shape[: x.ndim - n], *sizes)

    return reference


def adaptive_pool(n: int, reduce: Callable[..., Any]) -> Callable[..., Any]:
    def reference(x: Any, output_size: Any) -> Any:
        space = x.shape[x.ndim - n :]
        wanted = (output_size,) * n if isinstance(output_size, int) else output_size
        sizes = [s if w is None else w for s, w in zip(space, wanted, strict=True)]
        out = np.zeros((*x.shape[: x.ndim - n], *sizes), x.dtype)
        for at in itertools.product(*map(range, sizes)):
            window = tuple(
                slice(a * s // o, -(-(a + 1) * s // o))
                for a, s, o in zip(at, space, sizes, strict=True)
            )
            axes = tuple(range(-n, 0))
            out[(..., *at)] = reduce(x[(..., *window)], axis=axes)
        return out

    return reference


def lp_pool(n: int) -> Callable[..., Any]:
    average = avg_pool(n)

    def reference(
        x: Any, norm_type: float, kernel_size: Any, stride: Any = None
    ) -> Any:
        count = math.prod(spread(kernel_size, n))
        powered = average(np.abs(x) ** norm_type, kernel_size, stride) * count
        return powered ** (1 / norm_type)

    return reference


def resize_matrix(
    size: int, target: int, scale: float | None, mode: str, corners: bool
) -> Any:
    """(target, size) weights of one dimension; resampling is separable."""
    out = np.zeros((target, size))
    step = 1 / scale if scale else size / target
    for i in range(target):
        if mode == "nearest":
            out[i, min(int(math.floor(i * step)), size - 1)] = 1
            continue
        if mode == "nearest-exact":
            out[i, min(int(math.floor((i + 0.5) * step)), size - 1)] = 1
            continue
        if corners:
            place = i * (size - 1) / (target - 1) if target > 1 else 0.0
        else:
            place = (i + 0.5) * step - 0.5
        if mode == "linear":
            place = max(place, 0.0)
            low = min(int(place), size - 1)
            part = place - low
            out[i, low] += 1 - part
            out[i, min(low + 1, size - 1)] += part
        else:
            low = math.floor(place)
            for j, w in enumerate(cubic_weights(place - low), -1):
                out[i, min(max(low + j, 0), size - 1)] += w
    return out


def cubic_weights(t: float, a: float = -0.75) -> list[float]:
    """Keys' cubic kernel (IEEE Trans. ASSP 29, 1981) at the four neighbours."""

    def near(d: float) -> float:
        return ((a + 2) * d - (a + 3)) * d * d + 1

    def far(d: float) -> float:
        return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


def interpolate(
    x: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
) -> Any:
    n = x.ndim - 2
    space = x.shape[2:]
    scales: list[Any] = [None] * n
    if size is not None:
        targets = spread(size, n)
    else:
        scales = (
            [scale_factor] * n
            if isinstance(scale_factor, (int, float))
            else list(scale_factor)
        )
        targets = tuple(int(s * f) for s, f in zip(space, scales, strict=True))
    if mode == "area":
        return adaptive_pool(n, np.mean)(x, targets)
    if recompute_scale_factor:
        scales = [None] * n
    kind = {"bilinear": "linear", "trilinear": "linear"}.get(mode, mode)
    for i in range(n):
        matrix = resize_matrix(
            space[i], targets[i], scales[i], kind, bool(align_corners)
        )
        x = np.moveaxis(np.tensordot(x, matrix, ((2 + i,), (1,))), -1, 2 + i)
    return x
