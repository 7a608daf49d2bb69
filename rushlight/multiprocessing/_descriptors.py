"""File descriptors beside a pickled message, and connections that carry them.

A descriptor travels inside the kernel together with its message. Nobody has to stay alive
for it: a message that is never read, or whose reader dies, takes its memory along.
"""

from __future__ import annotations

import array
import contextlib
import errno
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from multiprocessing import connection, reduction
from typing import Any

_AT_ONCE = 253  # descriptors that Linux takes in one message
_MARK = -2  # stands where a message has its length: descriptors come first

TOO_MANY = (
    "too many open files: a tensor in shared memory came from another process, and its "
    "file descriptor found no place in this one. Let go of tensors that came from other "
    "processes or clone() them, send fewer and larger tensors, or raise the limit "
    "(`ulimit -n`)."
)

_local = threading.local()


class Outgoing:
    """The descriptors of one message, and what keeps them open until it is sent."""

    def __init__(self) -> None:
        self.descriptors: list[int] = []
        self._slots: dict[Any, int] = {}
        self._owners: list[Any] = []

    def add(self, key: Any, descriptor: int, owner: Any) -> int:
        """The place in the message of the segment `key`."""
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = len(self.descriptors)
            self.descriptors.append(descriptor)
            self._owners.append(owner)
        return slot


def current_outgoing() -> Outgoing | None:
    """The message that this thread is pickling, if it can carry descriptors."""
    return getattr(_local, "outgoing", None)


def received(slot: int) -> int:
    """The descriptor at this place of the message that this thread is unpickling."""
    descriptors: list[int] = getattr(_local, "incoming", None) or []
    if not 0 <= slot < len(descriptors):
        raise RuntimeError(
            "a tensor in shared memory was unpickled outside of the queue or connection "
            "that carried it: use its recv() or get()"
        )
    return descriptors[slot]


def pickle(obj: Any) -> tuple[Any, Outgoing]:
    """An object as bytes, with the descriptors that go along."""
    before = current_outgoing()
    out = _local.outgoing = Outgoing()
    try:
        return reduction.ForkingPickler.dumps(obj), out
    finally:
        _local.outgoing = before


@contextlib.contextmanager
def unpickling() -> Iterator[None]:
    """Where received descriptors live: until the message is unpickled."""
    before = getattr(_local, "incoming", None)
    mine: list[int] = []
    _local.incoming = mine
    try:
        yield
    finally:
        _local.incoming = before
        for descriptor in mine:
            os.close(descriptor)


class Connection(connection.Connection):
    """One end of a pipe; tensors that pass it share their memory with the other end.

    Args:
        handle: the descriptor of the bytes.
        side: the descriptor of a socket for descriptors; None where `handle` is one.
        readable, writable: what this end is for.
    """

    _handle: int | None

    def __init__(
        self,
        handle: int,
        side: int | None = None,
        readable: bool = True,
        writable: bool = True,
    ) -> None:
        self._side = side
        super().__init__(handle, readable, writable)

    def _close(self, *args: Any) -> None:
        side, self._side = self._side, None
        if side is not None:
            os.close(side)
        super()._close(*args)  # type: ignore[misc]

    @contextlib.contextmanager
    def _socket(self) -> Iterator[socket.socket]:
        fileno = self.fileno() if self._side is None else self._side
        view = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno)
        try:
            yield view
        finally:
            view.detach()

    def send(self, obj: Any) -> None:
        """Sends an object that can be pickled; its tensors move to shared memory."""
        self._check_closed()  # type: ignore[attr-defined]
        self._check_writable()  # type: ignore[attr-defined]
        self.send_pickled(*pickle(obj))

    def send_pickled(self, data: Any, out: Outgoing) -> None:
        """Sends what `pickle` made."""
        descriptors = out.descriptors
        if descriptors:
            self._send(struct.pack("!ii", _MARK, len(descriptors)))  # type: ignore[attr-defined]
            with self._socket() as view:
                for start in range(0, len(descriptors), _AT_ONCE):
                    part = array.array("i", descriptors[start : start + _AT_ONCE])
                    _send_descriptors(view, part)
        self._send_bytes(data)  # type: ignore[attr-defined]

    def recv(self) -> Any:
        """The next object.

        Raises:
            EOFError: the other end is closed and nothing is left.
        """
        with unpickling():
            return super().recv()

    def _recv_bytes(self, maxsize: int | None = None) -> Any:
        receive = self._recv  # type: ignore[attr-defined]
        (size,) = struct.unpack("!i", receive(4).getvalue())
        if size == _MARK:
            (count,) = struct.unpack("!i", receive(4).getvalue())
            self._receive_descriptors(count)
            (size,) = struct.unpack("!i", receive(4).getvalue())
        if size == -1:
            (size,) = struct.unpack("!Q", receive(8).getvalue())
        if maxsize is not None and size > maxsize:
            return None
        return receive(size)

    def _receive_descriptors(self, count: int) -> None:
        into = getattr(_local, "incoming", None)
        unwanted: list[int] = []
        got = unwanted if into is None else into
        room = socket.CMSG_SPACE(_AT_ONCE * array.array("i").itemsize)
        missing = False
        with self._socket() as view:
            for start in range(0, count, _AT_ONCE):
                byte, messages, _, _ = view.recvmsg(1, room, socket.MSG_CMSG_CLOEXEC)
                if not byte:
                    raise EOFError
                part = array.array("i")
                for _, _, data in messages:
                    part.frombytes(data[: len(data) // part.itemsize * part.itemsize])
                got.extend(part)
                missing |= len(part) < min(count - start, _AT_ONCE)
        for descriptor in unwanted:  # the bytes alone were asked for
            os.close(descriptor)
        if missing:
            # The message itself is read, so that the next one can be.
            self._recv_bytes()
            raise RuntimeError(TOO_MANY)


def _send_descriptors(through: socket.socket, part: array.array[int]) -> None:
    """Sends one byte with descriptors; waits while the system has too many under way."""
    while True:
        try:
            through.sendmsg([b"f"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, part)])
            return
        except OSError as error:
            if error.errno != errno.ETOOMANYREFS:
                raise
            time.sleep(0.001)


def pipe(duplex: bool = True) -> tuple[Connection, Connection]:
    """Two connected ends; without `duplex` the first reads and the second writes."""
    if duplex:
        one, other = socket.socketpair()
        return Connection(one.detach()), Connection(other.detach())
    reader, writer = os.pipe()
    one, other = socket.socketpair()
    return (
        Connection(reader, one.detach(), writable=False),
        Connection(writer, other.detach(), readable=False),
    )


def _reduce_connection(end: Connection) -> Any:
    side = None if end._side is None else reduction.DupFd(end._side)
    handle = reduction.DupFd(end.fileno())
    return _rebuild_connection, (handle, side, end.readable, end.writable)


def _rebuild_connection(
    handle: Any, side: Any, readable: bool, writable: bool
) -> Connection:
    descriptor = None if side is None else side.detach()
    return Connection(handle.detach(), descriptor, readable, writable)


reduction.register(Connection, _reduce_connection)
