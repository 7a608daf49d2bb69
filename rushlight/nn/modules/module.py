"""Module, the base class of all layers and models: how a call runs.

Its state lives in the layers below: attributes (`_attributes`), the tree (`_traverse`),
conversions (`_convert`), hooks (`_hooks`) and state dicts (`_state`).
"""

from __future__ import annotations

import warnings

from ._explain import explain
from ._global_hooks import (
    hooks as _global,
    register_module_backward_hook,
    register_module_buffer_registration_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from ._state import _EXTRA_STATE_KEY_SUFFIX, State, _IncompatibleKeys
from ._traverse import _addindent

__all__ = [
    "Module",
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
    "_EXTRA_STATE_KEY_SUFFIX",
    "_IncompatibleKeys",
    "_addindent",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from typing_extensions import Self

_global_active = _global.active


def _forward_unimplemented(self: Any, *input: Any) -> None:
    """The computation of every call; each subclass writes its own.

    Raises:
        NotImplementedError: always, in the base class.
    """
    raise NotImplementedError(
        f'Module [{type(self).__name__}] is missing the required "forward" function'
    )


class Module(State):
    """Base class of layers and models.

    A subclass creates its parameters and submodules in `__init__`, after
    `super().__init__()`, and computes in `forward`; calling the module runs `forward`
    and the hooks. Modules assigned as attributes are registered: they move, save and
    switch mode with the module.

    An exception that leaves a call says in which layer it came up:
    `in Net.features.3 (Conv2d(...))`.

    Example:
        >>> import rushlight as torch
        >>> class Net(torch.nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.fc = torch.nn.Linear(4, 2)
        ...     def forward(self, x):
        ...         return self.fc(x).relu()
        >>> Net()(torch.zeros(3, 4)).shape
        torch.Size([3, 2])
    """

    dump_patches: bool = False

    forward: Callable[..., Any] = _forward_unimplemented

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        state = self.__dict__
        try:
            if (
                state["_forward_hooks"]
                or state["_forward_pre_hooks"]
                or state["_backward_hooks"]
                or state["_backward_pre_hooks"]
                or _global_active
            ):
                return self._call_with_hooks(args, kwargs)
            return self.forward(*args, **kwargs)
        except Exception as error:
            if "_modules" not in state:
                raise AttributeError(
                    f"'{type(self).__name__}' object has no attribute "
                    "'_forward_hooks': call super().__init__() first in its __init__"
                ) from None
            explain(self, error, args)
            raise

    # Other code wraps or replaces a call under these names.
    def _call_impl(self, *args: Any, **kwargs: Any) -> Any:
        return Module.__call__(self, *args, **kwargs)

    _wrapped_call_impl = _call_impl

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        # What the hooks that must run after an error need to know.
        progress: dict[str, Any] = {"args": args, "kwargs": kwargs, "result": None}
        called: set[int] = set()
        try:
            return self._run_hooked(progress, called)
        except Exception:
            self._run_always_called(progress, called)
            raise

    def _run_hooked(self, progress: dict[str, Any], called: set[int]) -> Any:
        full, partial = self._backward_hooks_by_kind()
        pre = [*_global.backward_pre.values(), *self._backward_pre_hooks.values()]
        args, kwargs = self._run_forward_pre_hooks(progress)
        around = None
        if full or pre:
            from ._backward_hook import BackwardHook

            around = BackwardHook(self, full, pre)
            args = progress["args"] = around.setup_input_hook(args)
        result = progress["result"] = self.forward(*args, **kwargs)
        for key, hook in (*_global.forward.items(), *self._forward_hooks.items()):
            called.add(key)
            if (
                key in self._forward_hooks_with_kwargs
                or key in _global.forward_with_kwargs
            ):
                replaced = hook(self, args, kwargs, result)
            else:
                replaced = hook(self, args, result)
            if replaced is not None:
                result = progress["result"] = replaced
        if around is not None:
            from rushlight import Tensor

            if not isinstance(result, (Tensor, tuple)):
                warnings.warn(
                    "For backward hooks to be called, module output should be a Tensor "
                    f"or a tuple of Tensors but received {type(result)}",
                    stacklevel=4,
                )
            result = around.setup_output_hook(result)
        if partial:
            from ._backward_hook import attach_partial_hooks

            attach_partial_hooks(self, partial, args, result)
        return result

    def _run_forward_pre_hooks(self, progress: dict[str, Any]) -> tuple[Any, Any]:
        hooks = (*_global.forward_pre.items(), *self._forward_pre_hooks.items())
        for key, hook in hooks:
            if key in self._forward_pre_hooks_with_kwargs:
                replaced = hook(self, progress["args"], progress["kwargs"])
                if replaced is None:
                    continue
                if not (isinstance(replaced, tuple) and len(replaced) == 2):
                    raise RuntimeError(
                        "forward pre-hook must return None or a tuple of "
                        f"(new_args, new_kwargs), but got {replaced}."
                    )
                progress["args"], progress["kwargs"] = replaced
            else:
                replaced = hook(self, progress["args"])
                if replaced is not None:
                    is_tuple = isinstance(replaced, tuple)
                    progress["args"] = replaced if is_tuple else (replaced,)
        return progress["args"], progress["kwargs"]

    def _backward_hooks_by_kind(self) -> tuple[list[Any], list[Any]]:
        """Full backward hooks, and those of the deprecated kind."""
        full: list[Any] = []
        partial: list[Any] = []
        if _global.backward:
            (full if _global.backward_is_full else partial).extend(
                _global.backward.values()
            )
        if self._backward_hooks:
            (full if self._is_full_backward_hook else partial).extend(
                self._backward_hooks.values()
            )
        return full, partial

    def _run_always_called(self, progress: dict[str, Any], called: set[int]) -> None:
        """Runs, after an error, the forward hooks that asked for it."""
        own = self._forward_hooks_always_called
        wanted = [
            ("global module", key, hook)
            for key, hook in _global.forward.items()
            if key in _global.forward_always_called
        ] + [
            ("module", key, hook)
            for key, hook in self._forward_hooks.items()
            if key in own
        ]
        for kind, key, hook in wanted:
            if key in called:
                continue
            inputs = [progress["args"]]
            if key in self._forward_hooks_with_kwargs:
                inputs.append(progress["kwargs"])
            try:
                replaced = hook(self, *inputs, progress["result"])
            except Exception as error:
                warnings.warn(
                    f"{kind} forward hook with ``always_call=True`` raised an "
                    f"exception that was silenced as another error was raised in "
                    f"forward: {error}",
                    stacklevel=4,
                )
            else:
                if replaced is not None:
                    progress["result"] = replaced

    def _misfit(self, *args: Any) -> str:
        """Expected against got for a call that failed; '' when there is no telling."""
        return ""

    def compile(self, *args: Any, **kwargs: Any) -> Self:
        """Raises: compilation of modules is not available."""
        raise NotImplementedError("rushlight.nn.Module.compile is not available")
