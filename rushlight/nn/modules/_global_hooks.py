"""Hooks that apply to every module of the program, and their registration."""

from __future__ import annotations

from collections import OrderedDict

from ..._handle import RemovableHandle
from . import _attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class GlobalHooks:
    """The tables of global hooks; `active` says whether a call must look at them."""

    def __init__(self) -> None:
        self.forward_pre: OrderedDict[int, Any] = OrderedDict()
        self.forward: OrderedDict[int, Any] = OrderedDict()
        self.forward_with_kwargs: OrderedDict[int, bool] = OrderedDict()
        self.forward_always_called: OrderedDict[int, bool] = OrderedDict()
        self.backward_pre: OrderedDict[int, Any] = OrderedDict()
        self.backward: OrderedDict[int, Any] = OrderedDict()
        self.backward_is_full: bool | None = None
        # Non-empty while any of the tables above is: the one thing a call checks.
        self.active: OrderedDict[int, bool] = OrderedDict()

    def add(
        self, table: OrderedDict[int, Any], hook: Any, *marks: Any
    ) -> RemovableHandle:
        """Enters `hook` in `table` and its id in each of `marks`."""
        handle = RemovableHandle(table, extra_dict=[self.active, *marks])
        table[handle.id] = hook
        for mark in (self.active, *marks):
            mark[handle.id] = True
        return handle

    def claim_backward(self, full: bool) -> None:
        """Refuses to mix full and other backward hooks."""
        if self.backward_is_full is (not full):
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks as a "
                "global Module hook. Please use only one of them."
            )
        self.backward_is_full = full


hooks = GlobalHooks()


def _register(table: OrderedDict[int, Any], hook: Any) -> RemovableHandle:
    handle = RemovableHandle(table)
    table[handle.id] = hook
    return handle


def register_module_parameter_registration_hook(
    hook: Callable[..., Any],
) -> RemovableHandle:
    """Calls hook(module, name, parameter) at every registration of a parameter.

    What it returns, if not None, is registered in the parameter's place.
    """
    return _register(_attributes._global_parameter_registration_hooks, hook)


def register_module_buffer_registration_hook(
    hook: Callable[..., Any],
) -> RemovableHandle:
    """As `register_module_parameter_registration_hook`, for buffers."""
    return _register(_attributes._global_buffer_registration_hooks, hook)


def register_module_module_registration_hook(
    hook: Callable[..., Any],
) -> RemovableHandle:
    """As `register_module_parameter_registration_hook`, for submodules."""
    return _register(_attributes._global_module_registration_hooks, hook)


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Calls hook(module, args) before every module's forward.

    A result that is not None replaces the positional arguments.
    """
    return hooks.add(hooks.forward_pre, hook)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Calls hook(module, args, output) after every module's forward.

    A result that is not None replaces the output.

    Args:
        hook: the function.
        with_kwargs: whether it gets the keyword arguments too, before the output.
        always_call: whether it runs even when forward raises.
    """
    marks = []
    if with_kwargs:
        marks.append(hooks.forward_with_kwargs)
    if always_call:
        marks.append(hooks.forward_always_called)
    return hooks.add(hooks.forward, hook, *marks)


def register_module_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Calls hook(module, grad_input, grad_output) of the last operation's gradients.

    Deprecated in favour of `register_module_full_backward_hook`.
    """
    hooks.claim_backward(full=False)
    return hooks.add(hooks.backward, hook)


def register_module_full_backward_pre_hook(
    hook: Callable[..., Any],
) -> RemovableHandle:
    """Calls hook(module, grad_output) before every module's gradients are computed."""
    return hooks.add(hooks.backward_pre, hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Calls hook(module, grad_input, grad_output) after every module's backward.

    A result that is not None replaces grad_input.
    """
    hooks.claim_backward(full=True)
    return hooks.add(hooks.backward, hook)
