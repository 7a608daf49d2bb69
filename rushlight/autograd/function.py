"""Function: operations with a backward written by the user."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any

from rushlight import _C
from rushlight._grad_mode import no_grad


class FunctionCtx(_C._FunctionBase):
    """What ``forward`` leaves for ``backward``: saved tensors and any attributes."""


class BackwardCFunction(FunctionCtx):
    """The graph node of a custom function; an instance is the ``ctx`` of one call."""

    _forward_cls: type[Function]

    def _run_backward(self, *grads: Any) -> Any:
        cls = self._forward_cls
        if cls.vjp is not Function.vjp:
            if cls.backward is not Function.backward:
                raise RuntimeError(
                    "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. "
                    "You should only implement one of them."
                )
            return cls.vjp(self, *grads)
        return cls.backward(self, *grads)


class FunctionMeta(type):
    """Gives each Function its own node class, named after it."""

    _backward_cls: type[BackwardCFunction]

    def __init__(
        cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]
    ) -> None:
        cls._backward_cls = type(
            f"{name}Backward",
            (BackwardCFunction,),
            {"_forward_cls": cls, "__module__": "torch.autograd.function"},
        )
        super().__init__(name, bases, attrs)


class Function(metaclass=FunctionMeta):
    """An operation with its own derivative.

    Subclass it with static methods ``forward(ctx, *args)`` and ``backward(ctx, *grads)``
    (or ``forward(*args)`` and ``setup_context(ctx, inputs, output)``), and call
    ``MyFunction.apply(*args)``. ``backward`` returns one gradient an argument of forward,
    None for those that have none.

    Example:
        >>> class Cube(Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x ** 3
        ...     @staticmethod
        ...     def backward(ctx, grad):
        ...         (x,) = ctx.saved_tensors
        ...         return grad * 3 * x ** 2
    """

    generate_vmap_rule = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all "
            "static, so you should invoke them on the class itself.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use "
            "new-style autograd function with static forward method, and call it by apply()."
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Computes the outputs; the first argument is ctx unless setup_context is defined."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Stores in ctx what backward needs, when forward takes no ctx."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Gradients of forward's arguments, given those of its outputs."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """Forward mode differentiation: not available."""
        raise NotImplementedError(
            "rushlight.autograd.Function.jvp (forward mode) is not implemented"
        )

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """How the operation runs over a batch: not available."""
        raise NotImplementedError("rushlight.autograd.Function.vmap is not implemented")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Runs forward and records the call."""
        separate = cls.setup_context is not Function.setup_context
        if separate or kwargs:
            args = cls._bind(separate, args, kwargs)
        ctx = cls._backward_cls()
        records = _C.begin_function(ctx, args)
        try:
            with no_grad():
                if separate:
                    outputs = cls.forward(*args)
                    cls.setup_context(ctx, args, outputs)
                else:
                    outputs = cls.forward(ctx, *args)
        except BaseException:
            _C.abandon_function(ctx)
            raise
        single = not isinstance(outputs, tuple)
        results = _C.finish_function(
            ctx, args, (outputs,) if single else outputs, records, separate
        )
        return results[0] if single else results

    @classmethod
    def _bind(
        cls, separate: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, ...]:
        """All arguments of forward by position, defaults filled in."""
        signature = inspect.signature(cls.forward)
        bound = signature.bind(*(() if separate else (None,)), *args, **kwargs)
        bound.apply_defaults()
        return bound.args if separate else bound.args[1:]


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """For a ``backward`` that cannot be differentiated: a second derivative is an error."""

    @functools.wraps(backward)
    def wrapper(ctx: Any, *grads: Any) -> Any:
        with no_grad():
            outputs = backward(ctx, *grads)
        if not _C.is_grad_enabled():
            return outputs
        needs = any(isinstance(g, _C.Tensor) and g.requires_grad for g in grads)
        if not needs:
            return outputs
        single = not isinstance(outputs, tuple)
        results = tuple(
            _Undifferentiable.apply(o, *grads) if isinstance(o, _C.Tensor) else o
            for o in ((outputs,) if single else outputs)
        )
        return results[0] if single else results

    return wrapper


class _Undifferentiable(Function):
    @staticmethod
    def forward(ctx: Any, value: Any, *grads: Any) -> Any:
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )


class InplaceFunction(Function):
    """A Function whose forward may write into its input; the flag is for its subclasses."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class NestedIOFunction(Function):
    """Old style functions over nested inputs: not available."""

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Raises NotImplementedError."""
        raise NotImplementedError(
            "rushlight.autograd.NestedIOFunction is not implemented"
        )
