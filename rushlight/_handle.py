"""The handle every `register_*_hook` returns."""

from __future__ import annotations

import weakref
from collections import OrderedDict

from rushlight import _C

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _HandleMeta(type):
    """Handles of hooks on tensors and graph nodes count as instances."""

    def __instancecheck__(cls, obj: object) -> bool:
        return isinstance(obj, _C.HookHandle) or type.__instancecheck__(cls, obj)


class RemovableHandle(metaclass=_HandleMeta):
    """Removes the hook it stands for.

    Works as a context manager too: leaving the block removes the hook. The handle does
    not keep the hooks' owner alive.

    Args:
        hooks_dict: ordered dictionary that holds the hook under `handle.id`.
        extra_dict: further dictionaries that mark the same id.
    """

    id: int
    next_id: int = 0

    def __init__(self, hooks_dict: Any, *, extra_dict: Any = None) -> None:
        self.hooks_dict_ref = weakref.ref(hooks_dict)
        self.id = RemovableHandle.next_id
        RemovableHandle.next_id += 1
        extra: tuple[Any, ...] = ()
        if isinstance(extra_dict, dict):
            extra = (weakref.ref(extra_dict),)
        elif isinstance(extra_dict, list):
            extra = tuple(weakref.ref(entry) for entry in extra_dict)
        self.extra_dict_ref = extra

    def remove(self) -> None:
        """Removes the hook; a second call does nothing."""
        for reference in (self.hooks_dict_ref, *self.extra_dict_ref):
            hooks = reference()
            if hooks is not None:
                hooks.pop(self.id, None)

    def __getstate__(self) -> tuple[Any, ...]:
        extra = tuple(reference() for reference in self.extra_dict_ref)
        return (self.hooks_dict_ref(), self.id, extra)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        # A dead owner is replaced by an empty dictionary of the handle's own, which
        # dies at once: removing then does nothing.
        hooks = OrderedDict() if state[0] is None else state[0]
        self.hooks_dict_ref = weakref.ref(hooks)
        self.id = state[1]
        RemovableHandle.next_id = max(RemovableHandle.next_id, self.id + 1)
        extra = state[2] if len(state) > 2 else ()
        self.extra_dict_ref = tuple(
            weakref.ref(OrderedDict() if entry is None else entry) for entry in extra
        )

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.remove()
