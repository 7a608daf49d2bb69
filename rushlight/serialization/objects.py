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
from types import MemberDescriptorType
from typing import Any

import rushlight
from rushlight import _C

from .errors import UnsafeFileError
from .keys import SCALARS
from .records import Record, brief

_safe_classes: dict[str, Any] = {}
"""The added classes by the dotted names that files give them."""


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Adds classes whose instances `load` may rebuild, also with `weights_only=True`.

    Args:
        safe_globals: classes, or pairs of a class and the dotted name that files give
            it. Names of NumPy's are known already and may be in the list.

    Raises:
        TypeError: if an item is no class; functions are never called by `load`.
        ValueError: if a tuple is no pair.
    """
    added = [_named_class(item) for item in safe_globals]
    _safe_classes.update(pair for pair in added if pair is not None)


def _named_class(item: Any) -> tuple[str, Any] | None:
    kind, path = item, None
    if isinstance(item, tuple):
        if len(item) != 2:
            raise ValueError(
                "Expected tuple of length 2 (global, str of callable full path), but "
                f"got tuple of length: {len(item)}"
            )
        kind, path = item
        if type(path) is not str:
            raise TypeError(
                "Expected second item in tuple to be str of callable full path, but "
                f"got: {type(path)}"
            )
    if str(getattr(kind, "__module__", "")).partition(".")[0] == "numpy":
        return None
    if not isinstance(kind, type):
        raise TypeError(
            f"add_safe_globals: expected classes, got {kind!r}; "
            "load calls no function that a file names"
        )
    return path or f"{torch_module(kind.__module__)}.{kind.__qualname__}", kind


def get_safe_globals() -> list[Any]:
    """The classes that were added by `add_safe_globals`."""
    return list(dict.fromkeys(_safe_classes.values()))


def clear_safe_globals() -> None:
    """Forgets all classes that were added by `add_safe_globals`."""
    _safe_classes.clear()


@contextlib.contextmanager
def safe_globals(safe_globals: list[Any]) -> Iterator[None]:
    """Adds classes as `add_safe_globals` does, for the length of a `with` block."""
    before = dict(_safe_classes)
    add_safe_globals(safe_globals)
    try:
        yield
    finally:
        _safe_classes.clear()
        _safe_classes.update(before)


def find_safe_class(path: str) -> Any:
    """The class of that dotted name among those the program has added, or None."""
    return _safe_classes.get(path)


def find_imported(module: str, name: str) -> Any:
    """What `weights_only=False` may name besides plain data, if the program has
    imported it: a module class, a record class, or a function of `nn.functional`.

    Returns:
        None if there is nothing of that name, or it is something else.
    """
    if module in _FUNCTION_MODULES:
        # Layers keep their activation as a function; any of this module is harmless.
        public = not name.startswith("_") and "." not in name
        found = getattr(rushlight.nn.functional, name, None) if public else None
        local = getattr(found, "__module__", None) in (None, *_FUNCTIONAL)
        return found if callable(found) and local else None
    if module.partition(".")[0] == "torch":
        return _own_class(module, name)
    found = sys.modules.get(module)
    for part in name.split("."):
        found = vars(found).get(part) if hasattr(found, "__dict__") else None
    return found if isinstance(found, type) and _is_record(found) else None


_FUNCTION_MODULES = ("torch.nn.functional", "torch._C._nn", "torch")
_FUNCTIONAL = ("rushlight.nn.functional", "rushlight._C", "rushlight._C.ops")


def _own_class(module: str, name: str) -> Any:
    """Our class in place of one of PyTorch's, wherever PyTorch keeps it."""
    if "." in name or name.startswith("_"):
        return None
    if module == "torch.optim.lr_scheduler":
        found = getattr(rushlight.optim.lr_scheduler, name, None)
    elif module == "torch.optim" or module.startswith("torch.optim."):
        found = getattr(rushlight.optim, name, None)
    elif module == "torch.nn" or module.startswith("torch.nn."):
        found = getattr(rushlight.nn, name, None)
    elif module == "torch.utils.data" or module.startswith("torch.utils.data."):
        data = sys.modules.get("rushlight.utils.data")
        found = getattr(data, name, None)
    elif module == "torch.return_types":
        return named_results().get(name)
    else:
        return None
    return found if isinstance(found, type) and _is_record(found) else None


def own_module(module: str) -> str:
    """PyTorch's name of a module to ours."""
    head, dot, rest = module.partition(".")
    return f"rushlight{dot}{rest}" if head == "torch" else module


def torch_module(module: str) -> str:
    """Our name of a module to PyTorch's, which is what files hold."""
    head, dot, rest = module.partition(".")
    return f"torch{dot}{rest}" if head == "rushlight" else module


