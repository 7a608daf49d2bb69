"""Contexts, one a start method, whose queues and pipes carry tensors."""

from __future__ import annotations

import multiprocessing
from multiprocessing import context
from typing import Any

from ._descriptors import pipe


class _Tensors:
    """What our contexts have instead of the standard library's queues and pipes."""

    def get_context(self, method: str | None = None) -> Any:
        """This context, or the one of another start method."""
        return self if method is None else get_context(method)

    def Pipe(self, duplex: bool = True) -> Any:
        """Two connected ends; without `duplex` the first reads and the second writes."""
        return pipe(duplex)

    def Queue(self, maxsize: int = 0) -> Any:
        """A queue for any number of writers and readers."""
        from .queue import Queue

        return Queue(maxsize, ctx=self.get_context())

    def JoinableQueue(self, maxsize: int = 0) -> Any:
        """A queue that knows when all its objects are done with."""
        from .queue import JoinableQueue

        return JoinableQueue(maxsize, ctx=self.get_context())

    def SimpleQueue(self) -> Any:
        """A queue without a thread: a pipe with locks."""
        from .queue import SimpleQueue

        return SimpleQueue(ctx=self.get_context())


class ForkContext(_Tensors, context.ForkContext):
    """Processes start as copies of this one."""


class SpawnContext(_Tensors, context.SpawnContext):
    """Processes start as fresh interpreters."""


class ForkServerContext(_Tensors, context.ForkServerContext):
    """Processes start as copies of a small server process."""


_CONTEXTS: dict[str, Any] = {
    "fork": ForkContext(),
    "spawn": SpawnContext(),
    "forkserver": ForkServerContext(),
}


def get_context(method: str | None = None) -> Any:
    """The context of a start method; None is the one that `set_start_method` chose.

    Raises:
        ValueError: the system has no such start method.
    """
    if method is None:
        method = multiprocessing.get_context().get_start_method()
    multiprocessing.get_context(method)  # refuses what the system does not have
    return _CONTEXTS[method]


def Pipe(duplex: bool = True) -> Any:
    """Two connected ends; without `duplex` the first reads and the second writes."""
    return get_context().Pipe(duplex)


def Queue(maxsize: int = 0) -> Any:
    """A queue for any number of writers and readers."""
    return get_context().Queue(maxsize)


def JoinableQueue(maxsize: int = 0) -> Any:
    """A queue that knows when all its objects are done with."""
    return get_context().JoinableQueue(maxsize)


def SimpleQueue() -> Any:
    """A queue without a thread: a pipe with locks."""
    return get_context().SimpleQueue()


def Pool(
    processes: int | None = None,
    initializer: Any = None,
    initargs: Any = (),
    maxtasksperchild: int | None = None,
) -> Any:
    """Processes that apply functions to arguments."""
    return get_context().Pool(processes, initializer, initargs, maxtasksperchild)
