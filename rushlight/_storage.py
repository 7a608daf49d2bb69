"""Storages seen from Python: what `UntypedStorage` does beyond the core, and `TypedStorage`,
PyTorch's older view of the bytes as elements of one dtype."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from rushlight import _C

if TYPE_CHECKING:
    from collections.abc import Callable

    from rushlight import Tensor, dtype

# Legacy storage classes by name, and the methods that convert to them.
LEGACY_DTYPES: dict[str, dtype] = {
    "Bool": _C.bool,
    "Byte": _C.uint8,
    "Char": _C.int8,
    "Short": _C.int16,
    "Int": _C.int32,
    "Long": _C.int64,
    "Half": _C.float16,
    "BFloat16": _C.bfloat16,
    "Float": _C.float32,
    "Double": _C.float64,
    "ComplexFloat": _C.complex64,
    "ComplexDouble": _C.complex128,
}
_CONVERSIONS = {
    name.replace("Complex", "complex_").lower(): dtype
    for name, dtype in LEGACY_DTYPES.items()
}


def map_bytes(filename: Any, shared: bool, nbytes: int) -> Any:
    """A storage over the first bytes of a file.

    Args:
        shared: writes go to the file, which is created and extended as needed; else
            they stay in memory.

    Raises:
        RuntimeError: the file is shorter and not shared.
    """
    import mmap

    if nbytes == 0:
        return _C.UntypedStorage(0)
    if not shared:
        found = os.stat(filename).st_size
        if found < nbytes:
            raise RuntimeError(
                f"file <{filename}> size <{found}> is smaller than the required mapping "
                f"size <{nbytes}>"
            )
    flags = os.O_RDWR | os.O_CREAT if shared else os.O_RDONLY
    descriptor = os.open(filename, flags, 0o600)
    try:
        if shared and os.fstat(descriptor).st_size < nbytes:
            os.ftruncate(descriptor, nbytes)
        access = mmap.ACCESS_WRITE if shared else mmap.ACCESS_COPY
        return _C.storage_from_buffer(mmap.mmap(descriptor, nbytes, access=access))
    finally:
        os.close(descriptor)


def _swapped(data: Any, width: int) -> bytes:
    """Bytes with every group of `width` reversed."""
    import numpy

    if len(data) % width:
        raise RuntimeError(f"the length of data is not a multiple of {width}")
    return numpy.frombuffer(data, numpy.uint8).reshape(-1, width)[:, ::-1].tobytes()


def _word(dtype: dtype) -> int:
    """Bytes that byte order turns around: a complex number has two words."""
    return dtype.itemsize // (2 if dtype.is_complex else 1)


def bytes_of_buffer(
    buffer: Any, byte_order: str | None, count: int, offset: int, dtype: dtype
) -> Any:
    """A storage with a copy of elements of a buffer, turned to the machine's byte order.

    Raises:
        ValueError: the buffer is too short, or its length is no multiple of the elements',
            or the byte order is another word.
        RuntimeError: no byte order for elements of several bytes.
    """
    data = memoryview(buffer).cast("B")
    width = dtype.itemsize
    wanted = width if count < 0 else count * width
    left = len(data) - offset
    if left < wanted or offset < 0:
        raise ValueError(
            f"buffer has only {max(left, 0)} elements after offset {offset}, but specified a "
            f"size of {max(count, 1)}"
        )
    if count < 0 and left % width:
        raise ValueError(
            f"buffer size ({len(data)}) must be a multiple of element size ({width})"
        )
    if byte_order is None and width > 1:
        raise RuntimeError("function missing required argument 'byte_order' (pos 2)")
    if byte_order not in ("big", "little", "native", None):
        raise ValueError(
            f"invalid byte_order '{byte_order}' (expected 'big', 'little', or 'native')"
        )
    part = bytes(data[offset : len(data) if count < 0 else offset + wanted])
    return _C.storage_from_buffer(
        _swapped(part, _word(dtype)) if byte_order == "big" else part
    )


class _Storage:
    """What storages of both kinds do, in terms of their bytes and a flat tensor."""

    if TYPE_CHECKING:
        untyped: Callable[[], Any]
        device: Any
        __len__: Callable[[], int]

        def _as(self, untyped: Any) -> Any: ...

        def _flat(self) -> Tensor: ...

    def tolist(self) -> list[Any]:
        """All elements; of an untyped storage, all bytes."""
        return self._flat().tolist()

    def cpu(self) -> Any:
        """The storage in the computer's memory: this one if it is there."""
        return self.to(device="cpu")

    def cuda(self, device: Any = None, non_blocking: bool = False) -> Any:
        """A copy on a GPU."""
        return self.to(device="cuda" if device is None else device)

    def to(self, *, device: Any, non_blocking: bool = False) -> Any:
        """The storage on a device: this one if it is there, else a copy."""
        flat = self._flat()
        moved = flat.to(device=device, non_blocking=non_blocking)
        return self if moved is flat else self._as(moved.untyped_storage())

    def copy_(self, source: Any, non_blocking: bool | None = None) -> Any:
        """Takes over the bytes of another storage of the same length.

        Raises:
            RuntimeError: the lengths differ.
        """
        mine, theirs = self.untyped(), source.untyped()
        if mine.nbytes() != theirs.nbytes():
            raise RuntimeError(
                f"size does not match, self was {mine.nbytes()} bytes but src was "
                f"{theirs.nbytes()} bytes"
            )
        _bytes_of(mine).copy_(_bytes_of(theirs))
        return self

    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """The name of this kind of storage, or the elements as another kind."""
        if dtype is None:
            return self._kind()
        from rushlight import storage

        if isinstance(dtype, str):
            dtype = getattr(storage, dtype.rpartition(".")[2], None)
        if dtype is storage.UntypedStorage:
            return self.untyped()
        return converted(self, dtype.dtype)

    def _kind(self) -> str:
        return "torch.storage.UntypedStorage"

    def get_device(self) -> int:
        """The number of the device: -1 in the computer's memory."""
        return -1 if self.device.index is None else self.device.index

    @property
    def is_cuda(self) -> bool:
        """Whether the bytes are on a GPU."""
        return self.device.type == "cuda"

    @property
    def is_sparse(self) -> bool:
        """Always false: a sparse tensor has several storages."""
        return False

    @property
    def is_sparse_csr(self) -> bool:
        """Always false."""
        return False

    def is_pinned(self, device: Any = None) -> bool:
        """Whether the bytes are in page-locked memory."""
        return self._flat().is_pinned()

    def pin_memory(self, device: Any = None) -> Any:
        """A copy in page-locked memory.

        Raises:
            RuntimeError: there is no accelerator.
        """
        return self._as(self._flat().pin_memory().untyped_storage())

    def __copy__(self) -> Any:
        return self._as(self.untyped().clone())

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        key = id(self.untyped())
        if key not in memo:
            memo[key] = self.untyped().clone()
        return self._as(memo[key])

    def __sizeof__(self) -> int:
        return object.__sizeof__(self) + self.untyped().nbytes()

    def __repr__(self) -> str:
        meta = self.device.type == "meta"
        rows = "..." if meta else " " + "\n ".join(map(str, self.tolist()))
        return f"{rows}\n[{self._description()} of size {len(self)}]"

    def _description(self) -> str:
        return f"torch.storage.UntypedStorage(device={self.device})"

    def __str__(self) -> str:
        return repr(self)


