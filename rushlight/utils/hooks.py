"""Handles of hooks, and marks on the hooks themselves."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from rushlight._handle import RemovableHandle as RemovableHandle

if TYPE_CHECKING:
    from rushlight import Tensor

__all__ = ["RemovableHandle", "unserializable_hook", "warn_if_has_hooks"]


def unserializable_hook(f: Any) -> Any:
    """Marks a hook that is dropped, without a warning, when its tensor is saved."""
    f.__torch_unserializable__ = True
    return f


def warn_if_has_hooks(tensor: Tensor) -> None:
    """Warns of each hook in ``tensor._backward_hooks`` that is not marked unserializable."""
    for hook in (getattr(tensor, "_backward_hooks", None) or {}).values():
        if not hasattr(hook, "__torch_unserializable__"):
            warnings.warn(
                f"backward hook {hook!r} on tensor will not be serialized. If this is expected, "
                "you can decorate the function with @torch.utils.hooks.unserializable_hook to "
                "suppress this warning",
                stacklevel=2,
            )
