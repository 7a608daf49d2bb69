"""``__torch_function__``: classes that decide themselves what an operator does to their objects.

The binding calls :func:`_dispatch` for a call in which some argument's class overrides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rushlight import _C

Tensor = _C.Tensor


class DisableTorchFunctionSubclass:
    """Within it, instances of subclasses are treated as plain tensors."""

    def __enter__(self) -> None:
        self._before = _C._set_overrides_disabled(True)

    def __exit__(self, *exc: object) -> None:
        _C._set_overrides_disabled(self._before)


def _implementation(obj: Any) -> Any:
    """The override that counts for an object; None for plain tensors and strangers."""
    cls = type(obj)
    if cls is Tensor or isinstance(obj, type):
        return None
    found = getattr(cls, "__torch_function__", None)
    return None if found is _C._disabled_torch_function_impl else found


def _relevant(arguments: Iterable[Any]) -> list[Any]:
    """One argument of each overriding class, subclasses before their bases."""
    found: list[Any] = []
    for arg in arguments:
        if _implementation(arg) is None or type(arg) in map(type, found):
            continue
        place = len(found)
        for i, other in enumerate(found):
            if issubclass(type(arg), type(other)):
                place = i
                break
        found.insert(place, arg)
    return found


def _flat(args: Iterable[Any]) -> Iterable[Any]:
    for arg in args:
        if isinstance(arg, (tuple, list)):
            yield from arg
        else:
            yield arg


def _dispatch(func: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
    return handle_torch_function(
        func, tuple(_flat((*args, *kwargs.values()))), *args, **kwargs
    )


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """Whether any of the arguments overrides operators."""
    return not _C._overrides_disabled() and any(
        _implementation(arg) is not None for arg in relevant_args
    )


def has_torch_function_unary(arg: Any) -> bool:
    """:func:`has_torch_function` of one argument."""
    return has_torch_function((arg,))


def has_torch_function_variadic(*args: Any) -> bool:
    """:func:`has_torch_function` of the arguments given."""
    return has_torch_function(args)


def handle_torch_function(
    public_api: Callable[..., Any],
    relevant_args: Iterable[Any],
    *args: Any,
    **kwargs: Any,
) -> Any:
    """Asks each overriding class in turn; the first that does not return NotImplemented answers.

    Raises:
        TypeError: all returned NotImplemented.
    """
    overriding = _relevant(relevant_args)
    types = tuple(map(type, overriding))
    for arg in overriding:
        answer = arg.__torch_function__(public_api, types, args, kwargs)
        if answer is not NotImplemented:
            return answer
    name = getattr(public_api, "__name__", str(public_api))
    raise TypeError(
        f"no implementation found for 'torch.{name}' on types that implement __torch_function__: "
        f"{list(types)}"
    )


def is_tensor_like(inp: Any) -> bool:
    """Whether an object is a tensor or overrides operators."""
    return type(inp) is Tensor or hasattr(inp, "__torch_function__")


def get_default_nowrap_functions() -> set[Callable[..., Any]]:
    """Functions whose results the default implementation leaves as they are."""
    return set()


def is_tensor_method_or_property(func: Callable[..., Any]) -> bool:
    """Whether a function is a method of Tensor rather than of the package."""
    return isinstance(func, _C.OpMethod) or func in Tensor.__dict__.values()


def _converted(result: Any, cls: type) -> Any:
    if isinstance(result, Tensor):
        return result if isinstance(result, cls) else result.as_subclass(cls)
    if isinstance(result, (tuple, list)):
        items = [_converted(r, cls) for r in result]
        return type(result)(items)
    return result


def default_torch_function(
    cls: type,
    func: Callable[..., Any],
    types: tuple[type, ...],
    args: tuple[Any, ...] = (),
    kwargs: dict[str, Any] | None = None,
) -> Any:
    """``Tensor.__torch_function__``: runs the operator; its tensors become of class ``cls``."""
    if not all(issubclass(cls, t) for t in types):
        return NotImplemented
    with DisableTorchFunctionSubclass():
        result = func(*args, **(kwargs or {}))
        return result if cls is Tensor else _converted(result, cls)