def converted(storage: Any, dtype: dtype) -> TypedStorage:
    """A copy of the elements of a storage in a dtype."""
    elements = storage._flat().to(dtype, copy=True).untyped_storage()
    return TypedStorage(wrap_storage=elements, dtype=dtype)


def _conversion(name: str, dtype: dtype) -> Any:
    def convert(self: Any) -> TypedStorage:
        return converted(self, dtype)

    convert.__name__ = name
    convert.__doc__ = f"The elements as {dtype}."
    return convert


for _name, _dtype in _CONVERSIONS.items():
    setattr(_Storage, _name, _conversion(_name, _dtype))


def _bytes_of(storage: Any) -> Tensor:
    """The bytes as a flat tensor that shares them."""
    return _C.tensor_from_storage(storage, _C.uint8, 0, (storage.nbytes(),), (1,))


def _refuse_meta(storage: Any) -> None:
    if storage.device.type == "meta":
        raise NotImplementedError("Not available for 'meta' device type")


class _UntypedMethods(_Storage):
    """Methods of `UntypedStorage` that need no C++."""

    if TYPE_CHECKING:
        nbytes: Callable[[], int]

    def _as(self, untyped: Any) -> Any:
        return untyped

    def _flat(self) -> Tensor:
        return _bytes_of(self)

    def untyped(self) -> Any:
        """This storage."""
        return self

    def new(self) -> Any:
        """An empty storage on the same device."""
        return _C.UntypedStorage(device=self.device)

    def element_size(self) -> int:
        """1: the elements are bytes."""
        return 1

    def fill_(self, value: int) -> Any:
        """Sets every byte.

        Raises:
            RuntimeError: the value is no integer.
        """
        if not isinstance(value, int):
            raise RuntimeError(f"fill_ expects int, but got {type(value).__name__}")
        _bytes_of(self).fill_(value & 0xFF)
        return self

    def byteswap(self, dtype: dtype) -> None:
        """Reverses the bytes of every element, as if they had this dtype.

        Raises:
            RuntimeError: the length is no multiple of the element's.
        """
        view = memoryview(self)  # type: ignore[arg-type]
        view[:] = _swapped(view, _word(dtype))

    def __getitem__(self, index: Any) -> Any:
        _refuse_meta(self)
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step != 1:
                raise RuntimeError(
                    f"Trying to slice with a step of {step}, but only a step of 1 is supported"
                )
            part = memoryview(self)[start : max(start, stop)]  # type: ignore[arg-type]
            return _C.storage_from_buffer(part)
        if not isinstance(index, int):
            raise TypeError(
                f"can't index a torch.UntypedStorage with {type(index).__name__}"
            )
        if not -len(self) <= index < len(self):
            raise IndexError(
                f"index {index} out of range for storage of size {len(self)}"
            )
        return memoryview(self)[index]  # type: ignore[arg-type]

    def __setitem__(self, index: Any, value: int) -> None:
        _refuse_meta(self)
        if not isinstance(value, int):
            kind = type(value)
            name = (
                kind.__name__ if kind is float else f"{kind.__module__}.{kind.__name__}"
            )
            raise RuntimeError(
                f"can only set storage content with a int types, but got {name} instead"
            )
        if isinstance(index, slice):
            self[index].fill_(value)
            return
        if not isinstance(index, int):
            raise TypeError(
                f"can't index a torch.UntypedStorage with {type(index).__name__}"
            )
        if not 0 <= index < len(self):
            raise RuntimeError("out of bounds")
        memoryview(self)[index] = value & 0xFF  # type: ignore[arg-type]

    @staticmethod
    def from_buffer(
        buffer: Any,
        byte_order: str | None = None,
        count: int = -1,
        offset: int = 0,
        *,
        dtype: dtype,
    ) -> Any:
        """A storage with a copy of elements of a buffer.

        Args:
            byte_order: "native", "little" or "big"; may be left out for single bytes.
            count: elements, -1 for all; offset: bytes before the first.

        Raises:
            ValueError: the buffer does not hold them, or the byte order is another word.
        """
        return bytes_of_buffer(buffer, byte_order, count, offset, dtype)

    @staticmethod
    def from_file(filename: Any, shared: bool = False, nbytes: int = 0) -> Any:
        """A storage over the first bytes of a file: see `map_bytes`."""
        return map_bytes(filename, shared, nbytes)


