"""Layers, losses and what belongs to them, at PyTorch's paths."""

from __future__ import annotations

from . import (
    functional as functional,
    init as init,
    modules as modules,
    parallel as parallel,
    parameter as parameter,
    utils as utils,
)
from .modules import *
from .parallel import DataParallel as DataParallel
from .parameter import (
    Buffer as Buffer,
    Parameter as Parameter,
    UninitializedBuffer as UninitializedBuffer,
    UninitializedParameter as UninitializedParameter,
)


def factory_kwargs(kwargs: dict[str, object] | None) -> dict[str, object]:
    """The device, dtype and memory_format among `kwargs`, for functions like `empty`.

    Raises:
        TypeError: for any other keyword, or one given twice.
    """
    if kwargs is None:
        return {}
    known = {"device", "dtype", "memory_format"}
    wrong = set(kwargs) - known - {"factory_kwargs"}
    if wrong:
        raise TypeError(f"unexpected kwargs {wrong}")
    nested = kwargs.get("factory_kwargs", {})
    assert isinstance(nested, dict)
    result = dict(nested)
    for key in known & set(kwargs):
        if key in result:
            raise TypeError(f"{key} specified twice, in **kwargs and in factory_kwargs")
        result[key] = kwargs[key]
    return result
