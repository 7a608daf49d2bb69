"""The keys of a pass, drawn from the sampler, and how they are drawn again on resuming.

Note [Resuming a sampler]
A sampler that has no state of its own is resumed by doing the beginning of the pass over:
the generators it may draw from are set back to where they stood then, as many batches of
keys are drawn as had been, and the generators are put where they belong. A checksum of the
keys tells whether that gave the same ones.
"""

from __future__ import annotations

import array
import contextlib
import copy
import zlib
from collections.abc import Callable
from typing import Any

from rushlight import Generator, default_generator

from ..distributed import DistributedSampler
from ..sampler import (
    BatchSampler,
    EndlessSampler,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
    draw_seed,
)
from . import seeding
from .task import has_state

# Samplers that draw from their own generator, or the default one, and nothing else.
_KNOWN = (
    BatchSampler,
    DistributedSampler,
    EndlessSampler,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

States = dict[str, bytes]


def samplers_of(loader: Any) -> list[Any]:
    """The loader's samplers, the outer one first."""
    chain = [loader._index_sampler]
    while hasattr(chain[-1], "sampler") and len(chain) < 8:
        chain.append(chain[-1].sampler)
    return chain


def stateful_sampler(loader: Any) -> Any:
    """The outermost sampler that saves and restores where it is, or None."""
    return next((s for s in samplers_of(loader) if has_state(s)), None)


class Generators:
    """The generators that the keys of a loader may come from."""

    def __init__(self, loader: Any) -> None:
        own: list[Generator] = []
        found = [loader.generator]
        samplers = samplers_of(loader)
        found += [getattr(sampler, "generator", None) for sampler in samplers]
        for generator in found:
            if isinstance(generator, Generator) and generator is not default_generator:
                if not any(generator is known for known in own):
                    own.append(generator)
        self._own = own
        # Of what others draw from there is no telling, nor of iterable datasets.
        self._all = not all(type(sampler) in _KNOWN for sampler in samplers)
        self._all |= loader._iterable and loader.num_workers == 0

    def read_own(self) -> States:
        """States of generators that belong to the loader."""
        return {
            f"own{at}": bytes(memoryview(generator.get_state()))
            for at, generator in enumerate(self._own)
        }

    def read(self) -> States:
        """States of all."""
        if self._all:
            return self.read_own() | seeding.ProcessStreams().read()
        state = bytes(memoryview(default_generator.get_state()))
        return self.read_own() | {"rushlight": state}

    def write(self, states: States) -> None:
        """Puts them back; generators without a saved state stay."""
        for at, generator in enumerate(self._own):
            if f"own{at}" in states:
                seeding.set_generator(generator, states[f"own{at}"])
        seeding.ProcessStreams().write(states)


class KeySource:
    """Draws the keys of one pass.

    Args:
        loader: whose sampler, seed and generators are used.
        twice: ask the sampler for two iterators and use the second, as PyTorch does
            with workers; a sampler that draws at that moment draws twice.
        base_seed: the workers' seed if it is known, else it is drawn.
        saved: what `state` gave, to continue there.
    """

    def __init__(
        self,
        loader: Any,
        twice: bool,
        base_seed: int | None = None,
        saved: dict[str, Any] | None = None,
    ) -> None:
        self._loader = loader
        self._twice = twice
        self._generators = Generators(loader)
        self._sampler = stateful_sampler(loader)
        self._constant = loader._iterable
        self.drawn = 0
        self._exhausted = False
        self._checksum = 0
        # Keys that were drawn and not handed out; where a sampler with a state stood
        # before them.
        self.pending: dict[int, Any] = {}
        self._states: dict[int, Any] = {}
        self._first: States = {}
        if saved is not None:
            self._resume(saved)
            return
        self._before = self._generators.read()
        self._draws_seed = base_seed is None
        seed = self._iterate()
        self.base_seed: int = seed if base_seed is None else base_seed
        self._opened = self._generators.read()

    def _iterate(self) -> int:
        loader = self._loader
        self._keys = iter(loader._index_sampler)
        seed = draw_seed(loader.generator) if self._draws_seed else 0
        if self._twice:
            self._keys = iter(loader._index_sampler)
        return seed

    def take(self) -> Any:
        """The next keys, whose batch is handed out at once.

        Raises:
            StopIteration: if there are none.
        """
        if not self.pending:
            return self._draw()
        number = min(self.pending)
        keys = self.pending[number]
        self.done(number)
        return keys

    def _draw(self) -> Any:
        if self._constant:
            self.drawn += 1
            return next(self._keys)
        if not self.drawn:
            # A sampler may draw only now, after the program has drawn as well.
            now = self._generators.read()
            if now != self._opened:
                self._first = now
        keys = next(self._keys)
        self.drawn += 1
        try:
            self._checksum = zlib.crc32(array.array("q", keys), self._checksum)
        except (TypeError, OverflowError):
            self._checksum = zlib.crc32(repr(keys).encode(), self._checksum)
        return keys

    def draw_ahead(self) -> tuple[int, Any]:
        """Number and keys of the next batch; they are pending until `done`."""
        number = self.drawn
        state = self._sampler_state()
        try:
            keys = self.pending[number] = self._draw()
        except StopIteration:
            self._exhausted = True
            raise
        self._states[number] = state
        return number, keys

    def done(self, number: int) -> None:
        """The batch was handed out."""
        del self.pending[number], self._states[number]

    def _sampler_state(self) -> Any:
        if self._sampler is None:
            return None
        return copy.deepcopy(self._sampler.state_dict())

    def state(self) -> dict[str, Any]:
        """Everything that drawing the pending and the coming keys again needs."""
        if self._sampler is not None and not self.pending and not self._exhausted:
            # What a sampler says at its end may mean the beginning of the next pass.
            with contextlib.suppress(StopIteration):
                self.draw_ahead()
        oldest = min(self.pending, default=self.drawn)
        state = self._states.get(oldest) if self.pending else self._sampler_state()
        return {
            "base_seed": self.base_seed,
            "draws_seed": self._draws_seed,
            "drawn": self.drawn,
            "pending": sorted(self.pending),
            "exhausted": self._exhausted,
            "checksum": self._checksum,
            "before": seeding.to_tensors(self._before),
            "opened": seeding.to_tensors(self._opened if self._constant else {}),
            "first": seeding.to_tensors(self._first),
            "own": seeding.to_tensors(self._generators.read_own()),
            "sampler": state,
        }

    def _resume(self, saved: dict[str, Any]) -> None:
        now = self._generators.read()
        self.base_seed = saved["base_seed"]
        self._draws_seed = saved["draws_seed"]
        self._before = seeding.to_bytes(saved["before"])
        self._first = seeding.to_bytes(saved["first"])
        pending = set(saved["pending"])
        if self._sampler is not None:
            self._sampler.load_state_dict(copy.deepcopy(saved["sampler"]))
            self._draws_seed, drew = False, self._draws_seed
            self._iterate()
            self._draws_seed = drew
            self.drawn = min(pending, default=saved["drawn"])
            if saved["exhausted"] and not pending:
                self._keys = iter(())
        else:
            self._generators.write(self._before)
            self._iterate()
            if self._first:
                self._generators.write(self._first)
        self._opened = self._generators.read()
        self._draw_again(saved["drawn"], pending, saved["exhausted"])
        if self._sampler is None and self._checksum != saved["checksum"]:
            raise _differs()
        self._checksum = saved["checksum"]
        # The loader's own generators go where they were. Of the others the program
        # takes care.
        self._generators.write(now | seeding.to_bytes(saved["own"]))

    def replay(self, saved: dict[str, Any], again: Callable[[], Any]) -> Any:
        """Reads the beginning of an iterable dataset again, with the random streams as
        they were, and checks that what it drew is what had been drawn.

        Raises:
            RuntimeError: if the program drew from the same streams in between.
        """
        now = self._generators.read()
        before = seeding.to_bytes(saved["keys"]["opened"])
        self._opened = before
        self._generators.write(before)
        result = again()
        after = seeding.ProcessStreams().read()
        self._generators.write(now)
        for name, data in seeding.to_bytes(saved["streams"]).items():
            if after.get(name) not in (before.get(name), data):
                raise RuntimeError(
                    f"DataLoader: cannot resume exactly, the iterable dataset draws "
                    f"from the {name} random stream, from which the program draws "
                    "as well; give the dataset state_dict and load_state_dict, or "
                    "load it in workers"
                )
        return result

    def _draw_again(self, drawn: int, pending: set[int], exhausted: bool) -> None:
        first = self._first
        if self._constant:
            self.drawn = drawn
            keys = next(self._keys) if pending else None
            self.pending = dict.fromkeys(sorted(pending), keys)
            self._states = dict.fromkeys(pending)
            return
        while self.drawn < drawn:
            try:
                number, _ = self.draw_ahead()
            except StopIteration:
                raise _differs() from None
            if number not in pending:
                self.done(number)
        if exhausted and self._sampler is None:
            # A sampler may draw at its end too, which must not come twice.
            with contextlib.suppress(StopIteration):
                self.draw_ahead()
                raise _differs()
        self._first = first


def _differs() -> RuntimeError:
    return RuntimeError(
        "DataLoader: cannot resume exactly, the sampler did not yield the same keys "
        "again; give it state_dict and load_state_dict, or let it draw from a "
        "generator of its own"
    )
