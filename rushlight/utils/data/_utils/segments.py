"""Shared memory that carries batches from worker processes to the loader.

Segments are anonymous memory files: they have no name, so nothing can be left over, and
their descriptors are closed as soon as both sides have mapped them. A worker fills a
segment and lends it to the loader; when the last tensor over it is gone there, the loader
gives it back and the worker fills it again, whose pages are then already in place.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
import weakref
from collections import defaultdict, deque
from typing import Any

# Below this, a copy through the socket is cheaper than a segment.
SMALL = 1 << 14


@functools.cache
def _libc() -> Any:
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = [
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_long,
    ]
    library.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    return library


def map_memory(descriptor: int, nbytes: int) -> Any:
    """The memory behind a descriptor as an object with the buffer interface, unmapped
    when nothing refers to it. Unlike `mmap.mmap` it keeps no descriptor open, of which
    a program that collects batches would soon have too many.

    Raises:
        OSError: if it cannot be mapped.
    """
    flags = mmap.MAP_SHARED
    protection = mmap.PROT_READ | mmap.PROT_WRITE
    address = _libc().mmap(None, nbytes, protection, flags, descriptor, 0)
    if address in (None, ctypes.c_void_p(-1).value):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    memory = (ctypes.c_char * nbytes).from_address(address)
    weakref.finalize(memory, _libc().munmap, address, nbytes).atexit = False
    return memory


def lease(memory: Any, nbytes: int) -> Any:
    """A view of the first bytes, which lives as long as whatever is made of it."""
    return (ctypes.c_char * nbytes).from_buffer(memory)


class Segment:
    """Memory of a worker: its number, its size, and what in the worker still uses it."""

    def __init__(self, number: int, capacity: int) -> None:
        self.number = number
        self.capacity = capacity
        self.descriptor: int | None = os.memfd_create("rushlight-batch")
        os.ftruncate(self.descriptor, capacity)
        self.memory = map_memory(self.descriptor, capacity)
        self._user: weakref.ref[Any] | None = None

    def view(self, nbytes: int) -> Any:
        """The first bytes, to be filled."""
        view = lease(self.memory, nbytes)
        self._user = weakref.ref(view)
        return view

    @property
    def in_use(self) -> bool:
        """Whether something in this process still looks at the memory: a data set may
        keep a batch that it has handed out."""
        return self._user is not None and self._user() is not None

    def close_descriptor(self) -> None:
        """The loader has it now."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


class WorkerSegments:
    """The segments of a worker: free ones by capacity, and those the loader has."""

    def __init__(self) -> None:
        self._free: defaultdict[int, list[Segment]] = defaultdict(list)
        self._lent: dict[int, Segment] = {}
        self._made = 0

    def take(self, nbytes: int) -> Segment:
        """A segment of at least so many bytes. Capacities are powers of two; pages
        that nobody touches take no memory."""
        capacity = max(1 << (nbytes - 1).bit_length(), mmap.PAGESIZE)
        free = self._free[capacity]
        for at in range(len(free) - 1, -1, -1):
            if not free[at].in_use:
                return free.pop(at)
        self._made += 1
        return Segment(self._made, capacity)

    def put_back(self, segment: Segment) -> None:
        """It was not lent after all."""
        self._free[segment.capacity].append(segment)

    def lend(self, segment: Segment) -> None:
        """The loader has it from now on."""
        self._lent[segment.number] = segment

    def returned(self, numbers: list[int]) -> None:
        """The loader has let go of these."""
        for number in numbers:
            self.put_back(self._lent.pop(number))

    def dropped(self, numbers: list[int]) -> None:
        """The loader has unmapped these, so that they can go."""
        for number in numbers:
            del self._lent[number]


class LoaderSegments:
    """What the loader has mapped of one worker's segments.

    Args:
        in_advance: batches the worker may be ahead; as many segments of a kind as
            these batches need are kept for the next ones, more are unmapped.
    """

    def __init__(self, in_advance: int) -> None:
        self._in_advance = in_advance
        self._mapped: dict[int, Any] = {}
        self._users: dict[int, weakref.ref[Any]] = {}
        self._released: deque[int] = deque()  # appended to by whatever thread frees
        self._most: defaultdict[int, int] = defaultdict(int)
        self._idle: defaultdict[int, int] = defaultdict(int)

    def add(self, number: int, capacity: int, descriptor: int) -> None:
        """Maps a segment; closes the descriptor."""
        try:
            self._mapped[number] = map_memory(descriptor, capacity)
        finally:
            os.close(descriptor)
        self._idle[capacity] += 1

    def borrow(self, references: list[tuple[int, int]]) -> list[Any]:
        """Views of the segments, each (number, bytes), that one batch lies in."""
        views: dict[int, Any] = {}
        count: defaultdict[int, int] = defaultdict(int)
        for number, nbytes in references:
            if number in views:  # two tensors over the same memory
                continue
            memory = self._mapped[number]
            view = views[number] = lease(memory, nbytes)
            self._users[number] = weakref.ref(view, self._note(number))
            count[len(memory)] += 1
        for capacity, used in count.items():
            self._idle[capacity] -= used
            self._most[capacity] = max(self._most[capacity], used)
        return [views[number] for number, _ in references]

    def _note(self, number: int) -> Any:
        released = self._released
        return lambda _: released.append(number)

    def take_released(self) -> tuple[list[int], list[int]]:
        """Segments to give back, and segments that were unmapped as more than enough."""
        back, gone = [], []
        while self._released:
            number = self._released.popleft()
            del self._users[number]
            capacity = len(self._mapped[number])
            if self._idle[capacity] < self._most[capacity] * (self._in_advance + 2):
                self._idle[capacity] += 1
                back.append(number)
            else:
                del self._mapped[number]
                gone.append(number)
        return back, gone
