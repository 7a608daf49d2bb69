"""Threads as workers, for datasets whose work releases the interpreter's lock."""

from __future__ import annotations

import queue
import threading
import time
from typing import Any

from rushlight import _C

from . import context, seeding
from .context import ThreadRng, WorkerInfo
from .task import Ended, Resume, Snapshot, Spec, Worker

_GRACE = 5.0  # seconds for a worker to finish its sample when the pass is over


class ThreadAnswer:
    """What a worker made of a task."""

    def __init__(
        self, worker: int, number: int, batch: Any, snapshot: Snapshot
    ) -> None:
        self.worker = worker
        self.number = number
        self.snapshot = snapshot
        self.ended = batch is Ended
        self._batch = batch

    def open(self) -> Any:
        """The batch, or `Raised`."""
        batch, self._batch = self._batch, None
        return batch


class ThreadPool:
    """Worker threads that load batches of one dataset, which they share."""

    failed = False

    def __init__(self, spec: Spec, resume: list[Resume] | None) -> None:
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._tasks: list[queue.SimpleQueue[Any]] = []
        self._threads: list[threading.Thread] = []
        for worker in range(spec.num_workers):
            tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
            continued = resume[worker] if resume is not None else None
            thread = threading.Thread(
                target=_serve,
                args=(spec, worker, tasks, self._answers, continued),
                name=f"DataLoader worker {worker}",
                daemon=True,
            )
            thread.start()
            self._tasks.append(tasks)
            self._threads.append(thread)

    def next_pass(self) -> None:
        """Makes the workers begin again; all their tasks must be answered."""
        for tasks in self._tasks:
            tasks.put("pass")

    def submit(self, worker: int, number: int, keys: Any) -> None:
        """Gives a worker a task."""
        self._tasks[worker].put((number, keys))

    def receive(self, timeout: float | None = None) -> Any:
        """The next answer of any worker; None after so many seconds without one."""
        try:
            answer = self._answers.get(timeout=timeout)
        except queue.Empty:
            return None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def close(self) -> None:
        """Ends the workers, after the sample they are at."""
        for tasks in self._tasks:
            while not tasks.empty():
                try:
                    tasks.get_nowait()
                except queue.Empty:
                    break
            tasks.put(None)
        deadline = time.monotonic() + _GRACE
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))
        self._threads.clear()


def _serve(
    spec: Spec,
    worker: int,
    tasks: queue.SimpleQueue[Any],
    answers: queue.SimpleQueue[Any],
    resume: Resume | None,
) -> None:
    """The program of a worker thread."""
    seed = spec.base_seed + worker
    rng = ThreadRng(seed, seeding.numpy_seed(spec.base_seed, worker))
    _C.set_thread_generator(rng.torch_generator)
    context.of_thread.info = WorkerInfo(
        worker, spec.num_workers, seed, spec.dataset, rng, "thread"
    )
    where = f"in DataLoader worker thread {worker}"
    progress = [0] * 4
    reader = Worker(spec, worker, seeding.ThreadStreams(rng), progress, where)
    try:
        reader.start(resume)
        for task in iter(tasks.get, None):
            if task == "pass":
                reader.next_pass()
                continue
            number, keys = task
            batch, snapshot = reader.answer(number, keys)
            answers.put(ThreadAnswer(worker, number, batch, snapshot))
            del batch
    except BaseException as error:  # SystemExit and the like: nothing else would tell
        failure = RuntimeError(
            f"DataLoader worker thread {worker} ended by {type(error).__name__}: {error}"
        )
        failure.__cause__ = error
        answers.put(failure)
    finally:
        _C.set_thread_generator(None)
