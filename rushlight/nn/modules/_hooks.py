"""Registration of a module's own hooks around forward and backward."""

from __future__ import annotations

from collections import OrderedDict

from ..._handle import RemovableHandle
from ._convert import Conversion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Hooks(Conversion):
    """The `register_*_hook` methods that concern calls and gradients."""

    _forward_pre_hooks: OrderedDict[int, Any]
    _forward_pre_hooks_with_kwargs: OrderedDict[int, bool]
    _forward_hooks: OrderedDict[int, Any]
    _forward_hooks_with_kwargs: OrderedDict[int, bool]
    _forward_hooks_always_called: OrderedDict[int, bool]
    _backward_pre_hooks: OrderedDict[int, Any]
    _backward_hooks: OrderedDict[int, Any]

    def _add_hook(
        self,
        table: OrderedDict[int, Any],
        hook: Any,
        prepend: bool = False,
        marks: tuple[OrderedDict[int, bool], ...] = (),
    ) -> RemovableHandle:
        handle = RemovableHandle(table, extra_dict=list(marks))
        table[handle.id] = hook
        for mark in marks:
            mark[handle.id] = True
        if prepend:
            table.move_to_end(handle.id, last=False)
        return handle

    def register_forward_pre_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
    ) -> RemovableHandle:
        """Calls hook(module, args) before forward; a result replaces the arguments.

        Args:
            hook: returns None, one argument or a tuple of them.
            prepend: whether it runs before the hooks already there.
            with_kwargs: the hook is called as hook(module, args, kwargs) and returns
                None or a pair (args, kwargs).
        """
        marks = (self._forward_pre_hooks_with_kwargs,) if with_kwargs else ()
        return self._add_hook(self._forward_pre_hooks, hook, prepend, marks)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Calls hook(module, args, output) after forward; a result replaces the output.

        Args:
            hook: returns None or the new output.
            prepend: whether it runs before the hooks already there.
            with_kwargs: the hook is called as hook(module, args, kwargs, output).
            always_call: whether it runs even when forward raises.
        """
        marks: tuple[OrderedDict[int, bool], ...] = ()
        if with_kwargs:
            marks += (self._forward_hooks_with_kwargs,)
        if always_call:
            marks += (self._forward_hooks_always_called,)
        return self._add_hook(self._forward_hooks, hook, prepend, marks)

    def register_full_backward_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Calls hook(module, grad_output) before the module's gradients are computed.

        A result that is not None replaces grad_output, a tuple with None for outputs
        that are not tensors.
        """
        return self._add_hook(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Calls hook(module, grad_input, grad_output) once both are known.

        A result that is not None replaces grad_input. Both are tuples, with None for
        arguments that are not tensors.

        Raises:
            RuntimeError: when `register_backward_hook` was used on this module.
        """
        self._claim_backward(full=True)
        return self._add_hook(self._backward_hooks, hook, prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Calls hook(module, grad_input, grad_output) of the last operation alone.

        Deprecated in favour of `register_full_backward_hook`.

        Raises:
            RuntimeError: when `register_full_backward_hook` was used on this module.
        """
        self._claim_backward(full=False)
        return self._add_hook(self._backward_hooks, hook)

    def _claim_backward(self, full: bool) -> None:
        if self._is_full_backward_hook is (not full):
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a "
                "single Module. Please use only one of them."
            )
        self._is_full_backward_hook = full
