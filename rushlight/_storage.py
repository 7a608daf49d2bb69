"""TypedStorage: a storage read as elements of one dtype, PyTorch's older view of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rushlight import _C

if TYPE_CHECKING:
    from rushlight import Tensor, dtype


class TypedStorage:
    """The elements of a storage, whatever tensors look at them."""

    def __init__(self, untyped: Any, dtype: dtype) -> None:
        self._untyped = untyped
        self.dtype = dtype

    def _tensor(self) -> Tensor:
        return _C.tensor_from_storage(self._untyped, self.dtype, 0, (len(self),), (1,))

    def __len__(self) -> int:
        return self._untyped.nbytes() // self.dtype.itemsize

    def size(self) -> int:
        """Number of elements."""
        return len(self)

    def nbytes(self) -> int:
        """Length in bytes."""
        return self._untyped.nbytes()

    def element_size(self) -> int:
        """Bytes of one element."""
        return self.dtype.itemsize

    def data_ptr(self) -> int:
        """Address of the first element."""
        return self._untyped.data_ptr()

    def untyped(self) -> Any:
        """The bytes."""
        return self._untyped

    def is_shared(self) -> bool:
        """Whether other processes can map the memory."""
        return self._untyped.is_shared()

    def share_memory_(self) -> TypedStorage:
        """Moves the elements to memory that processes share; returns this storage."""
        self._untyped.share_memory_()
        return self

    def _new_shared(self, size: int, *, device: Any = None) -> TypedStorage:
        """As many elements of the same dtype, uninitialised, in shared memory."""
        nbytes = size * self.dtype.itemsize
        untyped = _C.UntypedStorage._new_shared(nbytes, device=device or "cpu")
        return TypedStorage(untyped, self.dtype)

    @property
    def device(self) -> Any:
        """Where the bytes are."""
        return self._untyped.device

    def __getitem__(self, index: int) -> Any:
        if isinstance(index, slice):
            raise RuntimeError(
                "slices are only supported in UntypedStorage.__getitem__"
            )
        if not -len(self) <= index < len(self):
            raise IndexError(
                f"index {index} out of range for storage of size {len(self)}"
            )
        return self._tensor()[index].item()

    def __setitem__(self, index: int, value: Any) -> None:
        self._tensor()[index] = value

    def tolist(self) -> list[Any]:
        """All elements."""
        return self._tensor().tolist()

    def __repr__(self) -> str:
        rows = "\n".join(f" {v}" for v in self.tolist())
        return (
            f"{rows}\n[torch.storage.TypedStorage(dtype={self.dtype}, device={self.device}) "
            f"of size {len(self)}]"
        )


def typed(dtype: dtype, args: tuple[Any, ...]) -> TypedStorage:
    """What ``FloatStorage(...)`` makes: from a number of elements, or a sequence of them.

    Raises:
        TypeError: something else.
    """
    if not args:
        return TypedStorage(_C.UntypedStorage(0), dtype)
    (given,) = args
    if isinstance(given, int):
        return TypedStorage(_C.UntypedStorage(given * dtype.itemsize), dtype)
    if isinstance(given, _C.UntypedStorage):
        return TypedStorage(given, dtype)
    if not isinstance(given, (list, tuple)):
        raise TypeError(
            f"Argument type not recognized for a storage: {type(given).__name__}"
        )
    return TypedStorage(_C.tensor_from_data(given, dtype).untyped_storage(), dtype)
