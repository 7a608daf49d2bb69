"""Batches as messages: small parts as pickled bytes, large ones by reference to shared
memory, which the loader then uses in place."""

from __future__ import annotations

import io
import pickle
from typing import Any

import rushlight
from rushlight import Tensor

from .segments import SMALL, Segment, WorkerSegments

# (segment, bytes of it)
References = list[tuple[int, int]]


class Packer:
    """Packs the batches of a worker."""

    def __init__(self, segments: WorkerSegments) -> None:
        self._segments = segments
        # Filled for the batch in hand, by the address of their memory.
        self._fresh: dict[int, tuple[Segment, int]] = {}

    def allocate(self, shape: tuple[int, ...], dtype: Any) -> Tensor | None:
        """An uninitialised tensor in shared memory, None if it would be too small."""
        count = 1
        for size in shape:
            count *= size
        nbytes = count * dtype.itemsize
        if nbytes < SMALL:
            return None
        segment, view = self._take(nbytes)
        flat = rushlight.frombuffer(view, dtype=dtype)
        self._fresh[flat.data_ptr()] = segment, nbytes
        return flat.view(shape)

    def _take(self, nbytes: int) -> tuple[Segment, Any]:
        segment = self._segments.take(nbytes)
        return segment, segment.view(nbytes)

    def fresh(self, tensor: Tensor) -> tuple[Segment, int] | None:
        """Where the whole of a tensor lies that was allocated for this batch."""
        if tensor.storage_offset() != 0 or not tensor.is_contiguous():
            return None
        place = self._fresh.get(tensor.data_ptr())
        if place is None or place[1] != tensor.numel() * tensor.dtype.itemsize:
            return None
        return place

    def store(self, data: Any, nbytes: int) -> Segment:
        """Copies bytes into a segment."""
        segment, view = self._take(nbytes)
        memoryview(view).cast("B")[:] = data
        return segment

    def pack(self, batch: Any) -> tuple[bytes | None, list[tuple[Segment, int]]]:
        """The pickle, and the segments it refers to, each with the bytes in use. If
        the pickle itself is large it is None, and lies in the last segment.

        Raises:
            Exception: whatever the batch raises when it cannot be pickled.
        """
        target = io.BytesIO()
        placed = _Placed(self)
        used = placed.used
        sent = False
        try:
            _BatchPickler(target, self, placed).dump(batch)
            sent = True
        finally:
            kept = {segment.number for segment, _ in used} if sent else set[int]()
            spare = [segment for segment, _ in self._fresh.values()]
            if not sent:
                spare += [s for s, _ in used if s not in spare]
            for segment in spare:
                if segment.number not in kept:
                    self._segments.put_back(segment)
            self._fresh.clear()
        data = target.getbuffer()
        if len(data) <= SMALL * 2:
            return bytes(data), used
        used.append((self.store(data, len(data)), len(data)))
        return None, used

    def abandon(self) -> None:
        """Frees what was allocated for a batch that failed."""
        for segment, _ in self._fresh.values():
            self._segments.put_back(segment)
        self._fresh.clear()


class _Placed:
    """Where the large parts of a batch lie. Apart from the pickler, which holds all
    that it has pickled: an object that it referred to could outlive the batch."""

    def __init__(self, packer: Packer) -> None:
        self._packer = packer
        self._views: dict[int, pickle.PickleBuffer] = {}
        self.used: list[tuple[Segment, int]] = []

    def stand_in(self, place: tuple[Segment, int]) -> pickle.PickleBuffer:
        """What is pickled instead; the loader has a view of the segment there."""
        buffer = pickle.PickleBuffer(bytearray())
        self._views[id(buffer)] = buffer
        self.used.append(place)
        return buffer

    def take(self, buffer: pickle.PickleBuffer) -> bool:
        """Whether a buffer is to be written into the pickle."""
        if id(buffer) in self._views:
            return False
        data = buffer.raw()
        if data.nbytes < SMALL or data.readonly:
            return True
        self.used.append((self._packer.store(data, data.nbytes), data.nbytes))
        return False


class _BatchPickler(pickle.Pickler):
    """Pickles tensors and buffers of any size by reference."""

    def __init__(self, target: io.BytesIO, packer: Packer, placed: _Placed) -> None:
        super().__init__(target, 5, buffer_callback=placed.take)
        self._packer = packer
        self._placed = placed

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) is not Tensor:
            return NotImplemented
        if obj.requires_grad and not obj.is_leaf:
            raise RuntimeError(
                "Cowardly refusing to serialize non-leaf tensor which requires_grad, "
                "since autograd does not support crossing process boundaries.  If you "
                "just want to transfer the data, call detach() on the tensor before "
                "serializing (e.g., putting it on the queue)."
            )
        if not _is_plain(obj):
            return NotImplemented
        dense, stride = _dense(obj)
        nbytes = dense.numel() * dense.dtype.itemsize
        what = obj.dtype, tuple(obj.shape), stride
        if nbytes < SMALL:
            # One element can have any stride and be contiguous.
            flat = dense.contiguous().as_strided((dense.numel(),), (1,))
            data = bytearray(memoryview(flat.view(rushlight.uint8)))
            return _tensor, (data, *what)
        place = self._packer.fresh(dense)
        if place is None:
            copy = self._packer.allocate(tuple(dense.shape), dense.dtype)
            assert copy is not None
            copy.copy_(dense)
            place = self._packer.fresh(copy)
        assert place is not None
        return _tensor, (self._placed.stand_in(place), *what)


def _dense(tensor: Tensor) -> tuple[Tensor, tuple[int, ...] | None]:
    """A tensor that is contiguous, or will be when it is copied, with the elements of
    the given one; and the strides that give it its shape again, None for those of a
    contiguous one. A transposed tensor stays so, an expanded one is not multiplied."""
    if tensor.is_contiguous() or tensor.numel() == 0:
        return tensor, None
    stride = tensor.stride()
    order = sorted(range(tensor.dim()), key=lambda at: -stride[at])
    dense = tensor.permute(order)
    for at, dim in enumerate(order):
        if stride[dim] == 0:
            dense = dense.narrow(at, 0, 1)
    return (dense, stride) if dense.is_contiguous() else (tensor, None)


def _is_plain(tensor: Tensor) -> bool:
    """Whether dtype, shape and bytes are all there is to a tensor."""
    return not (
        tensor.requires_grad
        or tensor.__dict__
        or tensor.is_sparse
        or tensor.is_conj()
        or tensor.device.type != "cpu"
    )


def _tensor(
    data: Any, dtype: Any, shape: tuple[int, ...], stride: tuple[int, ...] | None
) -> Tensor:
    """Unpickles a tensor over memory that is its own."""
    if not len(data):
        return rushlight.empty(shape, dtype=dtype)
    flat = rushlight.frombuffer(data, dtype=dtype)
    return flat.view(shape) if stride is None else flat.as_strided(shape, stride)


def unpack(message: bytes | None, views: list[Any]) -> Any:
    """The batch of a message and of the views it refers to."""
    if message is None:
        message = memoryview(views[-1]).cast("B")  # type: ignore[assignment]
        views = views[:-1]
    return pickle.loads(message, buffers=views)  # type: ignore[arg-type]
