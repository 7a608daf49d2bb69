"""The loader's side of its worker processes: start, tasks, answers, deaths, end."""

from __future__ import annotations

import mmap
import os
import pickle
import select
import socket
import time
import warnings
from collections import deque
from multiprocessing import reduction
from typing import Any

from . import process_worker
from .channel import Channel
from .errors import describe_death
from .fetch import COLLATING, IDLE, SENDING, STARTING
from .packing import unpack
from .process_worker import PROGRESS_WORDS, SEGMENT_RECORD
from .segments import LoaderSegments
from .task import Ended, Resume, Snapshot, Spec, sample_of

_GRACE = 5.0  # seconds for a worker to finish its sample when the pass is over


class Answer:
    """What a worker made of a task."""

    def __init__(
        self, worker: int, number: int, snapshot: Snapshot, kind: int, data: Any
    ) -> None:
        self.worker = worker
        self.number = number
        self.snapshot = snapshot
        self.ended = kind == process_worker.ENDED
        self._kind = kind
        self._data = data

    def open(self) -> Any:
        """The batch, or `Raised`."""
        if self._kind == process_worker.BATCH:
            return unpack(*self._data)
        return Ended if self.ended else pickle.loads(self._data[0])


class PassedDescriptor:
    """A file descriptor as an argument of a process, however it is started."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def take(self) -> int:
        """In the process: a descriptor of its own."""
        return os.dup(self._descriptor)

    def __reduce__(self) -> Any:
        return _received, (reduction.DupFd(self._descriptor),)


def _received(duplicate: Any) -> PassedDescriptor:
    return PassedDescriptor(duplicate.detach())


class _Process:
    """One worker process."""

    def __init__(self, process: Any, channel: Channel, in_advance: int) -> None:
        self.process = process
        self.pid: int = process.pid
        self.channel = channel
        self.segments = LoaderSegments(in_advance)
        self.descriptor = os.pidfd_open(self.pid)

    def wait(self, seconds: float) -> int | None:
        """The exit code, None if it runs on for so long. What `process.join` waits for
        may be held open by processes that the worker has started."""
        poll = select.poll()
        poll.register(self.descriptor, select.POLLIN)
        if not poll.poll(seconds * 1000):
            return None
        code: int | None = self.process.exitcode
        if code is None:  # a fork server tells it a moment later
            self.process.join(1.0)
            code = self.process.exitcode
        return code


class ProcessPool:
    """Worker processes that load batches.

    Args:
        spec: what they load.
        context: a multiprocessing context, or the module.
        in_advance: batches each may be ahead.
        resume: where each continues.
    """

    def __init__(
        self, spec: Spec, context: Any, in_advance: int, resume: list[Resume] | None
    ) -> None:
        self._spec = spec
        self._owner = os.getpid()
        self._workers: list[_Process] = []
        self._answers: deque[Answer] = deque()
        self._keys: dict[int, Any] = {}
        self._death: str | None = None
        self._poll = select.poll()
        self._by_descriptor: dict[int, tuple[int, bool]] = {}
        memory = os.memfd_create("rushlight-progress")
        try:
            os.ftruncate(memory, spec.num_workers * PROGRESS_WORDS * 8)
            self._progress = memoryview(mmap.mmap(memory, 0)).cast("q")
            for worker in range(spec.num_workers):
                continued = resume[worker] if resume is not None else None
                self._start(context, worker, memory, in_advance, continued)
        except BaseException:
            self.close()
            raise
        finally:
            os.close(memory)

    def _start(
        self,
        context: Any,
        worker: int,
        memory: int,
        in_advance: int,
        resume: Resume | None,
    ) -> None:
        ours, theirs = socket.socketpair()
        channel = Channel(ours)
        process_worker.loader_ends.add(channel)
        process = context.Process(
            target=process_worker.run,
            name=f"DataLoader worker {worker}",
            args=(
                self._spec,
                worker,
                PassedDescriptor(theirs.fileno()),
                PassedDescriptor(memory),
                os.getpid(),
                resume,
            ),
            daemon=True,
        )
        try:
            process.start()
            made = _Process(process, channel, in_advance)
        except BaseException as error:
            process_worker.loader_ends.discard(channel)
            channel.close()
            if isinstance(error, (TypeError, AttributeError, pickle.PicklingError)):
                _warn_about_pickling()
            raise
        finally:
            theirs.close()
        self._workers.append(made)
        for descriptor, is_channel in (
            (channel.fileno(), True),
            (made.descriptor, False),
        ):
            self._by_descriptor[descriptor] = worker, is_channel
            self._poll.register(descriptor, select.POLLIN)

    @property
    def failed(self) -> bool:
        """Whether a worker died."""
        return self._death is not None

    @property
    def pids(self) -> list[int]:
        """Of the workers."""
        return [made.pid for made in self._workers]

    def next_pass(self) -> None:
        """Makes the workers begin again; all their tasks must be answered."""
        for made in self._workers:
            made.channel.post(pickle.dumps(("pass",)))

    def submit(self, worker: int, number: int, keys: Any) -> None:
        """Gives a worker a task."""
        self._keys[number] = keys
        made = self._workers[worker]
        returned, dropped = made.segments.take_released()
        task = ("task", number, keys, returned, dropped)
        made.channel.post(pickle.dumps(task))
        if made.channel.blocked:
            self._poll.modify(made.channel.fileno(), select.POLLIN | select.POLLOUT)

    def receive(self, timeout: float | None = None) -> Answer | None:
        """The next answer of any worker; None after so many seconds without one.

        Raises:
            RuntimeError: if a worker died; at once, and every time from then on.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            if self._death is not None:
                raise RuntimeError(self._death)
            if self._answers:
                return self._answers.popleft()
            left = None
            if deadline is not None:
                left = max(0.0, deadline - time.monotonic()) * 1000
            events = self._poll.poll(left)
            if not events:
                return None
            self._take(events)

    def _take(self, events: list[tuple[int, int]]) -> None:
        dead = None
        for descriptor, event in events:
            worker, is_channel = self._by_descriptor[descriptor]
            channel = self._workers[worker].channel
            if is_channel and event & select.POLLOUT:
                channel.flush()
                if not channel.blocked:
                    self._poll.modify(descriptor, select.POLLIN)
            self._read(worker)
            if not is_channel or channel.ended:
                dead = worker
        if dead is not None:
            self._report(dead)

    def _read(self, worker: int) -> None:
        made = self._workers[worker]
        try:
            for message, descriptor in made.channel.arrived():
                kind, body = message[0], memoryview(message)[1:]
                if kind == process_worker.SEGMENT:
                    assert descriptor is not None
                    number, capacity = SEGMENT_RECORD.unpack(body)
                    made.segments.add(number, capacity, descriptor)
                    continue
                number, data, references, snapshot = pickle.loads(body)
                del self._keys[number]
                content = data, made.segments.borrow(references)
                self._answers.append(Answer(worker, number, snapshot, kind, content))
        except OSError as error:
            raise RuntimeError(
                "Too many open files. Communication with the workers is no longer "
                "possible. Please increase the limit using `ulimit -n` in the shell"
            ) from error

    def _report(self, worker: int) -> None:
        made = self._workers[worker]
        code = made.wait(_GRACE)
        self._death = describe_death(made.pid, code, self._doing(worker))

    def _doing(self, worker: int) -> str:
        """What the worker was at, from the words that it left."""
        at = worker * PROGRESS_WORDS
        progress = self._progress[at : at + PROGRESS_WORDS]
        number, state = progress[0], progress[2]
        name = f"Worker {worker} was"
        if state == IDLE:
            return f"{name} waiting for work."
        if state == STARTING:
            return f"{name} starting, in worker_init_fn or the dataset's __iter__."
        keys = self._keys.get(number)
        if keys is None and not self._spec.iterable:  # its answer is here
            return f"{name} about to take more work."
        doing = {COLLATING: "collating", SENDING: "sending"}.get(state, "loading")
        return f"{name} {doing} {sample_of(self._spec, progress, keys)}."

    def close(self) -> None:
        """Ends the workers and waits for their end; those that do not finish their
        sample in a few seconds are terminated."""
        workers, self._workers = self._workers, []
        if os.getpid() != self._owner:
            return
        for made in workers:
            process_worker.loader_ends.discard(made.channel)
            made.channel.close()
        deadline = time.monotonic() + _GRACE
        for made in workers:
            made.wait(max(0.0, deadline - time.monotonic()))
        for end in ("terminate", "kill"):
            alive = [made for made in workers if made.process.exitcode is None]
            for made in alive:
                getattr(made.process, end)()
            for made in alive:
                made.wait(1.0)
        for made in workers:
            os.close(made.descriptor)
            if made.process.exitcode is not None:
                made.process.close()


def _warn_about_pickling() -> None:
    warnings.warn(
        "Got pickle error when attempting to start a worker Process. "
        "This might be because the worker Process arguments are not picklable. "
        "Python 3.14+ changed the multiprocessing start method in non-Mac POSIX "
        "platforms to 'forkserver', which requires the worker Process arguments to be "
        "picklable. You can also try multiprocessing.set_start_method('fork').",
        stacklevel=8,
    )
