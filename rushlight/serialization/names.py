"""What a model file may name: the answers to its pickle machine's questions."""

from __future__ import annotations

import enum
import functools
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import Counter, OrderedDict
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import rushlight
from rushlight import _C
from rushlight._storage import TypedStorage

from .blocked import runs_code
from .errors import UnsafeFileError, UnsupportedFileError
from .functions import find_called, find_function, set_partial
from .keys import Limits
from .location import Restore
from .numpy_values import is_numpy, set_numpy_state
from .objects import (
    create_object,
    enum_member,
    find_imported,
    find_safe_class,
    is_named_result,
    is_named_tuple,
    is_rebuilt_plainly,
    set_attributes,
)
from .plain import set_uuid
from .rebuild import (
    TENSOR_FUNCTIONS,
    Rebuild,
    check_arguments,
    make_view,
)
from .records import Record, brief
from .storages import part_of
from .tables import (
    MISSING_DTYPES,
    MISSING_STORAGES,
    NAMES,
    TYPES,
    UNSUPPORTED,
    WITH_READER,
    StorageKind,
    TensorKind,
    not_here,
)

_COPIES = 16
_MODULE_COST = 500
_BLOCKED_BY_TORCH = ("sys", "os", "posix", "nt")


class FileNames:
    """What one file may build (the `Names` of its pickle machine).

    Args:
        open_storage: the storage of a key; gets the key, the bytes it must
            have at least, and the dtype.
        restore: moves a storage to its device.
        weights_only: False lets the file name classes that the program has imported,
            and makes records of everything else.
        objects: what the keys stand for that are no storages (very old files).
    """

    def __init__(
        self,
        open_storage: Callable[[str, int, Any], Any],
        restore: Restore,
        weights_only: bool,
        objects: dict[str, Any] | None = None,
    ) -> None:
        self.open_storage = open_storage
        self.restore = restore
        self.weights_only = weights_only
        self.objects = objects
        self.storages: dict[str, tuple[Any, StorageKind, Any, int]] = {}
        self.views: dict[tuple[str, str], Any] = {}
        self.created: dict[int, Any] = {}
        self.attributed: set[int] = set()
        self.deferred: list[Callable[[], Any]] = []
        self.resolved: dict[tuple[str, str], Any] = {}
        self.limits = Limits(0)
        self.copied = 0

    # What constructors need

    def defer(self, work: Callable[[], Any]) -> None:
        self.deferred.append(work)

    def charge_bytes(self, count: int) -> None:
        self.copied += count
        if self.copied > _COPIES * sum(entry[3] for entry in self.storages.values()):
            raise UnsafeFileError("load: tensors are copied far beyond the file's size")

    def place(self, location: str) -> None:
        self.restore(
            rushlight.empty(0, dtype=rushlight.uint8).untyped_storage(), location
        )

    def restart(self) -> None:
        """Forgets the objects of a pickle that is read again."""
        self.created.clear()
        self.attributed.clear()
        self.deferred.clear()

    def finish(self) -> None:
        """Does what had to wait for the bytes of the storages."""
        with rushlight.no_grad():
            for work in self.deferred:
                work()

    # What the machine asks

    def resolve(self, module: str, name: str) -> Any:
        found = self.resolved.get((module, name))
        if found is None:
            found = self._find(module, name)
            self.resolved[module, name] = found
        return found

    def _find(self, module: str, name: str) -> Any:
        if (module, name) in NAME_MAPPING:
            module, name = NAME_MAPPING[module, name]
        module = IMPORT_MAPPING.get(module, module)
        path = f"{module}.{name}"
        found = NAMES.get(path)
        if found is None and name in MISSING_STORAGES and module.startswith("torch"):
            dtype, itemsize = MISSING_STORAGES[name]
            self._miss(dtype)
            found = StorageKind(None, itemsize)
        if found is None and path in MISSING_DTYPES:
            self._miss(path)
        if path in UNSUPPORTED and self.weights_only:
            return Rebuild(path, not_here(UNSUPPORTED[path]))
        if found is None:
            found = find_safe_class(path)
        if found is None and not self.weights_only:
            found = find_imported(module, name) or find_function(module, name)
        if found is None and (self.weights_only or runs_code(module, name)):
            raise UnsafeFileError(refusal(module, name, self.weights_only))
        return Record(path) if found is None else found

    def _miss(self, dtype: str) -> None:
        if self.weights_only:
            raise UnsupportedFileError(
                f"load: the file holds tensors of dtype {dtype}, which rushlight does "
                "not have; weights_only=False loads them as inert records"
            )

    def construct(self, target: Any, args: tuple[Any, ...]) -> Any:
        if type(target) is Rebuild:
            if self._is_foreign(target, args):
                return Record(target.name, args)
            if target.name in WITH_READER or target.name in UNSUPPORTED:
                return target.function(self, *args)
            return target.function(*args)
        if type(target) is Record:
            found = None if self.weights_only else find_called(target, args)
            return self._record(target, args, {}) if found is None else found
        if type(target) is TensorKind:
            return self._old_tensor(target, args)
        if isinstance(target, type):
            build = TYPES.get(target)
            if build is not None:
                return build(self, *args)
            if issubclass(target, enum.Enum):
                return enum_member(target, args)
            if not self.weights_only and (
                is_named_tuple(target) or is_named_result(target)
            ):
                return create_object(target, args)
            if not self.weights_only and target not in _NOT_RECORDED:
                path = f"{target.__module__}.{target.__qualname__}"
                return Record(path, args, reason="load calls no class of the program")
        raise UnsafeFileError(f"load: the file wants to call {brief(target)}")

    def _is_foreign(self, target: Rebuild, args: tuple[Any, ...]) -> bool:
        """Whether a tensor is of a dtype or class that is only here as a record."""
        if self.weights_only or target.name not in TENSOR_FUNCTIONS:
            return False
        return any(type(arg) is Record for arg in args)

    def _record(
        self, target: Record, args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        if target.args is not None:
            raise UnsafeFileError(f"load: the file wants to call {brief(target)}")
        return Record(target.name, args, named)

    def _old_tensor(self, target: TensorKind, args: tuple[Any, ...]) -> Any:
        """An empty tensor; its state follows (PyTorch before 0.4)."""
        check_arguments(args)
        made = rushlight.empty(0, dtype=target.dtype)
        self.created[id(made)] = made
        return made

    def create(self, target: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if type(target) is Record:
            return self._record(target, args, named)
        if named:
            raise UnsafeFileError("load: an object is made by named arguments")
        if type(target) in (Rebuild, TensorKind):
            return self.construct(target, args)
        if isinstance(target, type) and target in TYPES:
            return self.construct(target, args)
        is_class = isinstance(target, type) and target not in _NOT_RECORDED
        if is_class and not self.weights_only and not is_named_tuple(target):
            if args or not is_rebuilt_plainly(target):
                path = f"{target.__module__}.{target.__qualname__}"
                return Record(path, args, reason="its class needs methods of its own")
        if isinstance(target, type) and issubclass(target, rushlight.nn.Module):
            # An empty module takes a few bytes of the file and kilobytes of memory.
            self.limits.charge(_MODULE_COST)
        made = create_object(target, args)
        # The object is kept, so that its id stays its own.
        self.created[id(made)] = made
        return made

    def set_state(self, target: Any, state: Any) -> Any:
        kind = type(target)
        if is_numpy(target):
            return set_numpy_state(target, state)
        if kind is Record:
            target.set_state(state)
            return target
        if kind is functools.partial:
            return set_partial(target, state)
        if kind.__module__ == "uuid":
            return set_uuid(target, state)
        if isinstance(target, rushlight.Tensor) and isinstance(state, tuple):
            return self._set_tensor(target, state)
        known = isinstance(target, (OrderedDict, Counter, rushlight.Tensor))
        if not known and id(target) not in self.created and kind is not SimpleNamespace:
            raise UnsafeFileError(
                f"load: the file wants to set the state of a {kind.__name__}"
            )
        if isinstance(target, rushlight.Tensor):
            self.attributed.add(id(target))
        return set_attributes(target, state)

    def _set_tensor(self, target: Any, state: tuple[Any, ...]) -> Any:
        """States of PyTorch before 0.4: of tensors (storage, offset, size, stride), of
        variables (requires_grad, volatile, hooks)."""
        if len(state) == 4 and self.created.pop(id(target), None) is target:
            check_arguments(state, TypedStorage, int, tuple, tuple)
            typed, offset, size, stride = state
            make_view(typed.untyped(), target.dtype, offset, size, stride, False)
            if typed.dtype != target.dtype:
                raise UnsafeFileError(
                    "load: a tensor lies over another dtype's storage"
                )
            _C._set_storage(target, typed.untyped(), offset, size, stride)
            return target
        floating = target.is_floating_point() or target.is_complex()
        if len(state) != 3 or type(state[0]) is not bool or state[2]:
            raise UnsafeFileError("load: a tensor has a wrong state, or hooks")
        if target.requires_grad != state[0] and (floating or not state[0]):
            target.requires_grad_(state[0])
        return target

    def persistent(self, key: Any) -> Any:
        """A storage from its tuple ("storage", class, key, device, elements, ...)."""
        if type(key) is not tuple:
            return self._old_object(key)
        if len(key) in (2, 4) and _ascii(key[0]) == "module":
            # A class, followed by its source code, which is not looked at.
            return key[1]
        if len(key) not in (5, 6) or _ascii(key[0]) != "storage":
            raise UnsafeFileError(f"load: unknown reference {brief(key)}")
        kind, name, count = key[1], key[2], key[4]
        if type(name) is not str:
            name = _ascii(name)
        if type(kind) is not StorageKind or type(count) is not int or count < 0:
            raise UnsafeFileError(f"load: storage {brief(name)} is damaged")
        known = self.storages.get(name)
        if known is None:
            known = self._open(name, kind, _ascii(key[3]), count * kind.itemsize)
        storage, first_kind, shown, nbytes = known
        if nbytes < count * kind.itemsize or first_kind != kind:
            raise UnsafeFileError(
                f"load: storage {brief(name)} claims {count * kind.itemsize} bytes of "
                f"{kind.dtype} and has {nbytes} of {first_kind.dtype}"
            )
        if len(key) == 6 and key[5] is not None:
            return self._view(name, storage, kind, key[5])
        return shown

    def _open(self, name: str, kind: StorageKind, location: str, needed: int) -> Any:
        opened = self.open_storage(name, needed, kind.dtype)
        storage = self.restore(opened, location)
        shown = (
            storage
            if kind.dtype is None
            else TypedStorage(wrap_storage=storage, dtype=kind.dtype)
        )
        known = storage, kind, shown, storage.nbytes()
        self.storages[name] = known
        return known

    def _view(self, name: str, storage: Any, kind: StorageKind, view: Any) -> Any:
        """A part of a storage, which PyTorch before 0.4 could have."""
        check_arguments(view if isinstance(view, tuple) else (), (str, bytes), int, int)
        view_key, (offset, count) = _ascii(view[0]), view[1:]
        known = self.views.get((name, view_key))
        if known is not None:
            return known
        start, end = offset * kind.itemsize, (offset + count) * kind.itemsize
        if not 0 <= start <= end <= storage.nbytes():
            raise UnsafeFileError(f"load: a view of storage {brief(name)} exceeds it")
        part = part_of(storage, start, end)
        found = (
            part
            if kind.dtype is None
            else TypedStorage(wrap_storage=part, dtype=kind.dtype)
        )
        self.views[name, view_key] = found
        return found

    def _old_object(self, key: Any) -> Any:
        """A tensor or storage of a tar archive, by its number."""
        known = self.objects if type(key) in (int, str) else None
        found = None if known is None else known.get(str(key))
        if found is None:
            raise UnsafeFileError(f"load: unknown reference {brief(key)}")
        return found


_NOT_RECORDED = (object, dict, list, tuple, int, float, str, bool)


def _ascii(text: Any) -> str:
    """Text that Python 2 may have written as bytes."""
    if type(text) is str:
        return text
    if type(text) is not bytes:
        raise UnsafeFileError(f"load: expected a string, got {type(text).__name__}")
    return text.decode("ascii")


def refusal(module: str, name: str, weights_only: bool) -> str:
    """Why a name of a file is refused; the phrases are PyTorch's."""
    path = f"{module}.{name}"
    if not weights_only:
        return (
            f"load: Unsupported global: GLOBAL {path} is a name that files use to run "
            "code. Nothing was called. Do not trust where this file comes from."
        )
    if module in _BLOCKED_BY_TORCH:
        return (
            f"Weights only load failed. Trying to load unsupported GLOBAL {path} whose "
            f"module {module} is blocked."
        )
    shown = path.removeprefix("builtins.")
    return (
        f"Weights only load failed. Unsupported global: GLOBAL {shown} was not an "
        f"allowed global by default. Please use "
        f"`torch.serialization.add_safe_globals([{shown}])` or the "
        f"`torch.serialization.safe_globals([{shown}])` context manager to allowlist "
        "this global if you trust this class/function. Model files are read as data: "
        "nothing they name is called. To load a whole model, import its class and pass "
        "weights_only=False; better, save model.state_dict()."
    )
