"""Registering hooks on tensors; handles remove them with ``remove()``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rushlight import _C

if TYPE_CHECKING:
    from rushlight import Tensor


def register_tensor_hook(tensor: Tensor, hook: Callable[[Tensor], Any]) -> Any:
    """Calls ``hook(grad)`` when the gradient of ``tensor`` is there."""
    return _C.add_tensor_hook(tensor, hook)


def register_post_accumulate_hook(tensor: Tensor, hook: Callable[[Tensor], Any]) -> Any:
    """Calls ``hook(tensor)`` after ``tensor.grad`` was accumulated."""
    return _C.add_post_accumulate_hook(tensor, hook)
