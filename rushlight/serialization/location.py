"""`map_location`: on which device the storages of a file come to live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import rushlight

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
    if isinstance(map_location, (str, rushlight.device)):
        target = str(map_location)
        return lambda storage, location: _place(storage, target)
    if isinstance(map_location, dict):
        table = {str(old): str(new) for old, new in map_location.items()}
        return lambda storage, location: _place(storage, table.get(location, location))
    if callable(map_location):
        return lambda storage, location: _from_user(map_location, storage, location)
    raise TypeError(
        "load: map_location must be None, a device, a string, a dict or a callable, "
        f"got {type(map_location).__name__}"
    )


def _from_user(function: Restore, storage: Any, location: str) -> Any:
    found = function(storage, location)
    if found is None:
        return _place(storage, location)
    if not isinstance(found, rushlight.UntypedStorage):
        raise TypeError(
            "load: the map_location function must return a storage or None, "
            f"got {type(found).__name__}"
        )
    if found.nbytes() < storage.nbytes():
        raise ValueError(
            f"load: the map_location function returned {found.nbytes()} bytes for a "
            f"storage of {storage.nbytes()}"
        )
    return found


def _place(storage: Any, location: str) -> Any:
    kind = location.partition(":")[0]
    if kind == "cpu":
        return storage
    if kind == "cuda":
        raise RuntimeError(
            "Attempting to deserialize object on a CUDA device but "
            "torch.cuda.is_available() is False. Load the file with "
            "map_location=torch.device('cpu') to map its storages to the CPU."
        )
    if kind == "meta":
        raise NotImplementedError("rushlight.load(map_location='meta')")
    raise RuntimeError(
        "don't know how to restore data location of torch.storage.UntypedStorage "
        f"(tagged with {location})"
    )
