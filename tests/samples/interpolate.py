"""Samples of resampling: interpolate, grids, pixel shuffles, sliding blocks."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from . import nn_references as ref
from .dtypes import ALL, FLOATS, INEXACT
from .table import ErrorInput, Inputs, OpSamples, SampleInput, error, sample


def resize_inputs(
    modes: tuple[str, ...], spaces: tuple[tuple[int, ...], ...]
) -> Inputs:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        for mode in modes:
            for space in spaces:
                x = make((1, 2, *space), dtype)
                bigger = tuple(2 * s - 1 for s in space)
                corners = (None,) if mode in FLAT else (False, True)
                for corner in corners:
                    extra = {} if corner is None else {"align_corners": corner}
                    yield sample(x, bigger, mode=mode, **extra)
                    yield sample(x, scale_factor=2, mode=mode, **extra)
                    small = make((2, 3, *space), dtype, layout="transposed")
                    yield sample(small, 2, mode=mode, **extra)
                    yield sample(small, scale_factor=1.6, mode=mode, **extra)
                    yield sample(
                        small,
                        scale_factor=1.6,
                        mode=mode,
                        recompute_scale_factor=True,
                        **extra,
                    )

    return inputs


FLAT = ("nearest", "nearest-exact", "area")


def resize_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((1, 2, 3, 3), "float32")
    yield error(ValueError, "either size or scale_factor should be defined", x)
    text = "only one of size or scale_factor should be defined"
    yield error(ValueError, text, x, 4, 2.0)
    text = "align_corners option can only be set with the interpolating modes"
    yield error(ValueError, text, x, 4, mode="nearest", align_corners=True)


def shuffle_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((1, 4, 2, 3), dtype), 2)
    yield sample(make((2, 9, 1, 2), dtype, layout="transposed"), 3)
    yield sample(make((4, 1, 2), dtype), 2)


def pixel_shuffle(x: Any, r: int) -> Any:
    *lead, c, h, w = x.shape
    parts = x.reshape(*lead, c // r**2, r, r, h, w)
    n = len(lead)
    order = (*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return parts.transpose(order).reshape(*lead, c // r**2, h * r, w * r)


def unshuffle_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((1, 1, 4, 6), dtype), 2)
    yield sample(make((2, 2, 2, 4), dtype, layout="transposed"), 2)


def pixel_unshuffle(x: Any, r: int) -> Any:
    *lead, c, h, w = x.shape
    parts = x.reshape(*lead, c, h // r, r, w // r, r)
    n = len(lead)
    order = (*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return parts.transpose(order).reshape(*lead, c * r * r, h // r, w // r)


def unfold_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((1, 2, 3, 4), dtype), 2)
    yield sample(make((1, 1, 4, 5), dtype), (2, 3), 1, 1, 2)
    yield sample(make((2, 5, 4), dtype), 2, padding=1, stride=2)


def unfold(
    x: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    if x.ndim == 3:
        return unfold(x[None], kernel_size, dilation, padding, stride)[0]
    n, c = x.shape[:2]
    pads = ref.spread(padding, 2)
    padded = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in pads)))
    sizes, windows = ref.windows_of(
        padded.shape[2:], kernel_size, ref.spread(stride, 2), 0, dilation, False
    )
    blocks = [
        padded[(slice(None), slice(None), *np.ix_(*at))].reshape(n, -1)
        for _, at in windows
    ]
    return np.stack(blocks, -1)


def fold_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((1, 4, 6), dtype), (3, 4), 2)
    yield sample(make((2, 8, 4), dtype), (3, 3), 2)
    yield sample(make((1, 4, 9), dtype), (4, 4), 2, stride=2, padding=1)


def fold(
    x: Any, output_size: Any, kernel_size: Any, padding: int = 0, stride: int = 1
) -> Any:
    """Adjoint of unfold, entry by entry."""
    kernel = ref.spread(kernel_size, 2)
    n, c = x.shape[0], x.shape[1] // (kernel[0] * kernel[1])
    full = [s + 2 * padding for s in output_size]
    out = np.zeros((n, c, *full), x.dtype)
    _, windows = ref.windows_of(full, kernel, ref.spread(stride, 2), 0, 1, False)
    for i, (_, at) in enumerate(windows):
        out[(slice(None), slice(None), *np.ix_(*at))] += x[:, :, i].reshape(
            n, c, *kernel
        )
    inner = slice(padding, None if padding == 0 else -padding)
    return out[:, :, inner, inner]


def grid_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make((1, 1, 3, 4), dtype)
    grid = make((1, 2, 3, 2), dtype, low=-0.9, high=0.9) * 1.0625
    for mode in ("bilinear", "nearest", "bicubic"):
        for padding in ("zeros", "border", "reflection"):
            for corners in (False, True):
                yield sample(x, grid, mode, padding, corners).but(
                    grad=mode == "bilinear"
                )
    yield sample(
        make((1, 1, 2, 3, 2), dtype), make((1, 1, 2, 2, 3), dtype, low=-0.9, high=0.9)
    )


def affine_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for corners in (False, True):
        yield sample(make((2, 2, 3), dtype), (2, 1, 3, 4), corners)
        yield sample(make((1, 3, 4), dtype), (1, 1, 2, 3, 2), corners)


def affine_grid(theta: Any, size: Any, align_corners: bool = False) -> Any:
    space = size[2:]

    def axis(count: int) -> Any:
        line = np.linspace(-1, 1, count) if count > 1 else np.zeros(1)
        return line if align_corners else line * (count - 1) / count

    grids = np.meshgrid(*map(axis, space), indexing="ij")
    base = np.stack([*reversed(grids), np.ones_like(grids[0])], -1)
    return np.einsum("...j,nij->n...i", base, theta)


LINES = ((5,), (3,))
PLANES = ((3, 4), (2, 3))
CUBES = ((2, 3, 2),)

TABLE: list[OpSamples] = [
    OpSamples(
        "nn.functional.interpolate",
        FLOATS,
        resize_inputs(FLAT, LINES),
        ref.interpolate,
        label="1d",
        records=("upsample_nearest1d", "_upsample_nearest_exact1d"),
        result="same",
    ),
    OpSamples(
        "nn.functional.interpolate",
        FLOATS,
        resize_inputs(("linear",), LINES),
        ref.interpolate,
        label="linear",
        records=("upsample_linear1d",),
        result="same",
    ),
    OpSamples(
        "nn.functional.interpolate",
        FLOATS,
        resize_inputs(FLAT, PLANES),
        ref.interpolate,
        errors=resize_errors,
        label="2d",
        records=("upsample_nearest2d", "_upsample_nearest_exact2d"),
        result="same",
    ),
    OpSamples(
        "nn.functional.interpolate",
        FLOATS,
        resize_inputs(("bilinear",), PLANES),
        ref.interpolate,
        label="bilinear",
        records=("upsample_bilinear2d",),
        result="same",
    ),
    OpSamples(
        "nn.functional.interpolate",
        FLOATS,
        resize_inputs(("bicubic",), PLANES),
        ref.interpolate,
        label="bicubic",
        records=("upsample_bicubic2d",),
        result="same",
        tolerance={"float32": (2e-5, 1e-5)},
        reason="weights of both signs cancel",
    ),
    OpSamples(
        "nn.functional.interpolate",
        FLOATS,
        resize_inputs(FLAT, CUBES),
        ref.interpolate,
        label="3d",
        records=("upsample_nearest3d", "_upsample_nearest_exact3d"),
        result="same",
    ),
    OpSamples(
        "nn.functional.interpolate",
        FLOATS,
        resize_inputs(("trilinear",), CUBES),
        ref.interpolate,
        label="trilinear",
        records=("upsample_trilinear3d",),
        result="same",
    ),
    OpSamples("pixel_shuffle", ALL, shuffle_inputs, pixel_shuffle, result="same"),
    OpSamples("pixel_unshuffle", ALL, unshuffle_inputs, pixel_unshuffle, result="same"),
    OpSamples(
        "nn.functional.unfold",
        INEXACT,
        unfold_inputs,
        unfold,
        records=("im2col",),
        result="same",
    ),
    OpSamples(
        "nn.functional.fold",
        INEXACT,
        fold_inputs,
        fold,
        records=("col2im",),
        result="same",
    ),
    OpSamples(
        "nn.functional.grid_sample",
        FLOATS,
        grid_inputs,
        None,
        records=("grid_sampler", "grid_sampler_2d", "grid_sampler_3d"),
        result="same",
        gradgrad=False,
        tolerance={"float16": (5e-2, 3e-2), "bfloat16": (2e-1, 2e-1)},
        reason="PyTorch rounds positions and weights to 16 bits",
    ),
    OpSamples(
        "nn.functional.affine_grid",
        FLOATS,
        affine_inputs,
        affine_grid,
        records=("affine_grid_generator",),
        result="same",
    ),
]
