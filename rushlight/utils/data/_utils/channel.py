"""Messages and file descriptors between the loader and one worker, over a socket pair."""

from __future__ import annotations

import array
import errno
import os
import socket
import struct
from collections import deque
from collections.abc import Iterator

_HEADER = struct.Struct("<IB")  # bytes that follow, descriptors that come along
_CHUNK = 1 << 16
_ROOM = socket.CMSG_SPACE(64 * 4)


class Channel:
    """One end. Sending waits until the other end has room, unless told not to."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._received = bytearray()
        self._descriptors: deque[int] = deque()
        self._unsent = bytearray()
        self.ended = False

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def send(self, message: bytes, descriptor: int | None = None) -> None:
        """Sends all of it.

        Raises:
            OSError: if the other end is gone.
        """
        data = memoryview(_HEADER.pack(len(message), descriptor is not None) + message)
        if descriptor is not None:
            handed = array.array("i", [descriptor])
            kind = (socket.SOL_SOCKET, socket.SCM_RIGHTS, handed)
            data = data[self._socket.sendmsg([data], [kind]) :]
        if data:
            self._socket.sendall(data)

    def post(self, message: bytes) -> None:
        """Sends what there is room for; `flush` sends the rest."""
        self._unsent += _HEADER.pack(len(message), 0) + message
        self.flush()

    def flush(self) -> None:
        """Sends more of what was posted; does not wait."""
        try:
            while self._unsent:
                sent = self._socket.send(self._unsent, socket.MSG_DONTWAIT)
                del self._unsent[:sent]
        except BlockingIOError:
            pass
        except OSError:  # the other end is gone, which reading will tell
            self._unsent.clear()

    @property
    def blocked(self) -> bool:
        """Whether something posted is still here."""
        return bool(self._unsent)

    def receive(self) -> tuple[bytes, int | None]:
        """The next message and its descriptor, if it has one; waits for it.

        Raises:
            EOFError: if the other end is gone.
        """
        while True:
            for message in self._complete():
                return message
            self._read(0)
            if self.ended and len(self._received) < _HEADER.size:
                raise EOFError

    def arrived(self) -> Iterator[tuple[bytes, int | None]]:
        """The messages that are here; does not wait. `ended` tells of the end."""
        while not self.ended and self._read(socket.MSG_DONTWAIT):
            pass
        yield from self._complete()

    def _read(self, flags: int) -> bool:
        """Whether there was something."""
        try:
            data, ancillary, message_flags, _ = self._socket.recvmsg(
                _CHUNK, _ROOM, flags | socket.MSG_CMSG_CLOEXEC
            )
        except BlockingIOError:
            return False
        except ConnectionError:
            data, ancillary, message_flags = b"", [], 0
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                handed = array.array("i")
                handed.frombytes(content[: len(content) - len(content) % 4])
                self._descriptors.extend(handed)
        if message_flags & socket.MSG_CTRUNC:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        self.ended = not data
        self._received += data
        return bool(data)

    def _complete(self) -> Iterator[tuple[bytes, int | None]]:
        while len(self._received) >= _HEADER.size:
            length, descriptors = _HEADER.unpack_from(self._received)
            end = _HEADER.size + length
            if len(self._received) < end:
                return
            message = bytes(self._received[_HEADER.size : end])
            del self._received[:end]
            yield message, self._descriptors.popleft() if descriptors else None

    def close(self) -> None:
        """Ends the conversation."""
        self._socket.close()
        while self._descriptors:
            os.close(self._descriptors.popleft())
