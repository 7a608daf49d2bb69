"""What a worker does, be it a process or a thread: start, then a batch for each task."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from . import seeding
from .errors import Raised
from .fetch import (
    IDLE,
    LOADING,
    STARTING,
    IterableFetcher,
    MapFetcher,
    Progress,
    make_fetcher,
)
from .seeding import Streams


@dataclasses.dataclass
class Spec:
    """What every worker of a pass is told."""

    dataset: Any
    iterable: bool
    batched: bool
    collate_fn: Callable[[Any], Any]
    drop_last: bool
    base_seed: int
    init_fn: Callable[[int], None] | None
    num_workers: int


@dataclasses.dataclass
class Snapshot:
    """Where a worker stood after a batch: those of its random streams that moved since
    the last one, and the state of its dataset, or of that one's iterator, if it has
    a state."""

    streams: Streams
    owner: str | None = None
    state: Any = None


@dataclasses.dataclass
class Resume:
    """Where a worker is to continue.

    Args:
        fetched: batches of this pass that it had loaded and the loader handed out.
        keys: what one batch of an iterable dataset is asked for with.
        start: its random streams when the pass began; None for freshly seeded ones.
        snapshot: where it stood after the last of these batches.
    """

    fetched: int
    keys: Any
    start: Streams | None
    snapshot: Snapshot | None


class Ended:
    """In place of a batch: the worker's part of an iterable dataset has no more."""


def has_state(thing: Any) -> bool:
    """Whether it saves and restores where it is."""
    return callable(getattr(thing, "state_dict", None)) and callable(
        getattr(thing, "load_state_dict", None)
    )


def state_of(fetcher: MapFetcher | IterableFetcher) -> tuple[str | None, Any]:
    """Who has a state, the dataset's iterator or the dataset, and the state."""
    if isinstance(fetcher, IterableFetcher) and has_state(fetcher.samples):
        return "iterator", fetcher.samples.state_dict()
    if has_state(fetcher.dataset):
        return "dataset", fetcher.dataset.state_dict()
    return None, None


def restored_fetcher(
    spec: Any, dataset: Any, owner: str | None, state: Any, progress: Any = None
) -> MapFetcher | IterableFetcher:
    """A fetcher whose dataset, or whose dataset's iterator, continues from a state.

    Raises:
        RuntimeError: if it cannot load one.
    """
    if owner == "dataset":
        _check_loads(dataset, owner)
        dataset.load_state_dict(state)
    fetcher = make_fetcher(spec, dataset, progress)
    if owner == "iterator":
        samples = getattr(fetcher, "samples", None)
        _check_loads(samples, owner)
        samples.load_state_dict(state)  # type: ignore[union-attr]
    return fetcher


def _check_loads(thing: Any, owner: str) -> None:
    if not has_state(thing):
        raise RuntimeError(
            f"DataLoader: the saved state holds one of the {owner} of the dataset, "
            f"but {type(thing).__name__} has no load_state_dict"
        )


class Worker:
    """The part of a worker that reads the dataset."""

    def __init__(
        self,
        spec: Spec,
        worker: int,
        streams: seeding.ProcessStreams | seeding.ThreadStreams,
        progress: Progress,
        where: str,
    ) -> None:
        self._spec = spec
        self._worker = worker
        self._streams = streams
        self._progress = progress
        self._where = where
        self._seen: Streams = {}
        self._fetcher: MapFetcher | IterableFetcher | None = None
        self._failure: Raised | None = None
        self._ended = False

    def start(self, resume: Resume | None) -> None:
        """Makes ready; what goes wrong is the answer to the first task."""
        self._guarded(lambda: self._begin(resume, first=True))

    def next_pass(self) -> None:
        """Begins again from the start of the dataset."""
        self._guarded(lambda: self._begin(None, first=False))

    def _guarded(self, begin: Callable[[], None]) -> None:
        self._progress[2] = STARTING
        self._ended = False
        try:
            begin()
        except Exception as error:
            self._failure = Raised(error, self._where)
        self._progress[2] = IDLE

    def _begin(self, resume: Resume | None, first: bool) -> None:
        spec = self._spec
        if first and spec.init_fn is not None:
            spec.init_fn(self._worker)
        if resume is None:
            self._fetcher = make_fetcher(spec, spec.dataset, self._progress)
            return
        if resume.start is not None:
            self._streams.write(resume.start)
        saved = resume.snapshot or Snapshot({})
        self._fetcher = restored_fetcher(
            spec, spec.dataset, saved.owner, saved.state, self._progress
        )
        if saved.owner is None and isinstance(self._fetcher, IterableFetcher):
            self._skip(resume.keys, resume.fetched, saved.streams)
        self._streams.write(saved.streams)

    def _skip(self, keys: Any, batches: int, expected: Streams) -> None:
        """Loads again what was handed out already, and checks by the random streams
        that it went the same way."""
        assert self._fetcher is not None
        for at in range(batches):
            try:
                self._fetcher.fetch(keys)
            except StopIteration:
                raise ended_early(at, batches) from None
        now = self._streams.read()
        if any(now.get(name) != data for name, data in expected.items()):
            raise RuntimeError(
                "DataLoader: cannot resume exactly, reading the iterable dataset "
                "again drew other random numbers than the first time; give the "
                "dataset state_dict and load_state_dict"
            )

    def answer(self, number: int, keys: Any) -> tuple[Any, Snapshot]:
        """What a task makes: its batch, `Raised` or `Ended`, and where the worker
        stands after it."""
        batch = self._load(number, keys)
        try:
            return batch, self._snapshot()
        except Exception as error:  # of the dataset's state_dict
            return Raised(error, self._where), Snapshot({})

    def _load(self, number: int, keys: Any) -> Any:
        if self._failure is not None:
            failure, self._failure = self._failure, None
            self._ended = self._fetcher is None
            return failure
        progress = self._progress
        progress[0], progress[1], progress[2] = number, -1, LOADING
        try:
            batch: Any = Ended
            if not self._ended and self._fetcher is not None:
                batch = self._fetcher.fetch(keys)
            progress[2] = IDLE
            return batch
        except Exception as error:
            if isinstance(error, StopIteration) and self._spec.iterable:
                self._ended = True
                return Ended
            note = f"It happened at {sample_of(self._spec, progress, keys)}."
            return Raised(error, self._where, note)

    def _snapshot(self) -> Snapshot:
        now = self._streams.read()
        moved = {k: data for k, data in now.items() if self._seen.get(k) != data}
        self._seen = now
        if self._fetcher is None:
            return Snapshot(moved)
        return Snapshot(moved, *state_of(self._fetcher))


def ended_early(at: int, batches: int) -> RuntimeError:
    """The error for a dataset that has become shorter."""
    return RuntimeError(
        f"DataLoader: cannot resume, the dataset ended after {at} of the {batches} "
        "batches that had been loaded from it"
    )


def sample_of(spec: Any, progress: Progress, keys: Any) -> str:
    """Which sample, or batch, a worker is at by its progress words."""
    number, at = progress[0], progress[1]
    if spec.iterable:
        count = f"sample {at} of " if at >= 0 else ""
        return f"{count}batch {number} of this pass"
    if spec.batched and 0 <= at < len(keys):
        return f"sample index {keys[at]!r}, in batch {number}: {keys}"
    return f"batch {number}, sample indices {keys}"
