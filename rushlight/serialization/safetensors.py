"""safetensors files: the functions that users of that package know, without needing it.

Reading maps the file: the tensors of `load_file` and `safe_open` share its pages, which
are copied when written to, so the file itself never changes.
"""

from __future__ import annotations

import mmap as memory_map
import os
from typing import TYPE_CHECKING, Any, BinaryIO

import rushlight
from rushlight import _C

from .archive import fill
from .atomic import atomic_write
from .errors import UnsupportedFileError
from .file_access import seek_end
from .location import Restore
from .safetensors_header import (
    CODES,
    DTYPES,
    LENGTH,
    MISSING,
    ORDER,
    Entry,
    Header,
    SafetensorError,
    compose,
    header_size,
    parse,
    shorten,
)
from .shared_tensors import drop_duplicates, shared_names
from .storages import check_bools, new_storage, storage_bytes

if TYPE_CHECKING:
    from rushlight import Tensor

__all__ = [
    "SafetensorError",
    "load",
    "load_file",
    "load_model",
    "safe_open",
    "save",
    "save_file",
    "save_model",
]

_TORCH_NAMES = ("pt", "torch", "pytorch")
_NUMPY_NAMES = ("np", "numpy")


# Reading


class _Source:
    """The bytes of a file, mapped or read piece by piece, and its header."""

    def __init__(self, file: BinaryIO, mapped: bool) -> None:
        self.file = file
        self.origin = file.tell()
        size = seek_end(file) - self.origin
        file.seek(self.origin)
        length = header_size(file.read(LENGTH.size), size)
        self.header: Header = parse(file.read(length), size)
        self.size = size
        self.pages: memoryview | None = None
        if mapped:
            pages = memory_map.mmap(file.fileno(), 0, access=memory_map.ACCESS_COPY)
            self.pages = memoryview(pages)

    def entry(self, name: str) -> Entry:
        entry = self.header.tensors.get(name)
        if entry is None:
            raise SafetensorError(f"File does not contain tensor {shorten(name)}")
        return entry

    def storage(self, entry: Entry) -> Any:
        """The bytes of a tensor as a storage: pages of the file, or a copy where the
        file has them at an odd place."""
        begin = self.header.start + entry.begin
        nbytes = entry.end - entry.begin
        if self.pages is not None:
            part = self.pages[begin : begin + nbytes]
            if nbytes and begin % DTYPES[entry.code].itemsize == 0:
                return _C.storage_from_buffer(part)
            storage = new_storage(nbytes)
            storage_bytes(storage)[:] = part
            return storage
        storage = new_storage(nbytes)
        self.file.seek(self.origin + begin)
        fill(self.file, storage_bytes(storage))
        return storage

    def tensor(self, name: str, restore: Restore | None = None) -> Tensor:
        entry = self.entry(name)
        if entry.code in MISSING:
            raise UnsupportedFileError(
                f"rushlight.{MISSING[entry.code]}: tensor {shorten(name)} of the file "
                f"has the dtype {entry.code}"
            )
        dtype = DTYPES[entry.code]
        storage = self.storage(entry)
        check_bools(storage_bytes(storage), dtype)
        if restore is not None:
            storage = restore(storage, "cpu")
        return _C.tensor_from_storage(
            storage, dtype, 0, entry.shape, _strides(entry.shape), False
        )

    def tensors(self, restore: Restore | None = None) -> dict[str, Tensor]:
        return {name: self.tensor(name, restore) for name in self.header.tensors}


def _strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides, step = [], 1
    for side in reversed(shape):
        strides.append(step)
        step *= max(side, 1)
    return tuple(reversed(strides))


def read_stream(file: BinaryIO, mapped: bool, restore: Restore) -> dict[str, Tensor]:
    """All tensors from the file's position on, for `rushlight.load`."""
    return _Source(file, mapped).tensors(restore)


def load_file(
    filename: str | os.PathLike[str], device: Any = "cpu"
) -> dict[str, Tensor]:
    """All tensors of a safetensors file by name, in the order of their bytes.

    Their memory is the file's pages, read when first touched and copied when written
    to: neither writes back. The file must not be changed in place meanwhile; replacing
    it, as `save_file` does, is safe.

    Args:
        filename: the file.
        device: where the tensors are placed.

    Raises:
        FileNotFoundError: if there is no such file.
        SafetensorError: if the file is damaged; it is an `UnsafeFileError`.
        UnsupportedFileError: if it holds a dtype that rushlight does not have; it is
            a `NotImplementedError`.
    """
    with safe_open(filename, framework="pt", device=device) as file:
        return file.get_tensors()


def load(data: bytes) -> dict[str, Tensor]:
    """All tensors of a safetensors file that is in memory; they are copies.

    Raises:
        SafetensorError, UnsupportedFileError: as `load_file`.
    """
    import io

    return _Source(io.BytesIO(data), mapped=False).tensors()


