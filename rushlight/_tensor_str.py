"""How a tensor prints: number formats, columns, line breaks, `...` and the suffixes.

All numbers are taken out of the tensor once, as a nested list of at most what is
shown; everything after that is plain string work.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import rushlight

if TYPE_CHECKING:
    from rushlight import Tensor


@dataclasses.dataclass
class PrintOptions:
    """The settings of `set_printoptions`, with their defaults."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


PRINT_OPTS = PrintOptions()

_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Sets how tensors print. What is None keeps its value, `sci_mode` excepted.

    Args:
        precision: digits after the point of floating values (4).
        threshold: number of elements above which a tensor is shortened (1000).
        edgeitems: items shown at each end of a shortened dimension (3).
        linewidth: characters a line (80).
        profile: `"default"`, `"short"` or `"full"`; the other arguments override it.
        sci_mode: True or False forces scientific notation on or off; None lets
            the range of the values decide.

    Raises:
        ValueError: if the profile is unknown.
    """
    if profile is not None:
        if profile not in _PROFILES:
            raise ValueError(
                f"set_printoptions: unknown profile {profile!r}, "
                f"expected one of {', '.join(_PROFILES)}"
            )
        for name, value in _PROFILES[profile].items():
            setattr(PRINT_OPTS, name, value)
    if precision is not None:
        PRINT_OPTS.precision = precision
    if threshold is not None:
        PRINT_OPTS.threshold = threshold
    if edgeitems is not None:
        PRINT_OPTS.edgeitems = edgeitems
    if linewidth is not None:
        PRINT_OPTS.linewidth = linewidth
    PRINT_OPTS.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """The current settings by name, as `set_printoptions` takes them."""
    return dataclasses.asdict(PRINT_OPTS)


@contextlib.contextmanager
def printoptions(**kwargs: Any) -> Iterator[None]:
    """Sets the given options inside a `with` block and restores them after it."""
    before = get_printoptions()
    set_printoptions(**{"sci_mode": before["sci_mode"], **kwargs})
    try:
        yield
    finally:
        set_printoptions(**before)


@dataclasses.dataclass
class _Column:
    """The format shared by all numbers of a tensor: the width it takes, the text."""

    width: int
    show: Callable[[Any], str]


def _padded(text: Callable[[Any], str], values: list[Any]) -> _Column:
    width = max((len(text(value)) for value in values), default=1)
    return _Column(width, lambda value: text(value).rjust(width))


def _whole(value: float) -> str:
    return f"{value:.0f}." if math.isfinite(value) else str(value)


def _float_column(values: list[float]) -> _Column:
    """Whole numbers print as `1.`, others with `precision` digits, and both go to
    scientific notation where the range of the finite, nonzero values demands it."""
    digits = PRINT_OPTS.precision
    finite = [value for value in values if value and math.isfinite(value)]
    if not finite:
        return _padded(_whole, [])
    magnitudes = [abs(value) for value in finite]
    low, high = min(magnitudes), max(magnitudes)
    whole = all(value == math.ceil(value) for value in finite)
    scientific = PRINT_OPTS.sci_mode
    if scientific is None:
        scientific = high / low > 1000 or high > 1e8 or (not whole and low < 1e-4)
    if scientific:
        return _padded(f"{{:.{digits}e}}".format, finite)
    return _padded(_whole if whole else f"{{:.{digits}f}}".format, finite)


def _complex_column(values: list[complex]) -> _Column:
    real = _float_column([value.real for value in values])
    imag = _float_column([value.imag for value in values])

    def show(value: complex) -> str:
        part = imag.show(value.imag).lstrip()
        sign = "" if part.startswith("-") else "+"
        return f"{real.show(value.real)}{sign}{part}j"

    return _Column(real.width + imag.width + 1, show)


def _column(tensor: Tensor, values: list[Any]) -> _Column:
    if tensor.dtype.is_complex:
        return _complex_column(values)
    if tensor.dtype.is_floating_point:
        return _float_column(values)
    return _padded(str, values)


def _shown(tensor: Tensor) -> Tensor:
    """What is left of a shortened tensor: both ends of every long dimension."""
    edge = PRINT_OPTS.edgeitems
    for dim, size in enumerate(tensor.shape):
        if size > 2 * edge:
            ends = [tensor.narrow(dim, 0, edge), tensor.narrow(dim, size - edge, edge)]
            tensor = rushlight.cat(ends, dim)
    return tensor


def _row(items: list[str], width: int, indent: int) -> str:
    """One innermost dimension, broken into lines of `linewidth`."""
    per_line = max(1, (PRINT_OPTS.linewidth - indent) // (width + 2))
    lines = [
        ", ".join(items[at : at + per_line]) for at in range(0, len(items), per_line)
    ]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _layout(nested: Any, cuts: list[bool], column: _Column, indent: int) -> str:
    """Brackets and line breaks; `cuts` tells which dimensions get an ellipsis."""
    if not cuts:
        return column.show(nested)
    edge = PRINT_OPTS.edgeitems
    if len(cuts) == 1:
        items = [column.show(value) for value in nested]
        if cuts[0]:
            items.insert(edge, " ...")
        return _row(items, column.width, indent)
    parts = [_layout(part, cuts[1:], column, indent + 1) for part in nested]
    if cuts[0]:
        parts.insert(edge, "...")
    gap = "," + "\n" * (len(cuts) - 1) + " " * (indent + 1)
    return "[" + gap.join(parts) + "]"


def _values(tensor: Tensor, indent: int) -> str:
    """The printed values of a tensor that has elements."""
    shorten = tensor.numel() > PRINT_OPTS.threshold
    edge = PRINT_OPTS.edgeitems
    cuts = [shorten and size > 2 * edge for size in tensor.shape]
    if edge == 0 and any(cuts):
        return "[...]"
    if shorten:
        tensor = _shown(tensor)
    return _layout(
        tensor.tolist(), cuts, _column(tensor, tensor.flatten().tolist()), indent
    )


def _is_implied(dtype: Any, empty: bool) -> bool:
    """Whether the reader can tell the dtype from the values alone."""
    default = rushlight.get_default_dtype()
    if empty:
        return bool(dtype == default)
    if dtype.is_complex:
        wide = default == rushlight.float64
        return bool(dtype == (rushlight.complex128 if wide else rushlight.complex64))
    return dtype in (default, rushlight.int64, rushlight.bool)


def _suffixes(tensor: Tensor) -> list[str]:
    empty = tensor.numel() == 0
    found = []
    if tensor.device.type != "cpu":
        found.append(f"device='{tensor.device}'")
    if tensor.is_meta or (tensor.dim() != 1 if empty else PRINT_OPTS.edgeitems == 0):
        found.append(f"size={tuple(tensor.shape)}")
    if not _is_implied(tensor.dtype, empty):
        found.append(f"dtype={tensor.dtype}")
    if tensor.grad_fn is not None:
        found.append(f"grad_fn=<{tensor.grad_fn.name().rpartition('::')[2]}>")
    elif tensor.requires_grad:
        found.append("requires_grad=True")
    return found


def _str(self: Tensor, *, tensor_contents: str | None = None) -> str:
    """The text of `repr(tensor)`; `tensor_contents` stands in for the values."""
    kind = type(self)
    plain = kind is rushlight.Tensor or issubclass(kind, rushlight.nn.Parameter)
    prefix = "tensor(" if plain else f"{kind.__name__}("
    # Of another class, but marked as a parameter.
    marked = not plain and isinstance(self, rushlight.nn.Parameter)
    prefix = f"Parameter({prefix}" if marked else prefix
    indent = len(prefix)
    if tensor_contents is not None:
        body = tensor_contents
    elif self.is_meta:
        body = "..."
    elif self.numel() == 0:
        body = "[]"
    else:
        with rushlight.no_grad():
            body = _values(self.detach(), indent)
    text = prefix + body
    used = len(text) - (text.rfind("\n") + 1)
    for suffix in _suffixes(self):
        if used + len(suffix) + 4 > PRINT_OPTS.linewidth:
            text += ",\n" + " " * indent + suffix
            used = indent + len(suffix)
        else:
            text += ", " + suffix
            used += len(suffix) + 2
    return text + ("))" if marked else ")")
