"""Variable: since PyTorch 0.4 another name of Tensor."""

from __future__ import annotations

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
    """``Variable(tensor, requires_grad=False)`` gives a Tensor over the same data."""

    _execution_engine = _ExecutionEngine()

    def __new__(cls, data: Any, requires_grad: bool = False) -> Any:
        return data.detach().requires_grad_(requires_grad)
