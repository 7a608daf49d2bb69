"""Handles of hooks on tensors and nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rushlight import _C

if TYPE_CHECKING:
    from rushlight import Tensor


class HookHandle:
    """``remove()`` takes the hook away; as a context manager, at the end of the block."""

    def __init__(self, handle: Any) -> None:
        self._handle: Any = handle

    def remove(self) -> None:
        """The hook is not called again."""
        if self._handle is not None:
            _C.remove_hook(self._handle)
            self._handle = None

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def register_tensor_hook(tensor: Tensor, hook: Callable[[Tensor], Any]) -> HookHandle:
    """Calls ``hook(grad)`` when the gradient of ``tensor`` is there."""
    return HookHandle(_C.add_tensor_hook(tensor, hook))


def register_post_accumulate_hook(
    tensor: Tensor, hook: Callable[[Tensor], Any]
) -> HookHandle:
    """Calls ``hook(tensor)`` after ``tensor.grad`` was accumulated."""
    return HookHandle(_C.add_post_accumulate_hook(tensor, hook))
