"""Variable: since PyTorch 0.4 another name of Tensor."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from rushlight import _C


class _ExecutionEngine:
    """The backward engine, as far as programs reach for it."""

    @staticmethod
    def queue_callback(callback: Callable[[], Any]) -> None:
        """Calls ``callback()`` once when the running backward pass ends.

        Raises:
            RuntimeError: no backward pass is running.
        """
        _C.queue_callback(callback)


class _VariableMeta(type):
    def __instancecheck__(cls, obj: object) -> bool:
        return isinstance(obj, _C.Tensor)


class Variable(metaclass=_VariableMeta):
    """``Variable(tensor, requires_grad=False)`` gives a Tensor over the same data.

    Without a tensor it is empty.

    Raises:
        TypeError: ``data`` is not a tensor.
    """

    _execution_engine = _ExecutionEngine()

    def __new__(
        cls, data: Any = None, requires_grad: bool = False, volatile: bool = False
    ) -> Any:
        if volatile:
            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.",
                UserWarning,
                stacklevel=2,
            )
        if data is None:
            data = _C.Tensor()
        if not isinstance(data, _C.Tensor):
            raise TypeError(
                f"Variable data has to be a tensor, but got {type(data).__name__}"
            )
        return data.detach().requires_grad_(requires_grad)
