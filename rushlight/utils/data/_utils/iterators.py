"""One pass over a dataset: without workers, and with worker processes or threads."""

from __future__ import annotations

import copy
import warnings
import weakref
from typing import TYPE_CHECKING, Any

from .errors import Raised
from .fetch import make_fetcher
from .keys import KeySource
from .positions import Position, WorkerPosition
from .task import Resume, Spec, ended_early, restored_fetcher

if TYPE_CHECKING:
    from typing_extensions import Self


def _spec(loader: Any, base_seed: int) -> Spec:
    return Spec(
        dataset=loader.dataset,
        iterable=loader._iterable,
        batched=loader._auto_collation,
        collate_fn=loader.collate_fn,
        drop_last=loader.drop_last,
        base_seed=base_seed,
        init_fn=loader.worker_init_fn,
        num_workers=loader.num_workers,
    )


class LoaderIterator:
    """What the passes have in common."""

    position: Position

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._persistent = loader.persistent_workers
        if loader.pin_memory:
            _warn_about_pinning(loader.pin_memory_device)
        self._reported_length = loader._IterableDataset_len_called

    def __iter__(self) -> Self:
        return self

    def __len__(self) -> int:
        return len(self._loader._index_sampler)

    def __getstate__(self) -> Any:
        raise NotImplementedError("{} cannot be pickled", type(self).__name__)

    def _count(self) -> None:
        """One more batch; warns when the dataset promised fewer."""
        position = self.position
        position.yielded += 1
        length = self._reported_length
        if length is None or position.yielded <= length:
            return
        loader = self._loader
        message = (
            f"Length of IterableDataset {loader.dataset} was reported to be "
            f"{length}(when accessing len(dataloader)), but {position.yielded} "
            "samples have been fetched. "
        )
        if loader.num_workers > 0:
            message += (
                "For multiprocessing data-loading, this could be caused by not "
                "properly configuring the IterableDataset replica at each worker. "
                "Please see "
                "https://pytorch.org/docs/stable/data.html#torch.utils.data."
                "IterableDataset for examples."
            )
        warnings.warn(message, stacklevel=3)


class InProcessIterator(LoaderIterator):
    """Each batch is loaded when it is asked for."""

    def __init__(self, loader: Any, saved: dict[str, Any] | None) -> None:
        if loader.timeout != 0:
            raise AssertionError("a DataLoader without workers requires timeout == 0")
        super().__init__(loader)
        if saved is None:
            self._source = KeySource(loader, twice=False)
            self._fetcher = make_fetcher(_spec(loader, 0), loader.dataset)
            self.position = Position(self._source, [])
        else:
            self._source = KeySource(loader, twice=False, saved=saved["keys"])
            self.position = Position(self._source, [])
            self.position.restore(saved)
            self._fetcher = self._restored_fetcher(saved)
        self.position.fetcher = self._fetcher
        # Bound once: these are called for every batch.
        self._keys, self._fetch = self._source.take, self._fetcher.fetch

    def _restored_fetcher(self, saved: dict[str, Any]) -> Any:
        loader, yielded = self._loader, saved["yielded"]
        owner, state = saved["dataset_owner"], copy.deepcopy(saved["dataset"])
        if owner is not None or not loader._iterable:
            return restored_fetcher(_spec(loader, 0), loader.dataset, owner, state)
        keys = next(iter(loader._index_sampler))

        def again() -> Any:
            fetcher = make_fetcher(_spec(loader, 0), loader.dataset)
            for at in range(yielded):
                try:
                    fetcher.fetch(keys)
                except StopIteration:
                    raise ended_early(at, yielded) from None
            return fetcher

        return self._source.replay(saved, again)

    def __next__(self) -> Any:
        try:
            batch = self._fetch(self._keys())
        except StopIteration:
            self.position.finished = True
            raise
        if self._reported_length is None:
            self.position.yielded += 1
        else:
            self._count()
        return batch


class _Task:
    """A batch under way: its worker, the answer when it is there, and whether one is
    still to be expected."""

    __slots__ = ("answer", "expected", "worker")

    def __init__(self, worker: int) -> None:
        self.worker = worker
        self.answer: Any = None
        self.expected = True


