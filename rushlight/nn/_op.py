"""Looks operators up in the core, and stands in with a clear error where one lacks."""

from __future__ import annotations

from rushlight import _C

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def op(name: str) -> Callable[..., Any]:
    """The operator `name` of the core.

    An operator that this build does not have becomes a function that raises
    NotImplementedError with the operator's name when it is called.
    """
    found: Callable[..., Any] | None = getattr(_C.ops, name, None)
    if found is not None:
        return found

    def missing(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"rushlight._C.ops.{name} is not available")

    missing.__name__ = missing.__qualname__ = name
    return missing
