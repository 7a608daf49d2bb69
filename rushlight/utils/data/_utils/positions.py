"""How far a pass has come: what `DataLoader.state_dict` writes down."""

from __future__ import annotations

from typing import Any

from .keys import KeySource
from .seeding import Streams, to_bytes, to_tensors
from .task import Resume, Snapshot


class WorkerPosition:
    """One worker, as of the last batch of its that was handed out.

    Args:
        start: its random streams when the pass began; None for freshly seeded ones.
    """

    def __init__(self, start: Streams | None) -> None:
        self.start = start
        self.streams: Streams = dict(start or {})
        self.owner: str | None = None
        self.state: Any = None
        self.fetched = 0
        self.active = True

    def advance(self, snapshot: Snapshot) -> None:
        """A batch of it was handed out."""
        self.streams.update(snapshot.streams)
        self.owner, self.state = snapshot.owner, snapshot.state

    def begin_next_pass(self, iterable: bool) -> None:
        """Turns the end of one pass into the beginning of the next. An iterable
        dataset that is at its end has no state to go on from."""
        self.start = dict(self.streams)
        self.fetched, self.active = 0, True
        if iterable:
            self.owner = self.state = None

    def save(self) -> dict[str, Any]:
        """As plain data. A worker that is at its end already is asked once more: it has
        more to draw from its streams, perhaps, than it had after its last batch."""
        return {
            "start": None if self.start is None else to_tensors(self.start),
            "streams": to_tensors(self.streams),
            "owner": self.owner,
            "state": self.state,
            "fetched": self.fetched,
        }

    @classmethod
    def restored(cls, saved: dict[str, Any]) -> WorkerPosition:
        """What `save` wrote."""
        start = saved["start"]
        worker = cls(None if start is None else to_bytes(start))
        worker.streams = to_bytes(saved["streams"])
        worker.owner, worker.state = saved["owner"], saved["state"]
        worker.fetched = saved["fetched"]
        return worker

    def resume(self, keys: Any) -> Resume:
        """What the worker is told to continue here."""
        snapshot = Snapshot(self.streams, self.owner, self.state)
        return Resume(self.fetched, keys, self.start, snapshot)


class Position:
    """One pass: its keys, its workers, and the batches under way."""

    def __init__(self, source: KeySource, workers: list[WorkerPosition]) -> None:
        self.source = source
        self.workers = workers
        self.yielded = 0
        self.finished = False
        self.next_worker = 0
        self.assigned: dict[int, int] = {}  # worker of each pending batch
        self.fetcher: Any = None  # without workers

    def state(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "yielded": self.yielded,
            "finished": self.finished,
            "next_worker": self.next_worker,
            "assigned": [[n, w] for n, w in sorted(self.assigned.items())],
            "keys": self.source.state(),
            "workers": [worker.save() for worker in self.workers],
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Takes over the counts of a saved state."""
        self.yielded = saved["yielded"]
        self.next_worker = saved["next_worker"]
        self.assigned = dict(saved["assigned"])
