"""`map_location`: on which device the storages of a file come to live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import rushlight
from rushlight._storage import TypedStorage

from .devices import default_restore_location, is_changed
from .errors import CallerError

Restore: TypeAlias = Callable[[Any, str], Any]


def make_restore(map_location: Any) -> Restore:
    """Turns `map_location` into a function of a CPU storage and its saved device.

    Args:
        map_location: None, a device, a device's name, a dict from saved names to
            new ones, or a function `(storage, location) -> storage or None`.

    Raises:
        TypeError: if it is none of these.
    """
    if map_location is None:
        return _place
    if isinstance(map_location, bytes):
        map_location = map_location.decode("ascii")
    if isinstance(map_location, (str, rushlight.device)):
        target = str(map_location)
        return lambda storage, location: _place(storage, target)
    if isinstance(map_location, dict):
        return lambda storage, location: _place(
            storage, str(map_location.get(location, location))
        )
    if callable(map_location):
        return lambda storage, location: _from_user(map_location, storage, location)
    raise TypeError(
        "load: map_location must be None, a device, a string, a dict or a callable, "
        f"got {type(map_location).__name__}"
    )


def _from_user(function: Restore, storage: Any, location: str) -> Any:
    try:
        found = function(storage, location)
    except Exception as error:
        raise CallerError(error) from None
    if found is None:
        return _place(storage, location)
    return _checked(found, storage, "the map_location function")


def _place(storage: Any, location: str) -> Any:
    if location == "cpu" and not is_changed():
        return storage
    try:
        found = default_restore_location(storage, location)
    except Exception as error:
        raise CallerError(error) from None
    return _checked(found, storage, "the deserializer of a registered package")


def _checked(found: Any, storage: Any, function: str) -> Any:
    """What a function of the program returned, if it can take the storage's bytes."""
    if isinstance(found, TypedStorage):
        found = found.untyped()
    if not isinstance(found, rushlight.UntypedStorage):
        raise CallerError(
            TypeError(
                f"load: {function} must return a storage or None, "
                f"got {type(found).__name__}"
            )
        )
    if found.nbytes() < storage.nbytes():
        raise CallerError(
            ValueError(
                f"load: {function} returned {found.nbytes()} bytes for "
                f"a storage of {storage.nbytes()}"
            )
        )
    return found