class safe_open:
    """A safetensors file whose tensors are read one by one, each when asked for.

    Args:
        filename: the file.
        framework: "pt" for tensors, "np" for NumPy arrays.
        device: where the tensors are placed.
        backend: "mmap" shares the file's pages, copied on write; "pread" reads.

    Raises:
        FileNotFoundError: if there is no such file.
        SafetensorError: if its header is not valid.
        ValueError: if the framework or the backend is another.
    """

    def __init__(
        self,
        filename: str | os.PathLike[str],
        framework: str = "pt",
        device: Any = "cpu",
        *,
        backend: str = "mmap",
    ) -> None:
        if framework not in _TORCH_NAMES + _NUMPY_NAMES:
            raise ValueError(
                f"safe_open: framework must be 'pt' or 'np', got {framework!r}"
            )
        if backend not in ("mmap", "pread"):
            raise ValueError(
                f"safe_open: backend must be 'mmap' or 'pread', got {backend!r}"
            )
        self._device = rushlight.device(device)
        self._as_numpy = framework in _NUMPY_NAMES
        self._file = open(filename, "rb")
        try:
            self._open_source: _Source | None = _Source(self._file, backend == "mmap")
        except BaseException:
            self._file.close()
            raise

    @property
    def _source(self) -> _Source:
        if self._open_source is None:
            raise SafetensorError("File is closed")
        return self._open_source

    def __enter__(self) -> safe_open:
        return self

    def __exit__(self, *exception: object) -> None:
        # Tensors that share pages keep them mapped.
        self._open_source = None
        self._file.close()

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def keys(self) -> list[str]:
        """The names of the tensors, sorted."""
        return sorted(self._source.header.tensors)

    def offset_keys(self) -> list[str]:
        """The names of the tensors in the order of their bytes."""
        return list(self._source.header.tensors)

    def metadata(self) -> dict[str, str] | None:
        """The texts that the writer left in the file, if any."""
        return self._source.header.metadata

    def get_tensor(self, name: str) -> Any:
        """One tensor (or array).

        Raises:
            SafetensorError: if there is none of that name.
            UnsupportedFileError: if it is of a dtype that rushlight does not have.
        """
        tensor = self._source.tensor(name)
        if self._as_numpy:
            return tensor.numpy()
        return tensor if self._device.type == "cpu" else tensor.to(self._device)

    def get_tensors(self) -> dict[str, Any]:
        """All tensors by name, in the order of their bytes."""
        return {name: self.get_tensor(name) for name in self.offset_keys()}

    def get_slice(self, name: str) -> Slice:
        """One tensor to be indexed, of which only a part is wanted.

        Raises:
            SafetensorError: if there is none of that name.
        """
        return Slice(self, name, self._source.entry(name))


class Slice:
    """A tensor of an open file; indexing it gives the part, as a tensor of its own.

    With the backend "mmap" only the pages of the part are read.
    """

    def __init__(self, file: safe_open, name: str, entry: Entry) -> None:
        self._file = file
        self._name = name
        self._entry = entry

    def get_shape(self) -> list[int]:
        """The sizes of the whole tensor."""
        return list(self._entry.shape)

    def get_dtype(self) -> str:
        """The format's code of the dtype, e.g. "F32"."""
        return self._entry.code

    def __getitem__(self, index: Any) -> Any:
        """The part of the tensor, contiguous and with memory of its own."""
        part = self._file.get_tensor(self._name)[index]
        return part.copy() if self._file._as_numpy else part.contiguous().clone()


# Writing


def save_file(
    tensors: dict[str, Tensor],
    filename: str | os.PathLike[str],
    metadata: dict[str, str] | None = None,
) -> None:
    """Writes tensors by name to a safetensors file, replacing it when complete.

    Args:
        tensors: contiguous tensors; no two may overlap in memory (see `save_model`).
        filename: the file.
        metadata: texts to keep with them.

    Raises:
        ValueError: if `tensors` is no dict of contiguous tensors, or the metadata are
            no texts.
        RuntimeError: if tensors share memory, or the folder does not exist.
        NotImplementedError: if the format does not have a tensor's dtype.
    """
    head, parts = _layout(tensors, metadata)
    with atomic_write(filename) as file:
        file.write(head)
        for part in parts:
            file.write(part)


