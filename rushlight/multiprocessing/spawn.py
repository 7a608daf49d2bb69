"""Starts a function in several processes and reports the first that fails.

As an attribute of `rushlight.multiprocessing`, ``spawn`` is the function.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import context, reduction
from typing import Any

from ._context import get_context

ENV_VAR_PARALLEL_START = "TORCH_MP_PARALLEL_START"
"""With this variable at 1, `start_processes` starts the processes of a fork server at once."""

_PATIENCE = 30.0  # seconds between asking a process to end and killing it


class ProcessException(Exception):
    """A process of `spawn` failed: its index and its process id."""

    __slots__ = ("error_index", "error_pid")

    def __init__(self, msg: str, error_index: int, error_pid: int) -> None:
        super().__init__(msg)
        self.msg = msg
        self.error_index = error_index
        self.error_pid = error_pid

    @property
    def pid(self) -> int:
        """The process id."""
        return self.error_pid

    def __reduce__(self) -> Any:
        return type(self), (self.msg, self.error_index, self.error_pid)


class ProcessRaisedException(ProcessException):
    """The process ended with an exception; the message holds its traceback."""


class ProcessExitedException(ProcessException):
    """The process exited with a code other than 0, or a signal ended it."""

    __slots__ = ("exit_code",)

    def __init__(
        self,
        msg: str,
        error_index: int,
        error_pid: int,
        exit_code: int,
        signal_name: str | None = None,
    ) -> None:
        super().__init__(msg, error_index, error_pid)
        self.exit_code = exit_code
        self.signal_name = signal_name

    def __reduce__(self) -> Any:
        arguments = (self.msg, self.error_index, self.error_pid)
        return type(self), (*arguments, self.exit_code, self.signal_name)


class _Report:
    """Memory where a process leaves its traceback; nameless, so nothing stays behind."""

    def __init__(self) -> None:
        self._descriptor = os.memfd_create("rushlight report", os.MFD_CLOEXEC)

    def __getstate__(self) -> Any:
        context.assert_spawning(self)
        return reduction.DupFd(self._descriptor)

    def __setstate__(self, duplicate: Any) -> None:
        self._descriptor = duplicate.detach()

    def write(self, text: str) -> None:
        left = text.encode(errors="replace")
        while left:
            left = left[os.write(self._descriptor, left) :]

    def read(self) -> str:
        size = os.fstat(self._descriptor).st_size
        return os.pread(self._descriptor, size, 0).decode(errors="replace")

    def __del__(self) -> None:
        os.close(self._descriptor)


def _end_with_parent(parent: int | None) -> None:
    """Interrupts this process when its parent dies, without `parent` by a thread."""
    if parent is None:
        threading.Thread(target=_await_parent, daemon=True).start()
        return
    import ctypes

    set_death_signal = 1
    number = _ending_signal()
    ctypes.CDLL(None).prctl(set_death_signal, ctypes.c_ulong(number))
    if os.getppid() != parent:  # it died before that
        os.kill(os.getpid(), number)


def _ending_signal() -> signal.Signals:
    """An interrupt, unless this is a job that ignores them."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    return signal.SIGTERM if ignored else signal.SIGINT


def _await_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), _ending_signal())


def _run(
    fn: Callable[..., Any],
    index: int,
    args: tuple[Any, ...],
    report: _Report,
    parent: int | None,
) -> None:
    try:
        _end_with_parent(parent)
        fn(index, *args)
    except KeyboardInterrupt:
        pass  # the one who interrupts sees it in the parent
    except Exception:
        report.write(traceback.format_exc())
        sys.exit(1)


