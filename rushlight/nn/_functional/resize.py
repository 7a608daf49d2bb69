"""Resampling of pictures and volumes."""

from __future__ import annotations

import warnings

from rushlight import Tensor

from .._op import op
from .pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_affine_grid_generator = op("affine_grid_generator")
_grid_sampler = op("grid_sampler")

# (mode, input dimensions): operator. The second table takes align_corners too.
_NEAREST = {
    ("nearest", 3): op("upsample_nearest1d"),
    ("nearest", 4): op("upsample_nearest2d"),
    ("nearest", 5): op("upsample_nearest3d"),
    ("nearest-exact", 3): op("_upsample_nearest_exact1d"),
    ("nearest-exact", 4): op("_upsample_nearest_exact2d"),
    ("nearest-exact", 5): op("_upsample_nearest_exact3d"),
    ("area", 3): adaptive_avg_pool1d,
    ("area", 4): adaptive_avg_pool2d,
    ("area", 5): adaptive_avg_pool3d,
}
_LINEAR = {
    ("linear", 3): op("upsample_linear1d"),
    ("bilinear", 4): op("upsample_bilinear2d"),
    ("trilinear", 5): op("upsample_trilinear3d"),
    ("bicubic", 4): op("upsample_bicubic2d"),
}
_ANTIALIASED = {
    "bilinear": op("_upsample_bilinear2d_aa"),
    "bicubic": op("_upsample_bicubic2d_aa"),
    "lanczos": op("_upsample_lanczos2d_aa"),
}
_NEEDED_DIMS = {"linear": 3, "bilinear": 4, "trilinear": 5}
_ALIGN_DEFAULT_CHANGED = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False "
    "since 1.3.0. Please specify align_corners=True if the old behavior is desired. "
    "See the documentation of grid_sample for details."
)


