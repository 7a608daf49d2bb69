"""Layers, losses and what belongs to them, at PyTorch's paths."""

from __future__ import annotations

from . import functional as functional
from . import init as init
from . import modules as modules
from . import parameter as parameter
from . import utils as utils
from .modules import *
from .parameter import Buffer as Buffer
from .parameter import Parameter as Parameter
from .parameter import UninitializedBuffer as UninitializedBuffer
from .parameter import UninitializedParameter as UninitializedParameter


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
