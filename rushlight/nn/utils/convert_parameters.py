"""All parameters of a model as one vector, and back."""

from __future__ import annotations

import rushlight
from rushlight import Tensor

from .._names import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def _check_device(param: Tensor, first: Tensor | None) -> Tensor:
    if first is not None and param.device != first.device:
        raise TypeError(
            "Found two parameters on different devices, this is currently not "
            "supported."
        )
    return param


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The parameters' elements, one after the other, in a 1-d tensor.

    Raises:
        TypeError: when they are on different devices.
    """
    first: Tensor | None = None
    parts = []
    for param in parameters:
        first = _check_device(param, first)
        parts.append(param.view(-1))
    return rushlight.cat(parts)


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Makes the parameters' values slices of `vec`, which they then share.

    Raises:
        TypeError: when `vec` is no tensor or the parameters are on different devices.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type_name(vec)}")
    first: Tensor | None = None
    start = 0
    for param in parameters:
        first = _check_device(param, first)
        end = start + param.numel()
        param.data = vec[start:end].view_as(param).data
        start = end
