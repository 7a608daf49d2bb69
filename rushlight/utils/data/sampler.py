"""Samplers: in which order the keys of a dataset are visited.

The random ones draw exactly what PyTorch draws, so the same seed gives the same order.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import rushlight
from rushlight import Generator

T_co = TypeVar("T_co", covariant=True)

_DRAWS_AT_ONCE = 32


def draw_seed(generator: Generator | None = None) -> int:
    """A 63-bit number from the generator, to seed another one with."""
    number = rushlight.empty((), dtype=rushlight.int64).random_(generator=generator)
    return int(number.item())


def _check_bool(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"{name} should be a boolean value, but got {name}={value}")


def _is_positive(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


class Sampler(Generic[T_co]):
    """Yields keys, or lists of keys. Subclasses write `__iter__`, and `__len__` if
    the loader is to have a length."""

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError


class SequentialSampler(Sampler[int]):
    """0, 1, 2, ... in order."""

    data_source: Sized

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class EndlessSampler(Sampler[None]):
    """The sampler of iterable datasets: one key for every sample there is."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


class RandomSampler(Sampler[int]):
    """Indices in random order.

    Args:
        data_source: what the indices are for; only its length matters.
        replacement: draw each index independently, so that some come twice.
        num_samples: how many to yield; by default as many as there are.
        generator: draws the order; by default one with a fresh seed for every pass.

    Raises:
        TypeError: if `replacement` is not a bool.
        ValueError: if there is nothing to yield.
    """

    data_source: Sized
    replacement: bool

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        _check_bool("replacement", replacement)
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(
                "num_samples should be a positive integer value, "
                f"but got num_samples={self.num_samples}"
            )

    @property
    def num_samples(self) -> int:
        """How many indices one pass yields; follows a source that grows."""
        if self._num_samples is None:
            return len(self.data_source)
        return self._num_samples

    def __iter__(self) -> Iterator[int]:
        # The seed is drawn with the first index: a loader draws its own before.
        generator = self.generator
        if generator is None:
            seed = draw_seed()
            generator = Generator()
            generator.manual_seed(seed)
        draw = self._drawn if self.replacement else self._permuted
        yield from draw(len(self.data_source), generator)

    def _drawn(self, size: int, generator: Generator) -> Iterator[int]:
        left = self.num_samples
        while left > 0:
            count = min(left, _DRAWS_AT_ONCE)
            yield from rushlight.randint(size, (count,), generator=generator).tolist()
            left -= count

    def _permuted(self, size: int, generator: Generator) -> Iterator[int]:
        rounds, rest = divmod(self.num_samples, size)
        for _ in range(rounds):
            yield from rushlight.randperm(size, generator=generator).tolist()
        # PyTorch draws this one even when nothing is left over, and a generator of
        # the user's must end in the same state.
        yield from rushlight.randperm(size, generator=generator).tolist()[:rest]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order, each once."""

    indices: Sequence[int]

    def __init__(
        self, indices: Sequence[int], generator: Generator | None = None
    ) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        order = rushlight.randperm(len(self.indices), generator=self.generator)
        for at in order.tolist():
            yield self.indices[at]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn with the given probabilities.

    Args:
        weights: a weight for each index; they need not sum to one.
        num_samples: how many to draw.
        replacement: whether an index can come twice.
        generator: draws the indices; by default the global one.

    Raises:
        ValueError: if an argument has a wrong type or value.
    """

    weights: rushlight.Tensor
    num_samples: int
    replacement: bool

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        if not _is_positive(num_samples):
            raise ValueError(
                "num_samples should be a positive integer value, "
                f"but got num_samples={num_samples}"
            )
        if not isinstance(replacement, bool):
            raise ValueError(
                "replacement should be a boolean value, "
                f"but got replacement={replacement}"
            )
        self.weights = rushlight.as_tensor(weights, dtype=rushlight.float64)
        if self.weights.dim() != 1:
            raise ValueError(
                "weights should be a 1d sequence but given weights have shape "
                f"{tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        drawn = rushlight.multinomial(
            self.weights, self.num_samples, self.replacement, generator=self.generator
        )
        yield from drawn.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of `batch_size` keys of another sampler.

    Args:
        sampler: yields the keys.
        batch_size: keys in a list.
        drop_last: leave out the last list if it is shorter.

    Raises:
        ValueError: if an argument has a wrong type or value.
    """

    sampler: Sampler[int] | Iterable[int]
    batch_size: int
    drop_last: bool

    def __init__(
        self, sampler: Sampler[int] | Iterable[int], batch_size: int, drop_last: bool
    ) -> None:
        if not _is_positive(batch_size):
            raise ValueError(
                "batch_size should be a positive integer value, "
                f"but got batch_size={batch_size}"
            )
        if not isinstance(drop_last, bool):
            raise ValueError(
                f"drop_last should be a boolean value, but got drop_last={drop_last}"
            )
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        keys = iter(self.sampler)
        while batch := list(itertools.islice(keys, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield batch

    def __len__(self) -> int:
        count = len(self.sampler)  # type: ignore[arg-type]
        if self.drop_last:
            return count // self.batch_size
        return -(-count // self.batch_size)
