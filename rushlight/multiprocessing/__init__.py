"""`multiprocessing` for tensors, by the names of ``torch.multiprocessing``.

Everything of the standard library's module is here. A tensor that goes through a queue, a
pipe, a pool or the arguments of a process moves to memory that both processes share: each
sees what the other writes.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing import *

from . import queue as queue, reductions as reductions
from ._context import (  # type: ignore[assignment]
    JoinableQueue as JoinableQueue,
    Pipe as Pipe,
    Pool as Pool,
    Queue as Queue,
    SimpleQueue as SimpleQueue,
    get_context as get_context,
)
from .reductions import init_reductions
from .spawn import (
    ENV_VAR_PARALLEL_START as ENV_VAR_PARALLEL_START,
    ProcessContext as ProcessContext,
    ProcessExitedException as ProcessExitedException,
    ProcessRaisedException as ProcessRaisedException,
    SpawnContext as SpawnContext,
    spawn as spawn,
    start_processes as start_processes,
)

__all__ = [
    *multiprocessing.__all__,
    "ProcessContext",
    "ProcessExitedException",
    "ProcessRaisedException",
    "SpawnContext",
    "get_all_sharing_strategies",
    "get_sharing_strategy",
    "set_sharing_strategy",
    "spawn",
    "start_processes",
]

init_reductions()


def get_all_sharing_strategies() -> set[str]:
    """The names that `set_sharing_strategy` takes."""
    return {"file_descriptor"}


def get_sharing_strategy() -> str:
    """How tensors are shared."""
    return "file_descriptor"


def set_sharing_strategy(new_strategy: str) -> None:
    """Takes "file_descriptor", the one way in which tensors are shared.

    Raises:
        NotImplementedError: for PyTorch's "file_system". Its purpose, fewer open files, is
            served otherwise: small tensors have one descriptor in common, and the limit of
            open files is raised as far as the system allows.
        AssertionError: for an unknown name.
    """
    if new_strategy == "file_system":
        raise NotImplementedError(
            "rushlight.multiprocessing.set_sharing_strategy('file_system') is not "
            "implemented: memory with names in /dev/shm stays behind when processes are "
            "killed. Leave the call out: small tensors share a file descriptor"
        )
    if new_strategy not in get_all_sharing_strategies():
        raise AssertionError(
            f"invalid sharing strategy {new_strategy!r}, expected one of "
            f"{get_all_sharing_strategies()}"
        )