def save(tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """The bytes that `save_file` would write.

    Raises:
        ValueError, RuntimeError, NotImplementedError: as `save_file`.
    """
    head, parts = _layout(tensors, metadata)
    return b"".join((head, *parts))


def _layout(
    tensors: dict[str, Tensor], metadata: dict[str, str] | None
) -> tuple[bytes, list[memoryview]]:
    """The header, and the bytes of the tensors in the order of the file."""
    _check_tensors(tensors)
    _check_metadata(metadata)
    places = {code: place for place, code in enumerate(ORDER)}
    codes = {name: CODES[tensor.dtype] for name, tensor in tensors.items()}
    entries: dict[str, Entry] = {}
    parts = []
    at = 0
    for name in sorted(tensors, key=lambda name: (places[codes[name]], name)):
        part = _tensor_bytes(tensors[name])
        end = at + part.nbytes
        entries[name] = Entry(codes[name], tuple(tensors[name].shape), at, end)
        parts.append(part)
        at = end
    return compose(entries, metadata), parts


def _tensor_bytes(tensor: Tensor) -> memoryview:
    tensor = tensor.detach().cpu()
    if tensor.is_conj() or tensor.is_neg():
        tensor = tensor.resolve_conj().resolve_neg()
    begin = tensor.storage_offset() * tensor.element_size()
    nbytes = tensor.numel() * tensor.element_size()
    return storage_bytes(tensor.untyped_storage())[begin : begin + nbytes]


def _check_tensors(tensors: dict[str, Tensor]) -> None:
    if not isinstance(tensors, dict):
        raise ValueError(
            "save_file: expected a dict of tensors by name, got "
            f"{type(tensors).__name__}"
        )
    for name, tensor in tensors.items():
        if not isinstance(name, str):
            kind = type(name).__name__
            raise TypeError(f"save_file: the name {name!r} is a {kind} and no string")
        if not isinstance(tensor, rushlight.Tensor):
            raise ValueError(
                f"Key `{name}` is invalid, expected torch.Tensor but received "
                f"{type(tensor)}"
            )
        if name == "__metadata__":
            raise ValueError("save_file: no tensor can have the name '__metadata__'")
        if tensor.dtype not in CODES:
            raise NotImplementedError(
                f"save_file: tensor `{name}` has dtype {tensor.dtype}, which the "
                "safetensors format does not have"
            )
        if not tensor.is_contiguous():
            raise ValueError(
                f"You are trying to save a non contiguous tensor: `{name}`, which is "
                "not allowed: pass tensor.contiguous()"
            )
    shared = [sorted(names) for names in shared_names(tensors) if len(names) > 1]
    if shared:
        raise RuntimeError(
            "Some tensors share memory, which the format cannot express: "
            f"{shared}. Use save_model, which writes each once, or clone them."
        )


def _check_metadata(metadata: Any) -> None:
    texts = isinstance(metadata, dict) and all(
        isinstance(text, str) for pair in metadata.items() for text in pair
    )
    if metadata is not None and not texts:
        raise ValueError("save_file: metadata must be a dict of strings by strings")


# Models


def save_model(
    model: Any,
    filename: str | os.PathLike[str],
    metadata: dict[str, str] | None = None,
    force_contiguous: bool = True,
) -> None:
    """Writes the state of a model; parameters that share memory are written once.

    Args:
        model: an `nn.Module`.
        filename: the file.
        metadata: texts to keep with it; the names left out are added, each with the
            name under which its values are.
        force_contiguous: write contiguous copies of tensors that are not.

    Raises:
        ValueError: if a tensor is not contiguous and `force_contiguous` is False.
        RuntimeError: if tensors share memory that none of them covers alone.
    """
    state = dict(model.state_dict())
    notes = dict(metadata) if metadata is not None else {}
    for kept, dropped in drop_duplicates(state).items():
        for name in dropped:
            notes.setdefault(name, kept)
            del state[name]
    if force_contiguous:
        state = {name: tensor.contiguous() for name, tensor in state.items()}
    save_file(state, filename, notes if notes or metadata is not None else None)


def load_model(
    model: Any,
    filename: str | os.PathLike[str],
    strict: bool = True,
    device: Any = "cpu",
) -> tuple[list[str], list[str]]:
    """Loads a file into a model; what `save_model` left out counts as present.

    Args:
        model: an `nn.Module` of the same structure.
        filename: the file.
        strict: whether missing and unexpected names are an error.
        device: where the file's tensors are placed before they are copied.

    Returns:
        The missing and the unexpected names.

    Raises:
        RuntimeError: if names do not match (if `strict`), or shapes differ.
    """
    state = load_file(filename, device=device)
    spared = drop_duplicates(model.state_dict(), preferred=state)
    found = model.load_state_dict(state, strict=False)
    missing, unexpected = set(found.missing_keys), set(found.unexpected_keys)
    for name in (name for names in spared.values() for name in names):
        # A name that shares memory is set through the one that was written.
        if name in missing:
            missing.remove(name)
        else:
            unexpected.add(name)
    if strict and (missing or unexpected):
        lines = [f"Error(s) in loading state_dict for {type(model).__name__}:"]
        for label, names in (("Missing", missing), ("Unexpected", unexpected)):
            if names:
                listed = ", ".join(f'"{name}"' for name in sorted(names))
                lines.append(f"    {label} key(s) in state_dict: {listed}")
        raise RuntimeError("\n".join(lines))
    return sorted(missing), sorted(unexpected)
