"""Objects with attributes: which classes a file may name, and how they get a state.

A class counts only if the program has imported it already. Its instance is made by
`object.__new__` and filled with attributes: neither `__init__` nor `__setstate__` nor
anything else of it is called, so classes that rely on such methods are refused.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import sys
from collections.abc import Iterator
from typing import Any

import rushlight

from .errors import UnsafeFileError

_safe_classes: list[type] = []


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Adds classes whose instances `load` may rebuild, also with `weights_only=True`.

    Raises:
        TypeError: if an item is no class; functions are never called by `load`.
    """
    for item in safe_globals:
        if not isinstance(item, type):
            raise TypeError(
                f"add_safe_globals: expected classes, got {item!r}; "
                "load calls no function that a file names"
            )
    _safe_classes.extend(item for item in safe_globals if item not in _safe_classes)


def get_safe_globals() -> list[Any]:
    """The classes that were added by `add_safe_globals`."""
    return list(_safe_classes)


def clear_safe_globals() -> None:
    """Forgets all classes that were added by `add_safe_globals`."""
    _safe_classes.clear()


@contextlib.contextmanager
def safe_globals(safe_globals: list[Any]) -> Iterator[None]:
    """Adds classes as `add_safe_globals` does, for the length of a `with` block."""
    before = get_safe_globals()
    add_safe_globals(safe_globals)
    try:
        yield
    finally:
        _safe_classes[:] = before


def find_safe_class(module: str, name: str) -> type | None:
    """The class of that name among those the program has added."""
    for kind in _safe_classes:
        if (own_module(kind.__module__), kind.__qualname__) == (module, name):
            return kind
    return None


def find_imported(module: str, name: str) -> Any:
    """A module class, plain record or function of `nn.functional` of that name, if
    the program has imported it; None if not."""
    found: Any = sys.modules.get(own_module(module))
    if own_module(module) == "rushlight.nn.functional":
        # Layers keep their activation as a function; any of this module is harmless.
        public = not name.startswith("_") and "." not in name
        found = getattr(rushlight.nn.functional, name, None) if public else None
        local = getattr(found, "__module__", None) in (None, *_FUNCTIONAL)
        return found if callable(found) and local else None
    for part in name.split("."):
        found = vars(found).get(part) if hasattr(found, "__dict__") else None
    return found if isinstance(found, type) and _is_record(found) else None


_FUNCTIONAL = ("rushlight.nn.functional", "rushlight._C", "rushlight._C.ops")


def own_module(module: str) -> str:
    """PyTorch's name of a module to ours."""
    head, dot, rest = module.partition(".")
    return f"rushlight{dot}{rest}" if head == "torch" else module


def torch_module(module: str) -> str:
    """Our name of a module to PyTorch's, which is what files hold."""
    head, dot, rest = module.partition(".")
    return f"torch{dot}{rest}" if head == "rushlight" else module


def _is_record(kind: type) -> bool:
    known = (rushlight.nn.Module, *_namespace())
    return issubclass(kind, known) or dataclasses.is_dataclass(kind)


def _namespace() -> tuple[type, ...]:
    module = sys.modules.get("argparse")
    return () if module is None else (module.Namespace,)


def create_object(kind: Any, args: tuple[Any, ...]) -> Any:
    """An empty instance of a class that `find_safe_class` or `find_imported` gave.

    Raises:
        UnsafeFileError: if making one would run code of the class.
    """
    if not isinstance(kind, type) or args:
        raise UnsafeFileError(f"load: objects of {kind!r} are not built")
    makes: Any = kind.__new__
    if (
        makes is not object.__new__
        or hasattr(kind, "__del__")
        or not _sets_state_plainly(kind)
        or not kind.__dictoffset__
    ):
        raise UnsafeFileError(
            f"load: {kind.__module__}.{kind.__qualname__} makes its objects by methods "
            "of its own, which load does not call"
        )
    made: Any = object.__new__(kind)
    if isinstance(made, rushlight.nn.Module):
        rushlight.nn.Module.__init__(made)
    return made


def _sets_state_plainly(kind: type) -> bool:
    """Whether the class leaves the setting of a state to pickle; the methods of our
    own layers only complete the states of very old files."""
    method = getattr(kind, "__setstate__", None)
    return method is None or method.__module__.startswith("rushlight.nn.")


def enum_member(kind: type[enum.Enum], args: tuple[Any, ...]) -> Any:
    """The member of a safe enumeration that has the given value."""
    for member in kind:
        if len(args) == 1 and type(member.value) is type(args[0]):
            if member.value == args[0]:
                return member
    raise UnsafeFileError(f"load: {kind.__qualname__} has no member {args!r}")


def set_attributes(target: Any, state: Any) -> Any:
    """Puts the entries of `state` into the attributes of a rebuilt object.

    Raises:
        UnsafeFileError: if they are no attributes, or would hide one of the class.
    """
    if isinstance(state, tuple) and len(state) == 2 and state[1] is None:
        state = state[0]
    if state is None:
        return target
    if not isinstance(state, dict) or not all(isinstance(name, str) for name in state):
        raise UnsafeFileError(
            f"load: the state of a {type(target).__name__} is no dict of attributes"
        )
    kind = type(target)
    hidden = [name for name in state if callable(getattr(kind, name, None))]
    if hidden:
        raise UnsafeFileError(
            f"load: the file wants to replace {kind.__name__}.{hidden[0]}"
        )
    target.__dict__.update(state)
    return target
