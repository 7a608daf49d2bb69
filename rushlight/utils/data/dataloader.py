"""`DataLoader`: batches of a dataset, loaded in this process or by workers."""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from rushlight import Generator

from ._utils import resume
from ._utils.collate import default_collate, default_convert
from ._utils.iterators import InProcessIterator, LoaderIterator, WorkerIterator
from .dataset import Dataset, IterableDataset
from .sampler import (
    BatchSampler,
    EndlessSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
)

T_co = TypeVar("T_co", covariant=True)

_FIXED = (
    "batch_size",
    "batch_sampler",
    "sampler",
    "drop_last",
    "dataset",
    "persistent_workers",
)


class _DatasetKind:
    """Which of the two kinds of dataset a loader reads."""

    Map = 0
    Iterable = 1


class DataLoader(Generic[T_co]):
    """Goes through a dataset batch by batch.

    Args:
        dataset: samples by index, or an `IterableDataset`.
        batch_size: samples in a batch; None yields the samples one by one.
        shuffle: visit the indices in a new random order every time.
        sampler: yields the indices; excludes `shuffle`.
        batch_sampler: yields lists of indices; excludes `batch_size`, `shuffle`,
            `sampler` and `drop_last`.
        num_workers: processes, or threads, that load; 0 loads in this process when a
            batch is asked for.
        collate_fn: makes a batch of a list of samples.
        pin_memory: for copies to an accelerator; without one, a warning.
        drop_last: leave out the last batch if it is smaller.
        timeout: seconds to wait for a batch of a worker; 0 waits without end.
        worker_init_fn: called in every worker with its number, after seeding.
        multiprocessing_context: how workers are started: "fork", "spawn",
            "forkserver" or a context; by default as `multiprocessing` does.
        generator: draws the order and the workers' seeds.
        prefetch_factor: batches that a worker loads in advance; 2 if there are workers.
        persistent_workers: keep the workers from one pass to the next.
        pin_memory_device: deprecated, must be empty.
        in_order: yield the batches of workers in order, not as they get ready.
        worker_type: "process", or "thread" for datasets that release the
            interpreter's lock; threads share the dataset and need no pickling.

    Raises:
        ValueError: if arguments exclude each other or are out of range.
        TypeError: if `multiprocessing_context` is something else.
    """

    dataset: Dataset[T_co]
    batch_size: int | None
    num_workers: int
    pin_memory: bool
    drop_last: bool
    timeout: float
    sampler: Any
    prefetch_factor: int | None
    worker_type: str
    _initialized = False

    def __init__(
        self,
        dataset: Dataset[T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[list[Any]] | Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
        worker_type: str = "process",
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        _check_worker_type(worker_type, multiprocessing_context)
        if num_workers > 0 and prefetch_factor is None:
            prefetch_factor = 2
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        self.worker_type = worker_type
        self.persistent_workers = persistent_workers
        self.generator = generator
        self._iterable = isinstance(dataset, IterableDataset)
        self._dataset_kind = (
            _DatasetKind.Iterable if self._iterable else _DatasetKind.Map
        )
        if self._iterable:
            _check_iterable(shuffle, sampler, batch_sampler)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive "
                    "with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError(
                "batch_size=None option disables auto-batching "
                "and is mutually exclusive with drop_last"
            )
        if sampler is None:
            sampler = self._default_sampler(bool(shuffle))
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.collate_fn: Callable[[Any], Any]
        if collate_fn is not None:
            self.collate_fn = collate_fn
        else:
            self.collate_fn = (
                default_collate if self._auto_collation else default_convert
            )
        self._IterableDataset_len_called: int | None = None
        self._iterator: LoaderIterator | None = None
        # Where the last pass stands, and where the next one is to begin.
        self._position: Any = None
        self._loaded: dict[str, Any] | None = None
        self._resume: dict[str, Any] | None = None
        self._initialized = True
        self.check_worker_number_rationality()

    def _default_sampler(self, shuffle: bool) -> Sampler[Any]:
        if self._iterable:
            return EndlessSampler()
        if shuffle:
            return RandomSampler(self.dataset, generator=self.generator)  # type: ignore[arg-type]
        return SequentialSampler(self.dataset)  # type: ignore[arg-type]

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Any:
        """What yields the keys: of a whole batch, or of one sample."""
        return self.batch_sampler if self._auto_collation else self.sampler

    @property
    def multiprocessing_context(self) -> Any:
        """How worker processes are started: a context or None."""
        return self._multiprocessing_context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context: Any) -> None:
        self._multiprocessing_context = _as_context(context, self.num_workers)

    def __setattr__(self, name: str, value: Any) -> None:
        if self._initialized and name in _FIXED:
            raise ValueError(
                f"{name} attribute should not be set after "
                f"{type(self).__name__} is initialized"
            )
        super().__setattr__(name, value)

    def __getstate__(self) -> dict[str, Any]:
        # A copy has begun no pass. Kept workers cannot be copied, which they say.
        return {**self.__dict__, "_position": None}

    def __iter__(self) -> Iterator[Any]:
        """Begins a pass; after `load_state_dict`, continues the saved one."""
        resume, self._resume, self._loaded = self._resume, None, None
        kept = self._iterator
        if kept is not None and isinstance(kept, WorkerIterator):
            if resume is None and kept.usable:
                kept.next_pass(self._settings())
                self._position = kept.position
                return kept
            kept.close()
        iterator = self._get_iterator(resume)
        self._position = iterator.position
        self._iterator = iterator if self.persistent_workers else None
        return iterator  # type: ignore[return-value]

    def _get_iterator(self, saved: dict[str, Any] | None = None) -> LoaderIterator:
        if self.num_workers == 0:
            return InProcessIterator(self, saved)
        self.check_worker_number_rationality()
        return WorkerIterator(self._settings(), saved)

    def _settings(self) -> DataLoader[T_co]:
        """What an iterator is told: a copy where this loader keeps the iterator. They
        would keep each other, and the workers, longer than anybody uses them."""
        if not self.persistent_workers:
            return self
        settings = copy.copy(self)
        settings._iterator = None
        return settings

    def state_dict(self) -> dict[str, Any]:
        """Where the loader stands, to be continued by `load_state_dict`, also in the
        middle of a pass, with or without workers.

        The state is of the last pass that was begun, after the batches it has handed
        out; batches that workers have loaded in advance are loaded again. It holds
        the state of the loader's and the samplers' generators, of the workers' random
        streams, and of samplers and datasets that have `state_dict` and
        `load_state_dict` themselves. It does not hold the random streams of this
        process, which the program has to save: `rushlight.get_rng_state()`,
        `random.getstate()`.

        Returns:
            Numbers, strings, lists, dicts and uint8 tensors, as `rushlight.save`
            writes and `rushlight.load` reads them; and what datasets and samplers
            return.
        """
        if self._loaded is not None:
            return copy.deepcopy(self._loaded)
        return resume.state_dict(self, self._position)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Makes the next pass continue where a loader with the same arguments stood.

        The coming batches are, bit for bit, those that the other one would have
        yielded. The order of a sampler is drawn again up to there without loading
        samples. An iterable dataset without `load_state_dict` reads what had been
        read again.

        Raises:
            ValueError: if the state is of a loader with other arguments, another
                number of workers or a dataset of another length.
            RuntimeError: by the next pass, if the sampler or an iterable dataset does
                not repeat itself.
        """
        state = resume.checked(self, state_dict)
        self._resume = resume.prepare(self, state)
        self._loaded = copy.deepcopy(state)
        self._position = None

    def __len__(self) -> int:
        """The number of batches; for an iterable dataset the number it reports.

        Raises:
            TypeError: if the dataset, or the sampler, has no length.
        """
        if not self._iterable:
            return len(self._index_sampler)
        length: int = len(self.dataset)  # type: ignore[arg-type]
        self._IterableDataset_len_called = length
        if self.batch_size is None:
            return length
        if self.drop_last:
            return length // self.batch_size
        return -(-length // self.batch_size)

    def check_worker_number_rationality(self) -> None:
        """Warns if there are more workers than processors for this process."""
        most = _processors()
        if not self.num_workers or (most is not None and self.num_workers <= most):
            return
        if most is None:
            advice = (
                "DataLoader is not able to compute a suggested max number of worker in "
                "current system."
            )
        else:
            known = hasattr(os, "sched_getaffinity")
            note = "" if known else " (`cpuset` is not taken into account)"
            advice = (
                f"Our suggested max number of worker in current system is {most}{note}, "
                "which is smaller than what this DataLoader is going to create."
            )
        warnings.warn(
            f"This DataLoader will create {self.num_workers} worker processes in "
            f"total. {advice} Please be aware that excessive worker creation might get "
            "DataLoader running slow or even freeze, lower the worker number to avoid "
            "potential slowness/freeze if necessary.",
            stacklevel=2,
        )


def _processors() -> int | None:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _check_worker_type(worker_type: str, context: Any) -> None:
    if worker_type not in ("process", "thread"):
        raise ValueError(
            "worker_type option should be 'process' or 'thread', but got "
            f"worker_type={worker_type!r}"
        )
    if worker_type == "thread" and context is not None:
        raise ValueError(
            "multiprocessing_context can only be used with worker processes, but got "
            "worker_type='thread'"
        )


def _check_workers(
    num_workers: int, timeout: float, prefetch_factor: int | None, persistent: bool
) -> None:
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; "
            "use num_workers=0 to disable multiprocessing."
        )
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing."
            "let num_workers > 0 to enable multiprocessing, otherwise set "
            "prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _check_iterable(shuffle: Any, sampler: Any, batch_sampler: Any) -> None:
    """An iterable dataset decides itself what comes next."""
    given = {"sampler": sampler, "batch_sampler": batch_sampler}
    if shuffle not in (None, False):
        given["shuffle"] = shuffle
    for name, value in reversed(given.items()):
        if value is not None:
            raise ValueError(
                "DataLoader with IterableDataset: expected unspecified "
                f"{name} option, but got {name}={value}"
            )


def _as_context(context: Any, num_workers: int) -> Any:
    if context is None:
        return None
    if num_workers <= 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading "
            f"(num_workers > 0), but got num_workers={num_workers}"
        )
    from multiprocessing.context import BaseContext

    from rushlight import multiprocessing

    if isinstance(context, str):
        methods = multiprocessing.get_all_start_methods()
        if context not in methods:
            raise ValueError(
                "multiprocessing_context option should specify a valid start method "
                f"in {methods!r}, but got multiprocessing_context={context!r}"
            )
        return multiprocessing.get_context(context)
    if not isinstance(context, BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a "
            f"string specifying the start method, but got "
            f"multiprocessing_context={context}"
        )
    return context