class ProcessContext:
    """The processes that `start_processes` started.

    Attributes:
        processes: the `multiprocessing.Process` objects.
        sentinels: which index each process's sentinel has, of those that run.
        error_files: where each process leaves its traceback.
    """

    def __init__(self, processes: list[Any], error_files: list[Any]) -> None:
        self.error_files = error_files
        self.processes = processes
        self.sentinels = {process.sentinel: i for i, process in enumerate(processes)}

    def pids(self) -> list[int]:
        """The process ids."""
        return [int(process.pid) for process in self.processes]

    def join(
        self, timeout: float | None = None, grace_period: float | None = None
    ) -> bool:
        """Waits for a process to end; once one failed, ends the others.

        Args:
            timeout: seconds to wait; None for ever.
            grace_period: seconds the others have to end by themselves after a failure,
                and again between SIGTERM and SIGKILL (there 30 by default).

        Returns:
            Whether all processes have ended well.

        Raises:
            ProcessRaisedException: one raised.
            ProcessExitedException: one exited with a code other than 0 or by a signal.
        """
        if not self.sentinels:
            return True
        ended = multiprocessing.connection.wait(self.sentinels.keys(), timeout)
        failed = None
        for sentinel in ended:
            index = self.sentinels.pop(sentinel)
            self.processes[index].join()
            if self.processes[index].exitcode != 0:
                failed = index
                break
        if failed is None:
            return not self.sentinels
        self._end_all(grace_period)
        self._raise_of(failed)
        raise AssertionError("unreachable")

    def _end_all(self, grace_period: float | None) -> None:
        if grace_period is not None:
            self._join_all(grace_period)
        for process in self.processes:
            if process.is_alive():
                process.terminate()
        self._join_all(_PATIENCE if grace_period is None else grace_period)
        for process in self.processes:
            if process.is_alive():
                process.kill()
            process.join()
        self.sentinels.clear()

    def _join_all(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        for process in self.processes:
            process.join(max(0.0, end - time.monotonic()))

    def _raise_of(self, index: int) -> None:
        process = self.processes[index]
        trace = self.error_files[index].read()
        if trace:
            raise ProcessRaisedException(
                f"\n\n-- Process {index} terminated with the following error:\n{trace}",
                error_index=index,
                error_pid=process.pid,
            )
        code = process.exitcode
        if code >= 0:
            raise ProcessExitedException(
                f"process {index} terminated with exit code {code}",
                error_index=index,
                error_pid=process.pid,
                exit_code=code,
            )
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"<Unknown signal {-code}>"
        raise ProcessExitedException(
            f"process {index} terminated with signal {name}",
            error_index=index,
            error_pid=process.pid,
            exit_code=code,
            signal_name=name,
        )


class SpawnContext(ProcessContext):
    """The processes that `spawn` started."""


def start_processes(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """Runs ``fn(i, *args)`` in `nprocs` processes, i counting from 0.

    Args:
        fn: with "spawn" and "forkserver", a function of a module's top level.
        args: further arguments.
        nprocs: how many processes.
        join: wait until all have ended.
        daemon: the processes end with this one, and may start none themselves.
        start_method: "fork", "spawn" or "forkserver".

    Returns:
        None with `join`, else the `ProcessContext`.

    Raises:
        ProcessRaisedException, ProcessExitedException: of the first process that failed,
            with `join`; the others were ended.
    """
    chosen = get_context(start_method)
    # The kernel tells of the end of the thread that forked: not if that is a fork server's
    # or one that may end long before this process.
    direct = start_method != "forkserver"
    told = direct and threading.current_thread() is threading.main_thread()
    parent = os.getpid() if told else None
    reports = [_Report() for _ in range(nprocs)]
    processes = [
        chosen.Process(
            target=_run, args=(fn, i, args, reports[i], parent), daemon=daemon
        )
        for i in range(nprocs)
    ]
    at_once = os.environ.get(ENV_VAR_PARALLEL_START) == "1"
    if at_once and start_method == "forkserver" and nprocs > 0:
        with ThreadPoolExecutor(max_workers=nprocs) as pool:
            list(pool.map(lambda process: process.start(), processes))
    else:
        for process in processes:
            process.start()
    started = (SpawnContext if start_method == "spawn" else ProcessContext)(
        processes, reports
    )
    if not join:
        return started
    while not started.join():
        pass
    return None


def spawn(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """Runs ``fn(i, *args)`` in `nprocs` fresh interpreters; see `start_processes`.

    Args:
        start_method: only "spawn"; anything else is warned of and has no effect.
    """
    if start_method != "spawn":
        warnings.warn(
            f"This method only supports start_method=spawn (got: {start_method}).\n"
            "To use a different start_method use:\n\t\t "
            "torch.multiprocessing.start_processes(...)",
            FutureWarning,
            stacklevel=2,
        )
    return start_processes(fn, args, nprocs, join, daemon, start_method="spawn")
