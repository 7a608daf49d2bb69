"""How values are named in error messages: PyTorch's names for types."""

from __future__ import annotations

from rushlight import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def type_name(value: Any) -> str:
    """The name an error message gives to the type of `value`.

    A tensor is named by dtype (`torch.FloatTensor`), a builtin by its bare name,
    everything else by its dotted path.
    """
    if isinstance(value, Tensor):
        return str(value.type())
    cls = value if isinstance(value, type) else type(value)
    module = cls.__module__
    if module in (None, "builtins", "__builtin__"):
        return cls.__qualname__
    return f"{module}.{cls.__qualname__}"