def _is_record(kind: type) -> bool:
    """Whether instances of a class are attributes and nothing more."""
    return (
        issubclass(kind, (rushlight.nn.Module, enum.Enum, *_plain_bases()))
        or is_named_tuple(kind)
        or is_tensor_class(kind)
        or (dataclasses.is_dataclass(kind) and not issubclass(kind, _VALUES))
    )


_VALUES = (dict, list, tuple, set, frozenset, str, bytes, int, float, rushlight.Tensor)


def is_named_result(kind: Any) -> bool:
    """Whether a class is one of `rushlight.return_types`."""
    return isinstance(kind, type) and kind in named_results().values()


def named_results() -> dict[str, Any]:
    """The classes of `rushlight.return_types` by name."""
    return _C._return_types()


def is_named_tuple(kind: Any) -> bool:
    """Whether a class is what `collections.namedtuple` makes."""
    is_tuple = isinstance(kind, type) and issubclass(kind, tuple)
    return is_tuple and isinstance(vars(kind).get("_fields"), tuple)


def _plain_bases() -> Iterator[type]:
    for module, name in _PLAIN_BASES:
        found = sys.modules.get(module)
        if found is not None:
            yield getattr(found, name)


_PLAIN_BASES = (
    ("argparse", "Namespace"),
    ("rushlight.optim.optimizer", "Optimizer"),
    ("rushlight.optim.lr_scheduler", "LRScheduler"),
    ("rushlight.utils.data", "Dataset"),
)


def create_object(kind: Any, args: tuple[Any, ...]) -> Any:
    """An empty instance of a class that `find_safe_class` or `find_imported` gave.

    Raises:
        UnsafeFileError: if making one would run code of the class.
    """
    if is_named_result(kind):
        if len(args) != 2 or type(args[0]) is not tuple or args[1]:
            raise UnsafeFileError(f"load: a {kind.__name__} is damaged")
        if len(args[0]) != kind.n_fields:
            raise UnsafeFileError(f"load: a {kind.__name__} has {len(args[0])} fields")
        return kind(args[0])
    if is_named_tuple(kind):
        if len(args) != len(kind._fields):
            raise UnsafeFileError(f"load: a {kind.__qualname__} has {len(args)} fields")
        return tuple.__new__(kind, args)
    if not isinstance(kind, type) or args:
        raise UnsafeFileError(f"load: objects of {brief(kind)} are not built")
    if not is_rebuilt_plainly(kind):
        raise UnsafeFileError(
            f"load: {kind.__module__}.{kind.__qualname__} makes its objects by methods "
            "of its own, which load does not call"
        )
    made: Any = object.__new__(kind)
    if isinstance(made, rushlight.nn.Module):
        # `Module.__init__` itself may go on to the `__init__` of other bases.
        vars(made).update(vars(rushlight.nn.Module()))
    elif dataclasses.is_dataclass(kind):
        _fill_fields(made)
    return made


def _fill_fields(made: Any) -> None:
    """Gives the fields that have no default None: the file may lack some of them, and
    printing needs all."""
    for field in dataclasses.fields(made):
        if field.default is not dataclasses.MISSING:
            if has_slots(type(made)):
                object.__setattr__(made, field.name, field.default)
        else:
            object.__setattr__(made, field.name, None)


def is_rebuilt_plainly(kind: Any) -> bool:
    """Whether `object.__new__` and a state make an object without code of the class."""
    makes: Any = kind.__new__
    plain_lookup = kind.__getattribute__ is object.__getattribute__
    own_class = any("__class__" in vars(base) for base in kind.__mro__[:-1])
    return (
        makes is object.__new__
        and plain_lookup
        and not own_class
        and not hasattr(kind, "__del__")
        and _sets_state_plainly(kind)
        and (bool(kind.__dictoffset__) or has_slots(kind))
    )


def _sets_state_plainly(kind: type) -> bool:
    """Whether the class leaves the setting of a state to pickle; the methods of our
    own classes only complete the states of very old files."""
    method = getattr(kind, "__setstate__", None)
    if method is None or str(method.__module__).startswith("rushlight."):
        return True
    # What a frozen dataclass with slots gets from Python.
    return has_slots(kind) and str(method.__module__) == "dataclasses"


def has_slots(kind: type) -> bool:
    """Whether a class is a dataclass whose fields are its slots."""
    return (
        dataclasses.is_dataclass(kind)
        and not kind.__dictoffset__
        and all(
            type(getattr(kind, field.name, None)) is MemberDescriptorType
            for field in dataclasses.fields(kind)
        )
    )