_OF_CLASS = {"__module__", "__doc__", "__dict__", "__weakref__"}
for _base in (_Storage, _UntypedMethods):
    for _name in vars(_base).keys() - _OF_CLASS:
        setattr(_C.UntypedStorage, _name, vars(_base)[_name])


class TypedStorage(_Storage):
    """The elements of a storage, whatever tensors look at them.

    Args:
        args: a number of elements, or a sequence of them.
        wrap_storage: the bytes to look at, instead.
        dtype: of the elements; the default dtype if left out.
        device: where a number of elements is allocated.

    Raises:
        TypeError: something else is given.
    """

    def __init__(
        self,
        *args: Any,
        wrap_storage: Any = None,
        dtype: dtype | None = None,
        device: Any = None,
    ) -> None:
        self.dtype = _C.get_default_dtype() if dtype is None else dtype
        self._untyped = _made(args, self.dtype, device, wrap_storage)

    def _as(self, untyped: Any) -> TypedStorage:
        return TypedStorage(wrap_storage=untyped, dtype=self.dtype)

    def _flat(self) -> Tensor:
        return _C.tensor_from_storage(self._untyped, self.dtype, 0, (len(self),), (1,))

    def _kind(self) -> str:
        return f"torch.{self.pickle_storage_type()}"

    def _description(self) -> str:
        return f"torch.storage.TypedStorage(dtype={self.dtype}, device={self.device})"

    def pickle_storage_type(self) -> str:
        """The name of the legacy class of this dtype, such as ``FloatStorage``."""
        names = (name for name, dtype in LEGACY_DTYPES.items() if dtype is self.dtype)
        return f"{next(names)}Storage"

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

    def clone(self) -> TypedStorage:
        """A copy."""
        return self._as(self._untyped.clone())

    def resizable(self) -> bool:
        """Whether resize_ works."""
        return self._untyped.resizable()

    def resize_(self, size: int) -> None:
        """Changes the number of elements; the first ones stay."""
        self._untyped.resize_(size * self.dtype.itemsize)

    def fill_(self, value: Any) -> TypedStorage:
        """Sets every element."""
        self._flat().fill_(value)
        return self

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
        return self._as(_C.UntypedStorage._new_shared(nbytes, device=device or "cpu"))

    @property
    def device(self) -> Any:
        """Where the bytes are."""
        return self._untyped.device

    def _check_index(self, index: Any) -> None:
        if not isinstance(index, (int, slice)):
            raise RuntimeError(f"can't index a {type(self)} with {type(index)}")

    def __getitem__(self, index: Any) -> Any:
        _refuse_meta(self)
        if isinstance(index, slice):
            raise RuntimeError(
                "slices are only supported in UntypedStorage.__getitem__"
            )
        self._check_index(index)
        if not -len(self) <= index < len(self):
            raise IndexError(
                f"index {index} out of range for storage of size {len(self)}"
            )
        return self._flat()[index].item()

    def __setitem__(self, index: Any, value: Any) -> None:
        _refuse_meta(self)
        self._check_index(index)
        self._flat()[index] = value

    @classmethod
    def from_buffer(
        cls,
        buffer: Any,
        byte_order: str | None = None,
        count: int = -1,
        offset: int = 0,
        *,
        dtype: dtype | None = None,
    ) -> TypedStorage:
        """Elements of a buffer: see `UntypedStorage.from_buffer`."""
        of = _C.get_default_dtype() if dtype is None else dtype
        made = bytes_of_buffer(buffer, byte_order, count, offset, of)
        return TypedStorage(wrap_storage=made, dtype=of)

    @classmethod
    def from_file(
        cls,
        filename: Any,
        shared: bool = False,
        size: int = 0,
        *,
        dtype: dtype | None = None,
    ) -> TypedStorage:
        """The first elements of a file: see `UntypedStorage.from_file`."""
        of = _C.get_default_dtype() if dtype is None else dtype
        made = map_bytes(filename, shared, size * of.itemsize)
        return TypedStorage(wrap_storage=made, dtype=of)


def _made(args: tuple[Any, ...], dtype: dtype, device: Any, wrapped: Any) -> Any:
    """The bytes of a new typed storage."""
    if wrapped is not None:
        if args or device is not None:
            raise RuntimeError(
                "wrap_storage is the whole storage: sizes, elements and devices cannot "
                "be given with it"
            )
        if not isinstance(wrapped, _C.UntypedStorage):
            raise TypeError(
                "Argument 'wrap_storage' must be UntypedStorage, but got "
                f"{type(wrapped).__name__}"
            )
        return wrapped
    if len(args) > 1:
        raise TypeError(f"a storage takes one argument, not {len(args)}")
    (given,) = args or (0,)
    if isinstance(given, _C.UntypedStorage):
        return given
    if isinstance(given, int):
        made = _C.UntypedStorage(given * dtype.itemsize)
    elif isinstance(given, (list, tuple)):
        made = _C.tensor_from_data(given, dtype).untyped_storage()
    else:
        raise TypeError(
            f"Argument type not recognized for a storage: {type(given).__name__}"
        )
    return made if device is None else made.to(device=device)
