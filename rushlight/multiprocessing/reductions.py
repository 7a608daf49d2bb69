"""How tensors and storages are pickled on their way to another process."""

from __future__ import annotations

import os
from multiprocessing import context, reduction
from typing import Any

from rushlight import _C, Tensor
from rushlight._storage import TypedStorage

from ._descriptors import current_outgoing, received

_SERVED = (
    240  # the standard library's limit is 252 descriptors, queues and locks included
)


class _Handle:
    """A segment's descriptor on its way by other means than our connections."""

    def __init__(self, duplicate: Any) -> None:
        self.duplicate = duplicate
        self._descriptor: int | None = None

    def __getstate__(self) -> Any:
        return self.duplicate

    def __setstate__(self, duplicate: Any) -> None:
        self.__init__(duplicate)  # type: ignore[misc]

    def descriptor(self) -> int:
        if self._descriptor is None:
            self._descriptor = self.duplicate.detach()
        return self._descriptor

    def __del__(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


def _handle(storage: Any) -> tuple[int | _Handle, int]:
    """What the receiver finds the segment by, and the offset of the bytes in it."""
    descriptor, key, offset = _C.shared_place(storage)
    starting: Any = context.get_spawning_popen()
    if starting is not None:  # the new process inherits each segment once
        handles: dict[Any, _Handle] = starting.__dict__.setdefault("_segments", {})
        if key not in handles:
            if starting.method == "forkserver" and len(handles) == _SERVED:
                raise RuntimeError(
                    f"a fork server takes at most {_SERVED} pieces of shared memory among "
                    "the arguments of a process: send the tensors through a queue, or "
                    "start the process by 'spawn' or 'fork'"
                )
            handles[key] = _Handle(reduction.DupFd(descriptor))
        return handles[key], offset
    out = current_outgoing()
    if out is not None:
        return out.add(key, descriptor, storage), offset
    return _Handle(reduction.DupFd(descriptor)), offset


def rebuild_storage(handle: int | _Handle, offset: int, nbytes: int) -> Any:
    """The storage at `offset` of a shared segment, mapped once in each process."""
    descriptor = (
        handle.descriptor() if isinstance(handle, _Handle) else received(handle)
    )
    return _C.storage_from_shared(descriptor, offset, nbytes)


def rebuild_typed_storage(storage: Any, dtype: Any) -> TypedStorage:
    """The bytes as elements of one dtype."""
    return TypedStorage(wrap_storage=storage, dtype=dtype)


def rebuild_tensor(
    storage: Any,
    dtype: Any,
    offset: int,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    requires_grad: bool,
    state: dict[str, Any] | None,
) -> Tensor:
    """A tensor over the storage, with the attributes the sent one carried."""
    out = _C.tensor_from_storage(storage, dtype, offset, size, stride, requires_grad)
    if state:
        out.__dict__.update(state)
    return out


def reduce_storage(storage: Any) -> Any:
    """Moves the bytes to shared memory, if they are not there, and names the place."""
    if storage.device.type == "meta":
        return storage.__reduce_ex__(2)
    storage.share_memory_()
    handle, offset = _handle(storage)
    return rebuild_storage, (handle, offset, storage.nbytes())


def reduce_typed_storage(storage: TypedStorage) -> Any:
    """As `reduce_storage`, with the dtype."""
    return rebuild_typed_storage, (storage.untyped(), storage.dtype)


def reduce_tensor(tensor: Tensor) -> Any:
    """Names the storage, which is shared, and the view of it.

    Raises:
        RuntimeError: the tensor has a history, which cannot travel.
    """
    if tensor.requires_grad and not tensor.is_leaf:
        raise RuntimeError(
            "Cowardly refusing to serialize non-leaf tensor which requires_grad, since "
            "autograd does not support crossing process boundaries.  If you just want to "
            "transfer the data, call detach() on the tensor before serializing (e.g., "
            "putting it on the queue)."
        )
    return rebuild_tensor, (
        tensor.untyped_storage(),
        tensor.dtype,
        tensor.storage_offset(),
        tuple(tensor.size()),
        tensor.stride(),
        tensor.requires_grad,
        tensor.__dict__ or None,
    )


def init_reductions() -> None:
    """Teaches `multiprocessing`'s pickler tensors and storages.

    Parameters and other subclasses are pickled by their own methods, which name a tensor
    or a storage, and so reach these.
    """
    register = reduction.ForkingPickler.register
    register(_C.UntypedStorage, reduce_storage)
    register(TypedStorage, reduce_typed_storage)
    register(Tensor, reduce_tensor)
