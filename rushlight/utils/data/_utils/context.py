"""What the code of a dataset or a collate function can learn of the worker it runs in."""

from __future__ import annotations

import dataclasses
import random
import sys
import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any

from rushlight import Generator, Tensor


class ThreadRng:
    """The random streams of one worker thread, where the global ones are shared.

    `torch_generator` is also what random functions draw from that name no generator,
    when they are called in this thread.
    """

    def __init__(self, seed: int, words: list[int]) -> None:
        self.random_generator = random.Random(seed)
        self.torch_generator = Generator().manual_seed(seed)
        self._words = words

    @cached_property
    def numpy_generator(self) -> Any:
        """A `numpy.random.Generator`; None where NumPy is not installed."""
        try:
            import numpy as np
        except ImportError:
            return None
        return np.random.default_rng(self._words)


@dataclasses.dataclass(frozen=True)
class WorkerInfo:
    """A loader's worker: its number, how many there are, the seed it set, the dataset
    it reads (in a process, a copy of it), and in a thread its random streams."""

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: ThreadRng | None = None
    worker_method: str | None = "multiprocessing"


# Of this process, when it is a worker; and of its threads, when they are.
process_info: WorkerInfo | None = None
of_thread = threading.local()

# In a worker process: (shape, dtype) -> a tensor in shared memory, or None if it is too
# small to be worth it.
allocate: Callable[[tuple[int, ...], Any], Tensor | None] | None = None


def get_worker_info() -> WorkerInfo | None:
    """The worker this code runs in; None in the main process."""
    return getattr(of_thread, "info", process_info)


def numpy_random() -> Any:
    """`numpy.random` if the program uses it, else None."""
    return sys.modules.get("numpy.random")
