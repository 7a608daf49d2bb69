"""A pool of processes that tensors reach through shared memory."""

from __future__ import annotations

import multiprocessing.pool
from typing import Any

from ._context import get_context


class Pool(multiprocessing.pool.Pool):
    """`multiprocessing.pool.Pool` over our queues."""

    def __init__(
        self,
        processes: int | None = None,
        initializer: Any = None,
        initargs: Any = (),
        maxtasksperchild: int | None = None,
        context: Any = None,
    ) -> None:
        context = context or get_context()
        super().__init__(processes, initializer, initargs, maxtasksperchild, context)
