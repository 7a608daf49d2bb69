"""What a dataset can ask about the worker process it runs in."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class WorkerInfo:
    """A loader's worker process: its number, how many there are, the seed it set,
    and its copy of the dataset."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_current: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """The worker this code runs in; None in the main process."""
    return _current