class WorkerIterator(LoaderIterator):
    """Batches are loaded by workers, some in advance."""

    def __init__(self, loader: Any, saved: dict[str, Any] | None) -> None:
        super().__init__(loader)
        if loader.prefetch_factor <= 0:
            raise AssertionError(
                "prefetch_factor must be greater than 0 for a DataLoader with workers"
            )
        self._workers = loader.num_workers
        self._most = loader.prefetch_factor * self._workers
        self._unanswered = 0
        count = self._workers
        resume: list[Resume] | None = None
        if saved is None:
            positions = [WorkerPosition(None) for _ in range(count)]
            source = KeySource(loader, twice=True)
        elif saved["finished"]:  # workers that stay on from one pass to the next
            positions = [WorkerPosition.restored(w) for w in saved["workers"]]
            for position in positions:
                position.begin_next_pass(loader._iterable)
            resume = [position.resume(None) for position in positions]
            seed = saved["keys"]["base_seed"]
            source = KeySource(loader, twice=True, base_seed=seed)
        else:
            positions = [WorkerPosition.restored(w) for w in saved["workers"]]
            source = KeySource(loader, twice=True, saved=saved["keys"])
            keys = next(iter(loader._index_sampler)) if loader._iterable else None
            resume = [position.resume(keys) for position in positions]
        self._pool = self._make_pool(source.base_seed, resume)
        self._closer = weakref.finalize(self, self._pool.close)
        if saved is not None and not saved["finished"]:
            self._open(source, positions, saved)
        else:
            self._open(source, positions, None)

    def _make_pool(self, base_seed: int, resume: list[Resume] | None) -> Any:
        loader = self._loader
        spec = _spec(loader, base_seed)
        if loader.worker_type == "thread":
            from .threads import ThreadPool

            return ThreadPool(spec, resume)
        from rushlight import multiprocessing

        from .processes import ProcessPool

        context = loader.multiprocessing_context or multiprocessing
        return ProcessPool(spec, context, loader.prefetch_factor, resume)

    @property
    def usable(self) -> bool:
        """Whether another pass can use the same workers."""
        return self._closer.alive and not self._pool.failed

    def next_pass(self, loader: Any) -> None:
        """Begins again with the same workers."""
        self._loader = loader
        while self._unanswered:  # of a pass that was given up
            self._next_answer()
        positions = [WorkerPosition(streams) for streams in self._received]
        self._reported_length = loader._IterableDataset_len_called
        self._pool.next_pass()
        seed = self.position.source.base_seed
        self._open(KeySource(loader, True, base_seed=seed), positions, None)

    def _open(
        self, source: KeySource, positions: list[WorkerPosition], saved: Any
    ) -> None:
        self._source = source
        self.position = position = Position(source, positions)
        self._received = [dict(worker.streams) for worker in positions]
        self._tasks: dict[int, _Task] = {}
        self._next = 0  # the batch to hand out when they come in order
        if saved is not None:
            position.restore(saved)
            for number, keys in source.pending.items():
                self._submit(position.assigned[number], number, keys)
            self._next = min(source.pending, default=source.drawn)
        while self._unanswered < self._most and self._submit_next():
            pass

    def _submit_next(self) -> bool:
        """Gives the next keys to the next worker; whether there were both."""
        worker = self._choose_worker()
        if worker is None:
            return False
        try:
            number, keys = self._source.draw_ahead()
        except StopIteration:
            return False
        position = self.position
        position.next_worker = (worker + 1) % self._workers
        position.assigned[number] = worker
        self._submit(worker, number, keys)
        return True

    def _submit(self, worker: int, number: int, keys: Any) -> None:
        self._tasks[number] = _Task(worker)
        self._unanswered += 1
        self._pool.submit(worker, number, keys)

    def _choose_worker(self) -> int | None:
        """In turn, among those that have more to give; out of order, among those that
        have no more to do than their share."""
        position = self.position
        workers = position.workers
        active = sum(worker.active for worker in workers)
        for turn in range(self._workers):
            worker = (position.next_worker + turn) % self._workers
            if not workers[worker].active:
                continue
            if self._loader.in_order:
                return worker
            load = sum(task.worker == worker for task in self._tasks.values())
            if load < self._most // active:
                return worker
        return None

    def __next__(self) -> Any:
        number = self._ready()
        if number is None:
            self.position.finished = True
            # At the end of an iterable dataset workers may have drawn once more.
            for worker, streams in zip(
                self.position.workers, self._received, strict=True
            ):
                worker.streams.update(streams)
            if not self._persistent:
                self.close()
            raise StopIteration
        answer = self._tasks.pop(number).answer
        self._hand_out(number, answer)
        self._submit_next()
        batch = answer.open()
        if isinstance(batch, Raised):
            batch.raise_again()
        self._count()
        return batch

    def _hand_out(self, number: int, answer: Any) -> None:
        position = self.position
        worker = position.workers[answer.worker]
        worker.advance(answer.snapshot)
        worker.fetched += 1
        del position.assigned[number]
        self._source.done(number)

    def _ready(self) -> int | None:
        """The number of the next batch to hand out, which is there; None at the end."""
        tasks, in_order = self._tasks, self._loader.in_order
        while True:
            if in_order:
                while self._next < self._source.drawn:
                    task = tasks.get(self._next)
                    if task is not None and (task.answer or task.expected):
                        break
                    self._next += 1
                else:
                    return None
                if task is not None and task.answer:
                    self._next += 1
                    return self._next - 1
            else:
                done = [n for n, task in tasks.items() if task.answer]
                if done:
                    return min(done)
                if not any(task.expected for task in tasks.values()):
                    return None
            self._receive()

    def _next_answer(self) -> Any:
        """Waits for one answer."""
        timeout = self._loader.timeout
        try:
            answer = self._pool.receive(timeout if timeout > 0 else None)
        except RuntimeError:
            if self._pool.failed:
                self.close()
            raise
        if answer is None:
            raise RuntimeError(f"DataLoader timed out after {timeout} seconds")
        self._unanswered -= 1
        self._received[answer.worker].update(answer.snapshot.streams)
        return answer

    def _receive(self) -> None:
        """Takes in one answer."""
        answer = self._next_answer()
        if not answer.ended:
            self._tasks[answer.number].answer = answer
            return
        self.position.workers[answer.worker].active = False
        for number, task in list(self._tasks.items()):
            if task.worker == answer.worker and task.answer is None and task.expected:
                task.expected = False
                self.position.assigned.pop(number, None)
                self._source.done(number)
        del self._tasks[answer.number]
        self._submit_next()

    def close(self) -> None:
        """Ends the workers."""
        self._closer()


def _warn_about_pinning(device: str) -> None:
    if device:
        warnings.warn(
            "pin_memory_device is deprecated, the current accelerator will be used as "
            f"the device,ignore pin_memory_device={device!r}.",
            stacklevel=5,
        )
    warnings.warn(
        "'pin_memory' argument is set as true but no accelerator is found, "
        "then device pinned memory won't be used.",
        stacklevel=5,
    )