def slot_values(target: Any) -> list[Any]:
    """The values of the fields that a dataclass with slots has by now."""
    found = []
    for field in dataclasses.fields(target):
        with contextlib.suppress(AttributeError):
            found.append(object.__getattribute__(target, field.name))
    return found


def _set_slots(target: Any, state: Any) -> Any:
    """Puts a state into the fields of a dataclass that has slots."""
    names = [field.name for field in dataclasses.fields(target)]
    if type(state) is list and len(state) == len(names):
        state = None, dict(zip(names, state))
    values = state[1] if type(state) is tuple and len(state) == 2 else None
    if type(values) is not dict or not all(name in names for name in values):
        raise UnsafeFileError(
            f"load: the state of a {type(target).__name__} does not fit its fields"
        )
    for name, value in values.items():
        object.__setattr__(target, name, value)
    return target


def is_tensor_class(kind: Any) -> bool:
    """Whether a class of tensors gets its objects without code of its own."""
    return (
        isinstance(kind, type)
        and issubclass(kind, rushlight.Tensor)
        and not issubclass(kind, rushlight.nn.Parameter)
        and all(
            getattr(kind, name, None) is getattr(rushlight.Tensor, name, None)
            for name in ("__getattribute__", "__del__")
        )
        and _sets_state_plainly(kind)
        and bool(kind.__dictoffset__)
    )


def enum_member(kind: Any, args: tuple[Any, ...]) -> Any:
    """The member of an enumeration that has the given value; of flags, several."""
    for member in list(kind.__members__.values()):
        value = member._value_
        if len(args) == 1 and type(value) is type(args[0]):
            if type(args[0]) in SCALARS and value == args[0]:
                return member
    found = _flags(kind, args[0]) if len(args) == 1 else None
    if found is None:
        raise UnsafeFileError(f"load: {kind.__qualname__} has no such member")
    return found


def _flags(kind: Any, value: Any) -> Any:
    """Flags that are combined, or none of them; their class must leave it to Python."""
    if not issubclass(kind, enum.Flag) or type(value) is not int:
        return None
    mask = 0
    for member in list(kind.__members__.values()):
        mask |= member._value_ if type(member._value_) is int else 0
    plain = kind._missing_.__func__ in _FLAG_LOOKUPS
    return kind(value) if plain and value & ~mask == 0 else None


_FLAG_LOOKUPS = tuple(
    vars(base)["_missing_"].__func__
    for base in (enum.Flag, enum.IntFlag)
    if "_missing_" in vars(base)
)


def set_attributes(target: Any, state: Any) -> Any:
    """Puts the entries of `state` into the attributes of a rebuilt object.

    Raises:
        UnsafeFileError: if they are no attributes, or would hide one of the class.
    """
    if has_slots(type(target)):
        return _set_slots(target, state)
    if isinstance(state, tuple) and len(state) == 2 and state[1] is None:
        state = state[0]
    if state is None:
        return target
    kind = type(target)
    if not isinstance(state, dict) or not all(type(name) is str for name in state):
        raise UnsafeFileError(
            f"load: the state of a {kind.__name__} is no dict of attributes"
        )
    hidden = [name for name in state if _is_method(kind, name)]
    if hidden:
        raise UnsafeFileError(
            f"load: the file wants to replace {kind.__name__}.{hidden[0]}"
        )
    if isinstance(target, rushlight.nn.Module):
        _check_registered(kind, state)
    target.__dict__.update(state)
    if kind.__module__.startswith("rushlight.") and hasattr(kind, "__setstate__"):
        if not isinstance(target, rushlight.Tensor):
            _complete(target)
    return target


def _is_method(kind: type, name: str) -> bool:
    # Looked up without the descriptors of the class, which could run code.
    found = next(
        (vars(base)[name] for base in kind.__mro__ if name in vars(base)), None
    )
    return callable(found) or isinstance(found, (classmethod, staticmethod))


def _check_registered(kind: type, state: dict[str, Any]) -> None:
    for name, allowed in _REGISTERED.items():
        entries = state.get(name, {})
        if not isinstance(entries, dict) or not all(
            type(key) is str and isinstance(value, allowed)
            for key, value in entries.items()
        ):
            raise UnsafeFileError(
                f"load: {name} of a {kind.__name__} holds something else than it should"
            )


_REGISTERED: dict[str, tuple[type, ...]] = {
    "_parameters": (rushlight.Tensor, type(None), Record),
    "_buffers": (rushlight.Tensor, type(None), Record),
    "_modules": (rushlight.nn.Module, type(None), Record),
}


def _complete(target: Any) -> None:
    """Lets one of our own classes add what files of old PyTorch versions lack."""
    try:
        target.__setstate__({})
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise UnsafeFileError(
            f"load: the state of a {type(target).__name__} is damaged: {error}"
        ) from None
