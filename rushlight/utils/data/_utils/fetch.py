"""Reading the samples of one batch from a dataset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rushlight
from rushlight import Tensor

from ..dataset import Subset, TensorDataset
from . import collate, context

# Notes, for whoever asks when the process is dead, at which sample of the batch it is.
Progress = Any  # of ints: a list, or a view of shared memory
IDLE, STARTING, LOADING, COLLATING, SENDING = range(5)


class MapFetcher:
    """Batches, or samples, of a dataset by key."""

    def __init__(
        self,
        dataset: Any,
        batched: bool,
        collate_fn: Callable[[Any], Any],
        progress: Progress | None = None,
    ) -> None:
        self.dataset = dataset
        self._batched = batched
        self._collate = collate_fn
        self._progress = progress
        self._rows = rows_of(dataset, collate_fn) if batched else None

    def fetch(self, keys: Any) -> Any:
        """The batch of a list of keys, or the sample of one."""
        if self._rows is not None:
            batch = self._rows.batch(keys)
            if batch is not None:
                return batch
        progress = self._progress
        if not self._batched:
            data = self.dataset[keys]
        elif together := getattr(self.dataset, "__getitems__", None):
            data = together(keys)
        elif progress is None:
            data = [self.dataset[key] for key in keys]
        else:
            data = []
            for at, key in enumerate(keys):
                progress[1] = at
                data.append(self.dataset[key])
        if progress is not None:
            progress[2] = COLLATING
        return self._collate(data)


class IterableFetcher:
    """The next batch, or sample, of an iterable dataset."""

    def __init__(
        self,
        dataset: Any,
        batched: bool,
        collate_fn: Callable[[Any], Any],
        drop_last: bool,
        progress: Progress | None = None,
    ) -> None:
        self.dataset = dataset
        self.samples = iter(dataset)
        self.ended = False
        self._batched = batched
        self._collate = collate_fn
        self._drop_last = drop_last
        self._progress = progress

    def fetch(self, keys: Any) -> Any:
        """The next batch of as many samples as there are keys.

        Raises:
            StopIteration: if there is none.
        """
        data = self.read(keys)
        if self._progress is not None:
            self._progress[2] = COLLATING
        return self._collate(data)

    def read(self, keys: Any) -> Any:
        """As fetch, but the samples alone."""
        if self.ended:
            raise StopIteration
        if not self._batched:
            return next(self.samples)
        progress = self._progress
        data: list[Any] = []
        # Not islice(): it asks for an iterator again, and a dataset that is its own
        # begins anew when asked.
        try:
            for _ in keys:
                data.append(next(self.samples))
                if progress is not None:
                    progress[1] = len(data)
        except StopIteration:
            self.ended = True
        if not data or (self._drop_last and self.ended):
            raise StopIteration
        return data


def make_fetcher(
    spec: Any, dataset: Any, progress: Progress | None = None
) -> MapFetcher | IterableFetcher:
    """The fetcher for a loader, or for what a worker was told of one."""
    if spec.iterable:
        return IterableFetcher(
            dataset, spec.batched, spec.collate_fn, spec.drop_last, progress
        )
    return MapFetcher(dataset, spec.batched, spec.collate_fn, progress)


class TensorRows:
    """Batches of a TensorDataset cut out of its tensors at once, not row by row."""

    def __init__(self, dataset: TensorDataset, indices: list[list[int]]) -> None:
        self._dataset = dataset
        self._tensors = dataset.tensors
        self._indices = indices
        self._length = len(dataset)

    def batch(self, keys: list[int]) -> list[Tensor] | None:
        """What collating the rows one by one gives; None where only that can tell,
        for keys that are no indices in range."""
        if self._dataset.tensors is not self._tensors:
            return None
        if not collate.uses_default_stacking():
            return None
        try:
            for indices in self._indices:
                keys = [indices[key] for key in keys]
            first, count = keys[0], len(keys)
            if type(first) is not int:
                return None
            if count == 1:
                start, is_run = first, True
            else:
                start = first
                is_run = keys[-1] - first == count - 1 and keys == list(
                    range(first, first + count)
                )
            if is_run:
                if start < 0 or start + count > self._length:
                    return None
                return self._run(start, count)
            rows = rushlight.tensor(keys)
            if rows.dtype is not rushlight.int64 or min(keys) < 0:
                return None
            return self._gather(rows, count)
        except (IndexError, TypeError, ValueError, OverflowError, RuntimeError):
            return None

    def _run(self, start: int, count: int) -> list[Tensor]:
        allocate = context.allocate
        batch = []
        for tensor in self._tensors:
            part = tensor.narrow(0, start, count)
            out = allocate(tuple(part.shape), part.dtype) if allocate else None
            batch.append(_packed(part) if out is None else out.copy_(part))
        return batch

    def _gather(self, rows: Tensor, count: int) -> list[Tensor]:
        allocate = context.allocate
        batch = []
        for tensor in self._tensors:
            out = None
            if allocate:
                out = allocate((count, *tensor.shape[1:]), tensor.dtype)
            if out is None:
                batch.append(rushlight.index_select(tensor, 0, rows))
            else:
                batch.append(rushlight.index_select(tensor, 0, rows, out=out))
        return batch


def _packed(part: Tensor) -> Tensor:
    return part.clone(memory_format=rushlight.contiguous_format)


def rows_of(dataset: Any, collate_fn: Any) -> TensorRows | None:
    """The quick way for exactly a TensorDataset, or Subsets of one, whose rows are
    plain data and collated by default; None for everything else."""
    if collate_fn is not collate.default_collate:
        return None
    indices: list[list[int]] = []
    while type(dataset) is Subset:
        if type(dataset.indices) is not list:
            return None
        indices.append(dataset.indices)
        dataset = dataset.dataset
    if type(dataset) is not TensorDataset or not dataset.tensors:
        return None
    plain = all(type(t) is Tensor and not t.requires_grad for t in dataset.tensors)
    return TensorRows(dataset, indices) if plain else None
