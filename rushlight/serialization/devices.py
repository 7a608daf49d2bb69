"""The devices of storages: their names in files, and what a name is restored to."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from rushlight._storage import TypedStorage

from .storages import is_meta, meta_storage

if TYPE_CHECKING:
    from rushlight import UntypedStorage


class _Package(NamedTuple):
    priority: int
    tagger: Callable[[Any], str | None]
    deserializer: Callable[[Any, str], Any]


def register_package(
    priority: int,
    tagger: Callable[[Any], str | None],
    deserializer: Callable[[Any, str], Any],
) -> None:
    """Adds a kind of place where storages live.

    Args:
        priority: the packages are asked in the order of their priorities; the CPU has
            10, CUDA 20, meta 22.
        tagger: a function of a storage: its place's name, which `save` writes, or None
            if it is of another kind.
        deserializer: a function of a storage in memory and the name of a file: the
            storage in its place, or None if the name is of another kind.
    """
    bisect.insort(
        _packages, _Package(priority, tagger, deserializer), key=lambda p: p.priority
    )


def location_tag(storage: UntypedStorage | TypedStorage) -> str:
    """The name of a storage's place, such as 'cpu'.

    Raises:
        RuntimeError: if no package knows it.
    """
    if not is_changed():
        return str(_untyped(storage).device.type)
    for package in _packages:
        found = package.tagger(storage)
        if found:
            return found
    raise RuntimeError(f"don't know how to determine data location of {_kind(storage)}")


def default_restore_location(storage: Any, location: str) -> Any:
    """A storage in the place of that name.

    Raises:
        RuntimeError: if there is no such place, or it is not available here.
    """
    for package in _packages:
        found = package.deserializer(storage, location)
        if found is not None:
            return found
    raise RuntimeError(
        f"don't know how to restore data location of {_kind(storage)} "
        f"(tagged with {location[:40]})"
    )


def is_changed() -> bool:
    """Whether packages were registered besides those that are always there."""
    return len(_packages) > _OWN


def validate_cuda_device(location: str) -> NoReturn:
    """Raises RuntimeError: rushlight has no CUDA device."""
    raise RuntimeError(
        "Attempting to deserialize object on a CUDA device but "
        "torch.cuda.is_available() is False. If you are running on a CPU-only "
        "machine, please use torch.load with map_location=torch.device('cpu') to "
        "map your storages to the CPU."
    )


def _kind(storage: Any) -> str:
    typed = isinstance(storage, TypedStorage)
    return f"torch.storage.{'Typed' if typed else 'Untyped'}Storage"


def _untyped(storage: Any) -> Any:
    return storage.untyped() if isinstance(storage, TypedStorage) else storage


def _cpu_tag(storage: Any) -> str | None:
    return "cpu" if _untyped(storage).device.type == "cpu" else None


def _cpu_place(storage: Any, location: str) -> Any:
    return storage if location == "cpu" else None


def _cuda_tag(storage: Any) -> str | None:
    return None


def _cuda_place(storage: Any, location: str) -> Any:
    return validate_cuda_device(location) if location.startswith("cuda") else None


def _meta_tag(storage: Any) -> str | None:
    return "meta" if is_meta(_untyped(storage)) else None


def _meta_place(storage: Any, location: str) -> Any:
    return meta_storage(storage.nbytes()) if location == "meta" else None


_packages = [
    _Package(10, _cpu_tag, _cpu_place),
    _Package(20, _cuda_tag, _cuda_place),
    _Package(22, _meta_tag, _meta_place),
]
_OWN = len(_packages)
