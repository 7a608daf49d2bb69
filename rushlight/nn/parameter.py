"""Parameter and Buffer: tensors that a Module registers when they become attributes."""

from __future__ import annotations

from collections import OrderedDict

import rushlight
from rushlight import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _ParameterMeta(type(Tensor)):  # type: ignore[misc]
    """Lets instances of other tensor subclasses, marked by `_is_param`, count too."""

    def __instancecheck__(self, instance: Any) -> bool:
        if super().__instancecheck__(instance):
            return True
        # Only the class itself accepts the mark: a subclass of Parameter stays strict.
        return (
            self is Parameter
            and isinstance(instance, Tensor)
            and getattr(instance, "_is_param", False)
        )


class Parameter(Tensor, metaclass=_ParameterMeta):
    """A tensor that is a parameter of a module.

    Assigned to an attribute of a `Module` it is registered: `parameters()` yields it,
    `state_dict()` holds it, `.to()` moves it.

    Args:
        data: the values; the parameter shares their memory. None makes an empty tensor.
        requires_grad: whether gradients are wanted; independent of `data`'s own flag
            and of `no_grad`.
    """

    # Operators treat parameters as plain tensors.
    __torch_function__ = rushlight._C._disabled_torch_function_impl

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Parameter:
        if data is None:
            data = rushlight.empty(0)
        if type(data) is Tensor or type(data) is Parameter:
            return Tensor._make_subclass(cls, data, requires_grad)
        if not isinstance(data, Tensor):
            raise TypeError(
                "Parameter: expected a Tensor for argument 'data', got "
                f"{type(data).__name__}; wrap the values in rushlight.tensor(...)"
            )
        # A subclass of Tensor keeps its class and carries the mark instead.
        param = data.detach().requires_grad_(requires_grad)
        if type(param) is not type(data):
            raise RuntimeError(
                f"Creating a Parameter from an instance of type {type(data).__name__} "
                "requires that detach() returns an instance of the same type, but "
                f"return type {type(param).__name__} was found instead."
            )
        marked: Any = param
        marked._is_param = True
        return marked

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        known = memo.get(id(self))
        if known is not None:
            return known
        copied = type(self)(
            self.data.clone(memory_format=rushlight.preserve_format), self.requires_grad
        )
        memo[id(self)] = copied
        return copied

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()

    __str__ = __repr__  # type: ignore[assignment]

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        state = dict(self.__dict__)
        arguments: tuple[Any, ...] = (self.data, self.requires_grad, OrderedDict())
        if state:
            return _rebuild_parameter_with_state, (*arguments, state)
        return _rebuild_parameter, arguments


def _rebuild_parameter(data: Tensor, requires_grad: bool, hooks: Any) -> Parameter:
    """What a pickled Parameter calls; `hooks` is an empty dictionary, as in PyTorch."""
    return Parameter(data, requires_grad)


def _rebuild_parameter_with_state(
    data: Tensor, requires_grad: bool, hooks: Any, state: dict[str, Any]
) -> Parameter:
    """As `_rebuild_parameter`, with the attributes the parameter carried."""
    param = _rebuild_parameter(data, requires_grad, hooks)
    param.__dict__.update(state)
    return param


class _BufferMeta(type(Tensor)):  # type: ignore[misc]
    """A Buffer is any tensor that carries the mark `_is_buffer`."""

    def __instancecheck__(self, instance: Any) -> bool:
        if self is not Buffer:
            return super().__instancecheck__(instance)
        return isinstance(instance, Tensor) and getattr(instance, "_is_buffer", False)


class Buffer(Tensor, metaclass=_BufferMeta):
    """A tensor that is state of a module but not a parameter, e.g. a running mean.

    Args:
        data: the values; the buffer shares their memory. None makes an empty tensor.
        persistent: whether `state_dict()` holds the buffer.
    """

    persistent: bool

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        if data is None:
            data = rushlight.empty(0)
        buffer = data.detach().requires_grad_(data.requires_grad)
        buffer.persistent = persistent
        buffer._is_buffer = True
        return buffer


class UninitializedParameter(Parameter):
    """Raises: parameters whose shape is found at the first call are not available."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            "rushlight.nn.parameter.UninitializedParameter is not available"
        )


class UninitializedBuffer(Tensor):
    """Raises: buffers whose shape is found at the first call are not available."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            "rushlight.nn.parameter.UninitializedBuffer is not available"
        )


def is_lazy(param: Any) -> bool:
    """Whether `param` still waits for its shape."""
    return isinstance(param, (UninitializedParameter, UninitializedBuffer))
