"""The sampler that gives each process of a group its own share of a dataset."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import rushlight
from rushlight import Generator

from .sampler import Sampler


class DistributedSampler(Sampler[int]):
    """Every `num_replicas`-th index, beginning with the rank of the process.

    All processes get equally many: indices from the start are repeated, or with
    `drop_last` the tail is left out.

    Args:
        dataset: what the indices are for; only its length matters.
        num_replicas: the number of processes.
        rank: the number of this process.
        shuffle: permute the indices, in the same way in every process.
        seed: of the permutation, to which `set_epoch` adds the epoch.
        drop_last: leave out the tail rather than repeat the start.

    Raises:
        ValueError: if the rank is out of range, or if there is no process group to
            take the number of processes and the rank from.
    """

    def __init__(
        self,
        dataset: Any,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise ValueError(
                "Default process group has not been initialized; "
                "give DistributedSampler both num_replicas and rank."
            )
        if not 0 <= rank < num_replicas:
            raise ValueError(
                f"Invalid rank {rank}, rank should be in the interval "
                f"[0, {num_replicas - 1}]"
            )
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        share = len(dataset) / num_replicas
        self.num_samples = math.floor(share) if drop_last else math.ceil(share)
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle
        self.seed = seed

    def __iter__(self) -> Iterator[int]:
        indices = list(range(len(self.dataset)))
        if self.shuffle:
            generator = Generator()
            generator.manual_seed(self.seed + self.epoch)
            indices = rushlight.randperm(len(indices), generator=generator).tolist()
        if indices:
            indices *= -(-self.total_size // len(indices))
        return iter(indices[self.rank : self.total_size : self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Makes the next pass use another permutation; call it before every epoch."""
        self.epoch = epoch
