"""Queues between processes. Tensors that pass them share their memory with the receiver."""

from __future__ import annotations

import collections
import multiprocessing.queues
import threading
import weakref
from multiprocessing import util
from queue import Full
from typing import Any

from ._descriptors import Outgoing, pickle, pipe, unpickling

_SENTINEL = object()


class Queue(multiprocessing.queues.Queue):
    """`multiprocessing.Queue` for tensors too.

    `put` pickles at once: what cannot be pickled raises there, and what happens to the
    object afterwards does not change the message (tensors are shared and do change).
    """

    def __init__(self, maxsize: int = 0, *, ctx: Any) -> None:
        super().__init__(maxsize, ctx=ctx)
        queue: Any = self
        queue._reader.close()
        queue._writer.close()
        queue._reader, queue._writer = pipe(duplex=False)
        queue._reset()

    def put(self, obj: Any, block: bool = True, timeout: float | None = None) -> None:
        """Sends an object; waits while `maxsize` objects are under way.

        Raises:
            queue.Full: no place was free in time.
        """
        queue: Any = self
        if queue._closed:
            raise ValueError(f"Queue {self!r} is closed")
        message = pickle(obj)
        if not queue._sem.acquire(block, timeout):
            raise Full
        with queue._notempty:
            if queue._thread is None:
                self._start_thread()
            self._announce()
            queue._buffer.append(message)
            queue._notempty.notify()

    def _announce(self) -> None:
        """Called when an object is about to enter."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """The next object.

        Raises:
            queue.Empty: none came in time.
        """
        with unpickling():
            return super().get(block, timeout)

    def _start_thread(self) -> None:
        queue: Any = self
        queue._buffer.clear()
        queue._thread = threading.Thread(
            target=_feed,
            args=(
                queue._buffer,
                queue._notempty,
                queue._writer,
                queue._wlock,
                queue._reader.close,
                queue._ignore_epipe,
            ),
            name="QueueFeederThread",
            daemon=True,
        )
        queue._thread.start()
        if not queue._joincancelled:
            queue._jointhread = util.Finalize(
                queue._thread,
                queue._finalize_join,
                [weakref.ref(queue._thread)],
                exitpriority=-5,
            )
        queue._close = util.Finalize(
            self, _finish, [queue._buffer, queue._notempty], exitpriority=10
        )


def _finish(buffer: collections.deque[Any], notempty: Any) -> None:
    """Lets the feeder end once it has sent everything."""
    with notempty:
        buffer.append(_SENTINEL)
        notempty.notify()


def _feed(
    buffer: collections.deque[tuple[Any, Outgoing]],
    notempty: Any,
    writer: Any,
    lock: Any,
    close_reader: Any,
    ignore_broken_pipe: bool,
) -> None:
    """Sends messages as they come, so that `put` need not wait for a slow reader."""
    while True:
        with notempty:
            while not buffer:
                notempty.wait()
            message: Any = buffer.popleft()
        if message is _SENTINEL:
            close_reader()
            writer.close()
            return
        try:
            if lock is None:
                writer.send_pickled(*message)
            else:
                with lock:
                    writer.send_pickled(*message)
        except BrokenPipeError:
            if not ignore_broken_pipe:
                raise
            return
        except Exception:
            if util.is_exiting():
                return
            raise
        del message  # the sender lets go of tensors that are on their way


class JoinableQueue(Queue):
    """A queue whose objects are counted until `task_done` was called for each."""

    def __init__(self, maxsize: int = 0, *, ctx: Any) -> None:
        super().__init__(maxsize, ctx=ctx)
        self._unfinished_tasks = ctx.Semaphore(0)
        self._cond = ctx.Condition()

    def __getstate__(self) -> Any:
        return super().__getstate__(), self._cond, self._unfinished_tasks

    def __setstate__(self, state: Any) -> None:
        inner, self._cond, self._unfinished_tasks = state
        super().__setstate__(inner)

    def _announce(self) -> None:
        with self._cond:
            self._unfinished_tasks.release()

    def task_done(self) -> None:
        """Says that one object that was taken is done with."""
        with self._cond:
            if not self._unfinished_tasks.acquire(False):
                raise ValueError("task_done() called too many times")
            if self._unfinished_tasks._semlock._is_zero():
                self._cond.notify_all()

    def join(self) -> None:
        """Waits until all objects are done with."""
        with self._cond:
            if not self._unfinished_tasks._semlock._is_zero():
                self._cond.wait()


class SimpleQueue(multiprocessing.queues.SimpleQueue):
    """`multiprocessing.SimpleQueue` for tensors too: a pipe with locks."""

    def __init__(self, *, ctx: Any) -> None:
        super().__init__(ctx=ctx)
        queue: Any = self
        queue._reader.close()
        queue._writer.close()
        queue._reader, queue._writer = pipe(duplex=False)
        queue._poll = queue._reader.poll

    def put(self, obj: Any) -> None:
        """Sends an object; waits while the pipe is full."""
        queue: Any = self
        message = pickle(obj)
        if queue._wlock is None:
            queue._writer.send_pickled(*message)
            return
        with queue._wlock:
            queue._writer.send_pickled(*message)

    def get(self) -> Any:
        """The next object, once there is one."""
        with unpickling():
            return super().get()
