"""What the processes of these tests do; spawned ones import it."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import rushlight
import rushlight.multiprocessing


def await_names(before: set[str], names: Callable[[], set[str]]) -> None:
    """Fails if names of shared memory that were not there before stay; other programs
    make some too, and let go of them."""
    end = time.monotonic() + 20
    while left := names() - before:
        assert time.monotonic() < end, f"left in /dev/shm: {sorted(left)}"
        time.sleep(0.05)


def shared_names() -> set[str]:
    """The names in shared memory."""
    return set(os.listdir("/dev/shm"))


def echo(source: Any, target: Any, count: int) -> None:
    """Sends on what it receives."""
    for _ in range(count):
        target.put(source.get())


def add_one(source: Any, done: Any, count: int) -> None:
    """Adds 1 in place to tensors it receives, wherever they are nested."""
    for _ in range(count):
        for tensor in leaves(source.get()):
            with rushlight.no_grad():
                tensor += 1
        done.set()


def add_one_to(tensor: Any) -> None:
    """Adds 1 in place."""
    tensor += 1


def leaves(value: Any) -> list[Any]:
    """The tensors of nested containers."""
    if isinstance(value, rushlight.Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    return [leaf for part in value for leaf in leaves(part)]


def add_one_to_all(tensors: Any) -> None:
    """Adds 1 in place to each."""
    for tensor in tensors:
        add_one_to(tensor)


def put_and_end(target: Any) -> None:
    """Sends a tensor and ends; whoever receives it has it alone."""
    target.put(rushlight.arange(100_000))


def pong(end: Any) -> None:
    """Answers on a pipe until it gets None."""
    while (value := end.recv()) is not None:
        end.send(value)


def square(value: Any) -> Any:
    """The square."""
    return value * value


def add_index(index: int, tensor: Any) -> None:
    """Adds 1 plus the process's index at its place."""
    tensor[index] += index + 1


def fail(index: int, how: str) -> None:
    """Process 1 fails, the others would wait long."""
    if how == "not at all":
        return
    if index != 1:
        time.sleep(60)
    if how == "raise":
        raise ValueError("process 1 fails")
    if how == "exit":
        sys.exit(3)
    os.kill(os.getpid(), signal.SIGKILL)


def send_for_ever(target: Any) -> None:
    """Sends until it is killed."""
    while True:
        target.put(rushlight.empty(20_000))


def receive_for_ever(source: Any) -> None:
    """Receives until it is killed."""
    while True:
        source.get()


def sleep(index: int, note: str) -> None:
    """Writes its process id and waits."""
    with open(note, "a") as file:
        file.write(f"{os.getpid()} ")
    time.sleep(60)


def nap(index: int) -> None:
    """Fails if it is interrupted."""
    try:
        time.sleep(0.1)
    except KeyboardInterrupt:
        os._exit(4)


def start_sleepers(note: str, method: str) -> None:
    """Starts two processes that wait."""
    rushlight.multiprocessing.start_processes(
        sleep, (note,), nprocs=2, start_method=method
    )
