"""Values of the standard library that are plain data: dates, paths, fractions.

Each is built from checked arguments. They are harmless, so `weights_only=True` allows
them too, which PyTorch does not.
"""

from __future__ import annotations

import datetime
import re
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from .errors import UnsafeFileError
from .rebuild import Rebuild, check_arguments

_TEXT_LIMIT = 4300
_FRACTION = re.compile(r"-?\d{1,4300}(/\d{1,4300})?", re.ASCII)
_UUID_BITS = 128


def _text(value: str) -> str:
    if len(value) > _TEXT_LIMIT:
        raise UnsafeFileError(f"load: a number or a path has {len(value)} characters")
    return value


def _moment(kind: type) -> Callable[..., Any]:
    def build(*args: Any) -> Any:
        check_arguments(args, bytes, datetime.timezone, optional=1)
        return _try(kind, *args)

    return build


def _try(kind: Callable[..., Any], *args: Any) -> Any:
    try:
        return kind(*args)
    except (ValueError, TypeError, OverflowError, ArithmeticError) as error:
        raise UnsafeFileError(f"load: a {kind.__name__} is damaged: {error}") from None


def _date(*args: Any) -> Any:
    check_arguments(args, bytes)
    return _try(datetime.date, *args)


def _span(*args: Any) -> Any:
    check_arguments(args, int, int, int, optional=2)
    return _try(datetime.timedelta, *args)


def _zone(*args: Any) -> Any:
    check_arguments(args, datetime.timedelta, str, optional=1)
    return _try(datetime.timezone, *args)


def _path(name: str) -> Callable[..., Any]:
    def build(*args: Any) -> Any:
        import pathlib

        check_arguments(args, *[str] * len(args))
        kind: Any = getattr(pathlib, name)
        other = "Pure" + name
        if hasattr(pathlib, other) and kind is not type(pathlib.Path()):
            # The path of another system's file: it cannot be opened here.
            kind = getattr(pathlib, other)
        return _try(kind, *map(_text, args))

    return build


def _decimal(*args: Any) -> Any:
    import decimal

    check_arguments(args, str)
    return _try(decimal.Decimal, _text(args[0]))


def _fraction(*args: Any) -> Any:
    import fractions

    kinds = (str,) if len(args) == 1 else (int, int)
    check_arguments(args, *kinds)
    if len(args) == 1 and _FRACTION.fullmatch(args[0]) is None:
        raise UnsafeFileError(f"load: {args[0][:40]!r} is no fraction")
    return _try(fractions.Fraction, *args)


def _deque(*args: Any) -> deque[Any]:
    check_arguments(args, (tuple, list), int, optional=2)
    return _try(deque, *args)


def _namespace(*args: Any) -> SimpleNamespace:
    check_arguments(args)
    return SimpleNamespace()


def _ints(kind: Callable[..., Any]) -> Callable[..., Any]:
    def build(*args: Any) -> Any:
        check_arguments(args, *[(int, type(None))] * 3, optional=2)
        return _try(kind, *args)

    return build


def _uuid(*args: Any) -> Any:
    import uuid

    check_arguments(args)
    # Its number comes as a state; the class would want it now.
    made = object.__new__(uuid.UUID)
    object.__setattr__(made, "int", 0)
    object.__setattr__(made, "is_safe", uuid.SafeUUID.unknown)
    return made


def set_uuid(target: Any, state: Any) -> Any:
    """Gives a UUID its number.

    Raises:
        UnsafeFileError: if the state is no number of 128 bits.
    """
    number = state.get("int") if isinstance(state, dict) else None
    fits = type(number) is int and 0 <= number < 1 << _UUID_BITS
    if not fits:
        raise UnsafeFileError("load: a UUID is damaged")
    object.__setattr__(target, "int", number)
    return target


_PATHS = ("PurePosixPath", "PureWindowsPath", "PosixPath", "WindowsPath")

PLAIN_FUNCTIONS = {
    name: Rebuild(name, function, copies=True)
    for name, function in {
        "datetime.datetime": _moment(datetime.datetime),
        "datetime.time": _moment(datetime.time),
        "datetime.date": _date,
        "datetime.timedelta": _span,
        "datetime.timezone": _zone,
        **{
            f"{module}.{name}": _path(name)
            for name in _PATHS
            for module in ("pathlib", "pathlib._local")
        },
        "decimal.Decimal": _decimal,
        "fractions.Fraction": _fraction,
        "collections.deque": _deque,
        "types.SimpleNamespace": _namespace,
        "builtins.slice": _ints(slice),
        "builtins.range": _ints(range),
        "uuid.UUID": _uuid,
    }.items()
}
"""Every such name that a file may use."""
