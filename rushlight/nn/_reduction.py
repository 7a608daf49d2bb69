"""Names and numbers of the ways a loss is reduced."""

from __future__ import annotations

import warnings

_NUMBERS = {"none": 0, "mean": 1, "sum": 2}


def get_enum(reduction: str) -> int:
    """The number the core uses for 'none', 'mean' or 'sum'.

    Raises:
        ValueError: for any other word.
    """
    number = _NUMBERS.get(reduction)
    if number is not None:
        return number
    if reduction == "elementwise_mean":
        warnings.warn(
            "reduction='elementwise_mean' is deprecated. Please use reduction='mean' "
            "instead.",
            stacklevel=2,
        )
        return 1
    raise ValueError(f"{reduction} is not a valid value for reduction")


def legacy_get_string(
    size_average: bool | None, reduce: bool | None, emit_warning: bool = True
) -> str:
    """The reduction that the two deprecated flags ask for."""
    if reduce is not None and not reduce:
        chosen = "none"
    elif size_average is not None and not size_average:
        chosen = "sum"
    else:
        chosen = "mean"
    if emit_warning:
        warnings.warn(
            "size_average and reduce args will be deprecated, please use "
            f"reduction='{chosen}' instead.",
            stacklevel=3,
        )
    return chosen


def legacy_get_enum(
    size_average: bool | None, reduce: bool | None, emit_warning: bool = True
) -> int:
    """The number of the reduction that the two deprecated flags ask for."""
    return get_enum(legacy_get_string(size_average, reduce, emit_warning))
