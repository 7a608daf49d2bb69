"""Samplers: the order of PyTorch, its lengths and its errors."""

from __future__ import annotations

import pytest

import rushlight
from rushlight.utils.data import (
    BatchSampler,
    DistributedSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

# What PyTorch 2.13 yields.
ORDER_OF_SEED_0 = [0, 1, 2, 3, 5, 4]
ORDERS_OF_GENERATOR_1 = [[1, 5, 2, 0, 3, 4], [2, 5, 0, 1, 3, 4]]
DRAWN_BY_GENERATOR_1 = [1, 5, 0, 2, 1, 1, 5, 5, 5, 4]
SUBSET_BY_GENERATOR_3 = [7, 4, 9]
WEIGHTED_BY_GENERATOR_3 = [0, 1, 3, 1, 3, 3]


def seeded(seed):
    generator = rushlight.Generator()
    generator.manual_seed(seed)
    return generator


def test_sequential():
    sampler = SequentialSampler("abc")
    assert list(sampler) == [0, 1, 2]
    assert len(sampler) == 3


def test_random_order_is_that_of_pytorch():
    rushlight.manual_seed(0)
    assert list(RandomSampler(range(6))) == ORDER_OF_SEED_0
    sampler = RandomSampler(range(6), generator=seeded(1))
    assert [list(sampler), list(sampler)] == ORDERS_OF_GENERATOR_1
    drawn = RandomSampler(range(6), True, 40, generator=seeded(1))
    assert list(drawn)[:8] + list(drawn)[-2:] == DRAWN_BY_GENERATOR_1


def test_lengths_of_random_samplers():
    for count in (1, 5, 6, 13):
        for replacement in (False, True):
            sampler = RandomSampler(range(5), replacement, count)
            drawn = list(sampler)
            assert len(sampler) == len(drawn) == count
            assert set(drawn) <= set(range(5))
    assert sorted(RandomSampler(range(5))) == [0, 1, 2, 3, 4]


def test_subset_and_weighted():
    assert sorted(SubsetRandomSampler([4, 7, 9])) == [4, 7, 9]
    assert list(SubsetRandomSampler([4, 7, 9], seeded(3))) == SUBSET_BY_GENERATOR_3
    sampler = WeightedRandomSampler([0, 1, 0], 5)
    assert list(sampler) == [1] * 5
    assert len(sampler) == 5
    weights = WeightedRandomSampler([1, 2, 3, 4], 6, True, seeded(3))
    assert list(weights) == WEIGHTED_BY_GENERATOR_3


def test_batches():
    assert list(BatchSampler(range(5), 2, True)) == [[0, 1], [2, 3]]
    assert list(BatchSampler(range(5), 2, False)) == [[0, 1], [2, 3], [4]]
    assert len(BatchSampler(range(5), 2, True)) == 2
    assert len(BatchSampler(range(5), 2, False)) == 3
    assert list(BatchSampler(range(4), 2, False)) == [[0, 1], [2, 3]]


def test_distributed_shares():
    def shares(count, **options):
        return [
            list(DistributedSampler(range(count), 4, rank, shuffle=False, **options))
            for rank in range(4)
        ]

    assert shares(10) == [[0, 4, 8], [1, 5, 9], [2, 6, 0], [3, 7, 1]]
    assert shares(10, drop_last=True) == [[0, 4], [1, 5], [2, 6], [3, 7]]
    assert shares(1) == [[0], [0], [0], [0]]
    sampler = DistributedSampler(range(8), 2, 0, seed=5)
    first = list(sampler)
    assert len(sampler) == 4
    assert list(sampler) == first
    sampler.set_epoch(1)
    assert list(sampler) != first
    with pytest.raises(ValueError, match=r"should be in the interval \[0, 1\]"):
        DistributedSampler([1], 2, 2)
    with pytest.raises(ValueError, match="process group has not been initialized"):
        DistributedSampler([1])


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: RandomSampler([]), ValueError, "num_samples=0"),
        (lambda: RandomSampler([1], 3), TypeError, "replacement should be a boolean"),
        (lambda: RandomSampler([1], num_samples=1.5), ValueError, "num_samples=1.5"),
        (lambda: WeightedRandomSampler([1], 0), ValueError, "num_samples=0"),
        (lambda: WeightedRandomSampler([1], True), ValueError, "num_samples=True"),
        (lambda: WeightedRandomSampler([1], 1, 3), ValueError, "replacement=3"),
        (lambda: WeightedRandomSampler([[1]], 1), ValueError, r"shape \(1, 1\)"),
        (lambda: BatchSampler([1], 0, False), ValueError, "batch_size=0"),
        (lambda: BatchSampler([1], True, False), ValueError, "batch_size=True"),
        (lambda: BatchSampler([1], 2, 3), ValueError, "drop_last=3"),
        (lambda: next(iter(Sampler())), NotImplementedError, None),
    ],
)
def test_errors(make, error, text):
    with pytest.raises(error, match=text):
        make()
