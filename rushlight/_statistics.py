"""Histograms, membership and finite differences, composed of operators."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from rushlight import _C
from rushlight._out import deliver

if TYPE_CHECKING:
    from rushlight import Tensor

_ops = _C.ops


def _fails(name: str, got: str, forms: Sequence[str]) -> TypeError:
    listed = "".join(f"\n * {form}" for form in forms)
    return TypeError(
        f"{name}() received an invalid combination of arguments - got ({got}), but expected one "
        f"of:{listed}\n"
    )


def isin(
    elements: Any,
    test_elements: Any,
    *,
    assume_unique: bool = False,
    invert: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """Whether each of ``elements`` occurs among ``test_elements``; one of them may be a number.

    ``assume_unique`` promises that no value repeats; the result is the same without it.
    """
    given = (elements, test_elements)
    is_tensor = [isinstance(x, _C.Tensor) for x in given]
    if not any(is_tensor) or not all(
        isinstance(x, (_C.Tensor, numbers.Number)) for x in given
    ):
        raise _fails(
            "isin",
            f"{_kind(elements)}, {_kind(test_elements)}",
            (
                "(Tensor elements, Tensor test_elements, *, bool assume_unique = False, "
                "bool invert = False, Tensor out = None)",
                "(Number element, Tensor test_elements, *, bool assume_unique = False, "
                "bool invert = False, Tensor out = None)",
                "(Tensor elements, Number test_element, *, bool assume_unique = False, "
                "bool invert = False, Tensor out = None)",
            ),
        )
    for one in given:
        if isinstance(one, _C.Tensor) and (one.is_complex() or one.dtype is _C.bool):
            raise RuntimeError(
                "Unsupported input type encountered for isin(): "
                f"{one.dtype._legacy_name}"
            )
    if not is_tensor[0]:
        elements = _C.tensor_from_data(elements, test_elements.dtype)
    if not is_tensor[1]:
        found = elements == test_elements
    else:
        found = _among(elements.detach(), test_elements.detach().reshape(-1))
    return deliver("isin", ~found if invert else found, out)


def _among(elements: Tensor, tests: Tensor) -> Tensor:
    if tests.numel() == 0:
        return _ops.zeros(elements.shape, dtype=_C.bool)
    if tests.numel() <= 16:
        found = elements == tests[0]
        for i in range(1, tests.numel()):
            found |= elements == tests[i]
        return found
    common = _C.result_type(elements, tests)
    ordered = tests.to(common).sort()[0]
    values = elements.to(common).contiguous()
    place = _ops.searchsorted(ordered, values).clamp_(max=tests.numel() - 1)
    return ordered[place] == values


def _result_type(name: str) -> Any:
    from rushlight import return_types

    return getattr(return_types, name)


def _check_histogram(input: Tensor, weight: Tensor | None) -> None:
    if input.dtype not in (_C.float32, _C.float64):
        raise NotImplementedError(
            f"\"histogramdd\" not implemented for '{input.dtype._legacy_name}'"
        )
    if weight is None:
        return
    if weight.shape != input.shape[:-1]:
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided it should have the same shape as the "
            "input tensor excluding its innermost dimension, but got input with shape "
            f"{list(input.shape)} and weight with shape {list(weight.shape)}"
        )
    if weight.dtype is not input.dtype:
        from rushlight.linalg import _C_name

        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided, input tensor and weight tensor "
            f"should have the same dtype, but got input({_C_name(input)}), and "
            f"weight({_C_name(weight)})"
        )


def _edges(
    values: Tensor,
    bins: Any,
    limits: tuple[float, float] | None,
    dim: int,
    name: str,
) -> Tensor:
    """The borders of the bins along one coordinate."""
    if isinstance(bins, _C.Tensor):
        if bins.dim() != 1:
            raise RuntimeError(
                "torch.histogramdd: bins tensor should have one dimension, but got "
                f"{bins.dim()} dimensions in the bins tensor for dimension {dim}"
            )
        if bins.dtype is not values.dtype:
            from rushlight.linalg import _C_name

            raise RuntimeError(
                "torch.histogramdd: input tensor and bins tensors should have the same dtype, but "
                f"got input with dtype {_C_name(values)} and bins for dimension {dim} with dtype "
                f"{_C_name(bins)}"
            )
        return bins
    if bins <= 0:
        raise RuntimeError(
            f"torch.{name}(): bins must be > 0, but got {bins} for dimension {dim}"
        )
    if limits is not None:
        low, high = limits
    elif values.numel():
        low, high = values.min().item(), values.max().item()
    else:
        low, high = 0.0, 1.0
    if not (isfinite(low) and isfinite(high)):
        raise RuntimeError(
            f"torch.histogramdd: dimension {dim}'s range [{low:g}, {high:g}] is not finite"
        )
    if low > high:
        raise RuntimeError(
            f"torch.histogramdd: min should not exceed max, but got min {low:g} max {high:g} for "
            f"dimension {dim}"
        )
    if low == high:
        low, high = low - 0.5, high + 0.5
    return _ops.linspace(low, high, bins + 1, dtype=values.dtype)


def _count(
    points: Tensor, edges: Sequence[Tensor], weight: Tensor | None, density: bool
) -> Tensor:
    """Sums weights (or ones) of points, rows of coordinates, that fall into each box."""
    shape = [max(len(e) - 1, 0) for e in edges]
    total = 1
    for n in shape:
        total *= n
    flat = _ops.zeros((points.shape[0],), dtype=_C.int64)
    inside = _ops.ones((points.shape[0],), dtype=_C.bool)
    for d, edge in enumerate(edges):
        column = points[:, d].contiguous()
        place = _ops.searchsorted(edge, column, right=True) - 1
        if shape[d]:
            # The last bin includes its right border.
            place = place.where(column != edge[-1], shape[d] - 1)
        inside &= (column >= edge[0]) & (column <= edge[-1])
        flat = flat * shape[d] + place.clamp(0, max(shape[d] - 1, 0))
    hist = _ops.zeros((total,), dtype=points.dtype)
    if total:
        amounts = (
            _ops.ones((points.shape[0],), dtype=points.dtype)
            if weight is None
            else weight.reshape(-1)
        )
        hist.index_add_(0, flat[inside], amounts[inside])
    hist = hist.reshape(shape)
    if density:
        hist = hist / hist.sum()
        for d, edge in enumerate(edges):
            width = edge.diff()
            hist = hist / width.reshape(
                [-1 if i == d else 1 for i in range(len(edges))]
            )
    return hist


def histogram(
    input: Tensor,
    bins: Any = 100,
    *,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
    out: Any = None,
) -> Any:
    """How many elements (or what weight) fall into each bin: ``(hist, bin_edges)``.

    Args:
        input: float32 or float64, of any shape.
        bins: number of bins of equal width, or a vector of their rising borders.
        range: lower and upper end of the bins; default: of the input.
        weight: of ``input``'s shape.
        density: divide by the sum and by the widths.
    """
    if not isinstance(bins, _C.Tensor) and not isinstance(bins, int):
        raise _fails(
            "histogram",
            f"{_kind(input)}, {_kind(bins)}",
            (
                "(Tensor input, Tensor bins, *, Tensor weight = None, bool density = False, "
                "tuple of Tensors out = None)",
                "(Tensor input, int bins = 100, *, tuple of floats range = None, Tensor weight = "
                "None, bool density = False, tuple of Tensors out = None)",
            ),
        )
    if range is not None and isinstance(bins, _C.Tensor):
        raise TypeError("histogram(): 'range' is only taken with a number of bins")
    points = input.detach().reshape(-1, 1)
    flat = None if weight is None else weight.detach().reshape(-1)
    _check_histogram(points, flat)
    limits = None if range is None else (float(range[0]), float(range[1]))
    edges = _edges(points[:, 0], bins, limits, 0, "histogram")
    hist = _count(points, [edges], flat, density)
    if out is not None:
        deliver("histogram", hist, out[0])
        deliver("histogram", edges, out[1])
        hist, edges = out
    return _result_type("histogram")((hist, edges))


def histogramdd(
    input: Tensor,
    bins: Any,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> Any:
    """A histogram over boxes: the last dimension of ``input`` holds coordinates.

    Args:
        input: float32 or float64.
        bins: a number of bins for all coordinates, or a number or border vector for each.
        range: lower and upper end for each coordinate, in a row.
        weight: of the input's shape without the last dimension.
        density: divide by the sum and by the boxes' volumes.
    """
    if input.dim() < 2:
        raise RuntimeError(
            "torch.histogramdd: input tensor should have at least 2 dimensions"
        )
    count = input.shape[-1]
    each = [bins] * count if isinstance(bins, int) else list(bins)
    if len(each) != count:
        raise RuntimeError(
            "histogramdd: The size of bins must be equal to the innermost dimension of the input."
        )
    if range is not None and len(range) != 2 * count:
        raise RuntimeError(
            f"torch.histogramdd: for a {count}-dimensional histogram range should have "
            f"{2 * count} elements, but got {len(range)}"
        )
    data = input.detach()
    _check_histogram(data, weight)
    points = data.reshape(-1, count)
    edges = [
        _edges(
            points[:, d],
            b,
            None if range is None else (range[2 * d], range[2 * d + 1]),
            d,
            "histogramdd",
        )
        for d, b in enumerate(each)
    ]
    hist = _count(points, edges, None if weight is None else weight.detach(), density)
    return _result_type("histogramdd")((hist, tuple(edges)))


def _kind(value: object) -> str:
    return "Tensor" if isinstance(value, _C.Tensor) else type(value).__name__


def gradient(
    input: Tensor,
    *,
    spacing: Any = 1,
    dim: int | Sequence[int] | None = None,
    edge_order: int = 1,
) -> tuple[Tensor, ...]:
    """Derivatives along dimensions by finite differences, of second order inside.

    Args:
        input: samples of a function on a grid.
        spacing: distance of the samples, one number or one for each dimension; or a vector of
            coordinates for each.
        dim: the dimensions; default: all.
        edge_order: 1 or 2, the order of the one-sided differences at both ends.

    The formula for uneven spacing is the one NumPy documents: Quarteroni, Sacco and Saleri,
    Numerical Mathematics, 2007, section 10.10.
    """
    if not isinstance(input, _C.Tensor):
        raise TypeError(
            "gradient(): argument 'input' (position 1) must be Tensor, not "
            f"{type(input).__name__}"
        )
    dims = [dim] if isinstance(dim, int) else dim
    if dims is None:
        dims = list(range(input.dim()))
    if isinstance(spacing, _C.Tensor):
        if spacing.dim():
            raise _fails("gradient", "Tensor, spacing=Tensor", ())
        spacing = spacing.item()
    if isinstance(spacing, (int, float, complex)):
        spacings: list[Any] = [spacing] * len(dims)
    else:
        spacings = list(spacing)
    if len(spacings) != len(dims):
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim "
            f"arguments to have the same length, but got a spacing argument of length "
            f"{len(spacings)} and a dim argument of length {len(dims)}."
        )
    if input.dtype is _C.uint8:
        raise RuntimeError("torch.gradient does not support uint8 input.")
    if edge_order not in (1, 2):
        raise RuntimeError(
            "torch.gradient only supports edge_order=1 and edge_order=2."
        )
    from rushlight.linalg import _wrapped

    places = [_wrapped(d, input.dim()) for d in dims]
    for place in places:
        if places.count(place) > 1:
            raise RuntimeError(
                f"dim {place} appears multiple times in the list of dims"
            )
        if input.size(place) < edge_order + 1:
            raise RuntimeError(
                "torch.gradient expected each dimension size to be at least edge_order+1"
            )
    return tuple(
        _differences(input, place, step, edge_order)
        for place, step in zip(places, spacings, strict=True)
    )


def _differences(x: Tensor, dim: int, spacing: Any, edge_order: int) -> Tensor:
    n = x.size(dim)

    def at(start: int, length: int) -> Tensor:
        return x.narrow(dim, start % n, length)

    if isinstance(spacing, _C.Tensor):
        if spacing.dim() != 1 or len(spacing) < n:
            raise RuntimeError(
                "torch.gradient expected each element of spacing to have one dimension, and as "
                f"many coordinates as the dimension's size {n}, but got {list(spacing.shape)}"
            )
        steps = spacing[:n].diff().tolist()
        shape = [-1 if d == dim else 1 for d in range(x.dim())]
        before = (spacing[1 : n - 1] - spacing[: n - 2]).reshape(shape)
        after = (spacing[2:n] - spacing[1 : n - 1]).reshape(shape)
    else:
        steps = [spacing] * (n - 1)
    parts = [_edge([at(i, 1) for i in range(edge_order + 1)], steps, 1)]
    if n > 2:
        left, middle, right = at(0, n - 2), at(1, n - 2), at(2, n - 2)
        if isinstance(spacing, _C.Tensor):
            inner = (
                left * (-after / (before * (before + after)))
                + middle * ((after - before) / (before * after))
                + right * (before / (after * (before + after)))
            )
        else:
            inner = (right - left) / (2 * spacing)
        parts.append(inner)
    parts.append(
        _edge([at(n - 1 - i, 1) for i in range(edge_order + 1)], steps[::-1], -1)
    )
    return _ops.cat(parts, dim)


def _edge(points: list[Tensor], steps: list[Any], sign: int) -> Tensor:
    """The derivative at the first of two or three points."""
    if len(points) == 2:
        return (points[1] - points[0]) * sign / steps[0]
    first, second = steps[0], steps[1]
    return (
        points[0] * (-(2 * first + second) / (first * (first + second)))
        + points[1] * ((first + second) / (first * second))
        + points[2] * (-first / (second * (first + second)))
    ) * sign
