"""`DataLoader`: batches of a dataset, in this process."""

from __future__ import annotations

import itertools
import multiprocessing
import multiprocessing.context
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from rushlight import Generator

from ._collate import default_collate, default_convert
from .dataset import Dataset, IterableDataset
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, draw_seed

T_co = TypeVar("T_co", covariant=True)

_FIXED = (
    "batch_size",
    "batch_sampler",
    "sampler",
    "drop_last",
    "dataset",
    "persistent_workers",
)


class _Endless(Sampler[None]):
    """The sampler of iterable datasets: one key for every sample there is."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


class DataLoader(Generic[T_co]):
    """Goes through a dataset batch by batch.

    Args:
        dataset: samples by index, or an `IterableDataset`.
        batch_size: samples in a batch; None yields the samples one by one.
        shuffle: visit the indices in a new random order every time.
        sampler: yields the indices; excludes `shuffle`.
        batch_sampler: yields lists of indices; excludes `batch_size`, `shuffle`,
            `sampler` and `drop_last`.
        num_workers: processes that load; only 0, this process, is there yet.
        collate_fn: makes a batch of a list of samples.
        pin_memory: for copies to an accelerator; without one, a warning.
        drop_last: leave out the last batch if it is smaller.
        timeout: seconds to wait for a worker; 0 without workers.
        worker_init_fn: called in every worker.
        multiprocessing_context: how workers are started.
        generator: draws the order and the workers' seeds.
        prefetch_factor: batches that a worker loads in advance.
        persistent_workers: keep the workers from one pass to the next.
        pin_memory_device: deprecated, must be empty.
        in_order: yield the batches of workers in order.

    Raises:
        ValueError: if arguments exclude each other or are out of range.
        NotImplementedError: if `num_workers` is not 0.
    """

    dataset: Dataset[T_co]
    batch_size: int | None
    num_workers: int
    pin_memory: bool
    drop_last: bool
    timeout: float
    sampler: Any
    prefetch_factor: int | None
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
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        self.persistent_workers = persistent_workers
        self.generator = generator
        self._iterable = isinstance(dataset, IterableDataset)
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
            self.collate_fn = default_collate if self._batched else default_convert
        self._reported_length: int | None = None
        self._initialized = True
        if num_workers > 0:
            raise NotImplementedError(
                f"rushlight.utils.data.DataLoader(num_workers={num_workers})"
            )

    def _default_sampler(self, shuffle: bool) -> Sampler[Any]:
        if self._iterable:
            return _Endless()
        if shuffle:
            return RandomSampler(self.dataset, generator=self.generator)  # type: ignore[arg-type]
        return SequentialSampler(self.dataset)  # type: ignore[arg-type]

    @property
    def _batched(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Any:
        """What yields the keys: of a whole batch, or of one sample."""
        return self.batch_sampler if self._batched else self.sampler

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

    def __iter__(self) -> Iterator[Any]:
        return _SingleProcessIterator(self)

    def __len__(self) -> int:
        """The number of batches; for an iterable dataset the number it reports.

        Raises:
            TypeError: if the dataset, or the sampler, has no length.
        """
        if not self._iterable:
            return len(self._index_sampler)
        length = self._reported_length = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is None:
            return length
        if self.drop_last:
            return length // self.batch_size
        return -(-length // self.batch_size)


class _SingleProcessIterator:
    """One pass over the data, each batch loaded when it is asked for."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        if loader.timeout != 0:
            raise AssertionError("a DataLoader without workers requires timeout == 0")
        if loader.pin_memory:
            _warn_about_pinning(loader.pin_memory_device)
        self._loader = loader
        self._keys = iter(loader._index_sampler)
        # Workers would be seeded with it; it is drawn without them too, so that the
        # generator goes on the same way.
        self._base_seed = draw_seed(loader.generator)
        self._samples = iter(loader.dataset) if loader._iterable else None
        self._yielded = 0

    def __iter__(self) -> _SingleProcessIterator:
        return self

    def __next__(self) -> Any:
        keys = next(self._keys)
        loader = self._loader
        if self._samples is None:
            data = _by_index(loader.dataset, keys, loader._batched)
        elif loader._batched:
            data = list(itertools.islice(self._samples, len(keys)))
            if not data or (loader.drop_last and len(data) < len(keys)):
                raise StopIteration
        else:
            data = next(self._samples)
        batch = loader.collate_fn(data)
        self._yielded += 1
        self._check_length()
        return batch

    def __len__(self) -> int:
        return len(self._loader._index_sampler)

    def _check_length(self) -> None:
        length = self._loader._reported_length
        if length is not None and self._yielded > length:
            warnings.warn(
                f"Length of IterableDataset {self._loader.dataset} was reported to be "
                f"{length}(when accessing len(dataloader)), but {self._yielded} "
                "samples have been fetched. ",
                stacklevel=3,
            )


def _by_index(dataset: Any, keys: Any, batched: bool) -> Any:
    if not batched:
        return dataset[keys]
    together = getattr(dataset, "__getitems__", None)
    if together:
        return together(keys)
    return [dataset[key] for key in keys]


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
    if isinstance(context, str):
        methods = multiprocessing.get_all_start_methods()
        if context not in methods:
            raise ValueError(
                "multiprocessing_context option should specify a valid start method "
                f"in {methods!r}, but got multiprocessing_context={context!r}"
            )
        return multiprocessing.get_context(context)
    if not isinstance(context, multiprocessing.context.BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a "
            f"string specifying the start method, but got "
            f"multiprocessing_context={context}"
        )
    return context


def _warn_about_pinning(device: str) -> None:
    if device:
        warnings.warn(
            "pin_memory_device is deprecated, the current accelerator will be used as "
            f"the device, ignore pin_memory_device={device!r}.",
            stacklevel=4,
        )
    warnings.warn(
        "'pin_memory' argument is set as true but no accelerator is found, "
        "then device pinned memory won't be used.",
        stacklevel=4,
    )