def _spatial(input: Tensor, given: Any, what: str, example: str) -> list[Any]:
    """One entry of `given` per spatial dimension."""
    dims = input.dim() - 2
    if not isinstance(given, (list, tuple)):
        return [given] * dims
    if len(given) != dims:
        label = "output" if what == "size" else what
        shown = "output size of" if what == "size" else "scale_factor of shape"
        form = "output size" if what == "size" else what
        raise ValueError(
            f"Input and {label} must have the same number of spatial dimensions, but "
            f"got input with spatial dimensions of {list(input.shape[2:])} and {shown} "
            f"{given}. Please provide input tensor in (N, C, d1, d2, ...,dK) format "
            f"and {form} in {example} format."
        )
    return list(given)


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resamples the spatial dimensions of (N, C, *).

    Args:
        input: 3 to 5 dimensions.
        size: wanted spatial size; either this or `scale_factor`.
        scale_factor: factor of the spatial size, one or one per dimension.
        mode: 'nearest', 'nearest-exact', 'area' (any dimensions), 'linear' (3-d),
            'bilinear', 'bicubic' (4-d), 'trilinear' (5-d).
        align_corners: for the linear and cubic modes, let the corner pixels' centres
            coincide; False by default.
        recompute_scale_factor: use the factor that the rounded size gives.
        antialias: smooth when shrinking; 4-d 'bilinear' and 'bicubic' only.

    Raises:
        ValueError: for arguments that exclude each other.
        NotImplementedError: for a mode that does not fit the dimensions.
    """
    dims = input.dim()
    if mode in ("nearest", "area", "nearest-exact"):
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: "
                "linear | bilinear | bicubic | trilinear"
            )
    elif align_corners is None:
        align_corners = False

    scales: list[Any] = [None] * (dims - 2)
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        if recompute_scale_factor:
            raise ValueError(
                "recompute_scale_factor is not meaningful with an explicit size."
            )
        sizes = _spatial(input, size, "size", "(o1, o2, ...,oK)")
        for extent in sizes:
            if not hasattr(extent, "__index__"):
                raise TypeError(
                    "expected size to be one of int or Tuple[int] or Tuple[int, int] "
                    "or Tuple[int, int, int], but got size with types "
                    f"{[type(x) for x in sizes]}"
                )
    elif scale_factor is not None:
        factors = _spatial(input, scale_factor, "scale_factor", "(s1, s2, ...,sK)")
        sizes = [int(n * factor) for n, factor in zip(input.shape[2:], factors)]
        if not recompute_scale_factor and mode != "area":
            scales = [float(factor) for factor in factors]
    else:
        raise ValueError("either size or scale_factor should be defined")

    if antialias:
        if mode not in _ANTIALIASED or dims != 4:
            raise ValueError(
                "Anti-alias option is restricted to bilinear, bicubic, and lanczos "
                "modes and requires a 4-D tensor as input"
            )
        if mode == "lanczos" and align_corners:
            raise ValueError("Lanczos mode does not support align_corners=True")
        smooth = _ANTIALIASED[mode]
        return smooth(input, sizes, align_corners, *scales)
    if mode == "area" and (mode, dims) in _NEAREST:
        return _NEAREST[mode, dims](input, sizes)
    if (mode, dims) in _NEAREST:
        return _NEAREST[mode, dims](input, sizes, *scales)
    if (mode, dims) in _LINEAR:
        return _LINEAR[mode, dims](input, sizes, align_corners, *scales)
    if mode == "lanczos" and dims == 4:
        raise ValueError("Lanczos mode requires antialias=True")
    if mode in _NEEDED_DIMS and dims in (3, 4, 5):
        raise NotImplementedError(
            f"Got {dims}D input, but {mode} mode needs {_NEEDED_DIMS[mode]}D input"
        )
    raise NotImplementedError(
        f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {dims}D) for "
        "the modes: nearest | linear | bilinear | bicubic | trilinear | lanczos | area "
        f"| nearest-exact (got {mode})"
    )


def _deprecated(name: str) -> None:
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` "
        "instead.",
        stacklevel=3,
    )


def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """Deprecated name of `interpolate`."""
    _deprecated("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(
    input: Tensor, size: Any = None, scale_factor: Any = None
) -> Tensor:
    """Deprecated: `interpolate` with mode 'nearest'."""
    _deprecated("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(
    input: Tensor, size: Any = None, scale_factor: Any = None
) -> Tensor:
    """Deprecated: `interpolate` with mode 'bilinear' and align_corners."""
    _deprecated("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """Samples (N, C, H, W) at the positions grid (N, h, w, 2), in [-1, 1] (x, y).

    Args:
        input: pictures, or volumes (N, C, D, H, W).
        grid: positions; the last dimension is 3 for volumes.
        mode: 'bilinear', 'nearest' or 'bicubic'.
        padding_mode: 'zeros', 'border' or 'reflection', for positions outside.
        align_corners: -1 and 1 are the corner pixels' centres, not their edges.

    Raises:
        ValueError: for an unknown mode.
    """
    modes = ["bilinear", "nearest", "bicubic"]
    paddings = ["zeros", "border", "reflection"]
    if mode not in modes:
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or "
            f"'bicubic', but got: '{mode}'"
        )
    if padding_mode not in paddings:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', "
            f"'border', or 'reflection', but got: '{padding_mode}'"
        )
    if align_corners is None:
        warnings.warn(_ALIGN_DEFAULT_CHANGED, stacklevel=2)
        align_corners = False
    return _grid_sampler(
        input, grid, modes.index(mode), paddings.index(padding_mode), align_corners
    )


def affine_grid(
    theta: Tensor, size: Sequence[int], align_corners: bool | None = None
) -> Tensor:
    """The grid that `grid_sample` needs for an affine map.

    Args:
        theta: matrices (N, 2, 3), or (N, 3, 4) for volumes.
        size: of the wanted output, (N, C, H, W) or (N, C, D, H, W).
        align_corners: as in `grid_sample`.

    Raises:
        ValueError: for matrices or sizes that do not fit.
    """
    if align_corners is None:
        warnings.warn(_ALIGN_DEFAULT_CHANGED, stacklevel=2)
        align_corners = False
    if not theta.is_floating_point():
        raise ValueError(
            f"Expected theta to have floating point type, but got {theta.dtype}"
        )
    if len(size) not in (4, 5):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine "
            f"transforms, respectively. Got size {size}."
        )
    dims = len(size) - 2
    if theta.dim() != 3 or tuple(theta.shape[1:]) != (dims, dims + 1):
        raise ValueError(
            f"Expected a batch of {dims}D affine matrices of shape Nx{dims}x{dims + 1} "
            f"for size {size}. Got {theta.shape}."
        )
    if align_corners and min(size[2:]) == 1:
        warnings.warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids "
            "when align_corners=True. This is not an intended use case of affine_grid. "
            "See the documentation of affine_grid for details.",
            stacklevel=2,
        )
    elif min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return _affine_grid_generator(theta, list(size), align_corners)
