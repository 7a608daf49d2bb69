"""The loader in one process: batches, orders, lengths, errors."""

from __future__ import annotations

import pytest

import rushlight
from rushlight.utils.data import (
    DataLoader,
    IterableDataset,
    TensorDataset,
    get_worker_info,
)

# What PyTorch 2.13 yields.
ORDERS_OF_SEED_0 = [[[0, 4, 1], [5, 2, 6], [3]], [[3, 1, 4], [2, 5, 0], [6]]]
NEXT_RANDOM = 0.4556
ORDERS_OF_GENERATOR_5 = [[[2, 4, 3], [5, 0, 6], [1]], [[4, 1, 0], [2, 3, 6], [5]]]


class Stream(IterableDataset):
    def __init__(self, n, length=None):
        self.n = n
        self.length = length

    def __iter__(self):
        return iter(range(self.n))


class Measured(Stream):
    def __len__(self):
        return self.length


def lists(loader):
    return [batch.tolist() for batch in loader]


def test_batches_in_order():
    loader = DataLoader(list(range(100)), batch_size=6)
    assert len(loader) == 17
    batches = lists(loader)
    assert batches[0] == [0, 1, 2, 3, 4, 5]
    assert batches[-1] == [96, 97, 98, 99]
    dropped = DataLoader(range(100), batch_size=6, drop_last=True)
    assert len(dropped) == len(lists(dropped)) == 16
    assert len(loader.dataset) == 100


def test_dict_as_dataset():
    names = {0: "张三", 1: "李四", 2: "王五", 3: "赵六"}
    assert list(DataLoader(names, batch_size=2)) == [["张三", "李四"], ["王五", "赵六"]]
    with pytest.raises(KeyError):
        list(DataLoader({1: "a"}))


def test_shuffled_order_is_that_of_pytorch():
    data = TensorDataset(rushlight.arange(7))

    def order(loader):
        return [batch[0].tolist() for batch in loader]

    rushlight.manual_seed(0)
    loader = DataLoader(data, 3, shuffle=True)
    assert [order(loader), order(loader)] == ORDERS_OF_SEED_0
    assert rushlight.rand(1).item() == pytest.approx(NEXT_RANDOM, abs=1e-4)
    generator = rushlight.Generator()
    generator.manual_seed(5)
    loader = DataLoader(data, 3, shuffle=True, generator=generator)
    assert [order(loader), order(loader)] == ORDERS_OF_GENERATOR_5


def test_samplers():
    assert lists(DataLoader(range(5), 2, sampler=[4, 0, 1])) == [[4, 0], [1]]
    loader = DataLoader(range(5), batch_sampler=[[0, 1], [2]])
    assert (lists(loader), len(loader), loader.batch_size) == ([[0, 1], [2]], 2, None)
    single = DataLoader(range(3), batch_size=None)
    assert (list(single), len(single)) == ([0, 1, 2], 3)
    assert list(DataLoader(range(3), 2, collate_fn=tuple)) == [(0, 1), (2,)]


def test_batch_method_of_a_dataset():
    class Together:
        def __len__(self):
            return 3

        def __getitems__(self, indices):
            return [10 * index for index in indices]

    assert lists(DataLoader(Together(), 2)) == [[0, 10], [20]]


class Rewinding(IterableDataset):
    """Its own iterator, which begins anew whenever it is asked for one."""

    asked = 0

    def __iter__(self):
        self.asked += 1
        self.at = 0
        return self

    def __next__(self):
        if self.at == 7:
            raise StopIteration
        self.at += 1
        return self.at


@pytest.mark.parametrize("workers", [0, 1])
def test_a_dataset_that_is_its_own_iterator_is_asked_once(workers):
    dataset = Rewinding()
    batches = list(DataLoader(dataset, 3, num_workers=workers))
    assert [batch.tolist() for batch in batches] == [[1, 2, 3], [4, 5, 6], [7]]
    assert dataset.asked == (0 if workers else 1)


def test_iterable_dataset():
    assert len(lists(DataLoader(Stream(99), 5))) == 20
    assert lists(DataLoader(Stream(5), 2)) == [[0, 1], [2, 3], [4]]
    assert lists(DataLoader(Stream(5), 2, drop_last=True)) == [[0, 1], [2, 3]]
    assert list(DataLoader(Stream(3), None)) == [0, 1, 2]
    with pytest.raises(TypeError, match="object of type 'Stream' has no len"):
        len(DataLoader(Stream(3)))
    assert len(DataLoader(Measured(5, 5), 2)) == 3
    assert len(DataLoader(Measured(5, 5), 2, drop_last=True)) == 2
    loader = DataLoader(Measured(3, 2))
    assert len(loader) == 2
    with pytest.warns(UserWarning, match="was reported to be 2.*but 3 samples"):
        list(loader)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"num_workers": -1}, ValueError, "num_workers option should be non-negative"),
        ({"timeout": -1}, ValueError, "timeout option should be non-negative"),
        ({"timeout": 5}, AssertionError, "requires timeout == 0"),
        ({"prefetch_factor": 2}, ValueError, "could only be specified in multiproc"),
        ({"persistent_workers": True}, ValueError, "needs num_workers > 0"),
        ({"shuffle": True, "sampler": [1]}, ValueError, "exclusive with shuffle"),
        ({"batch_sampler": [[1]], "batch_size": 2}, ValueError, "batch_sampler option"),
        (
            {"batch_sampler": [[1]], "drop_last": True},
            ValueError,
            "exclusive with batch",
        ),
        ({"batch_size": None, "drop_last": True}, ValueError, "disables auto-batching"),
        ({"batch_size": 0}, ValueError, "but got batch_size=0"),
        ({"batch_size": 1.5}, ValueError, "but got batch_size=1.5"),
        ({"drop_last": 1}, ValueError, "drop_last should be a boolean"),
        ({"multiprocessing_context": "fork"}, ValueError, "multi-process loading"),
        (
            {"num_workers": 1, "multiprocessing_context": "no"},
            ValueError,
            "should specify a valid start method",
        ),
        ({"num_workers": 1, "multiprocessing_context": 3}, TypeError, "valid context"),
        (
            {"num_workers": 1, "prefetch_factor": -1},
            ValueError,
            "prefetch_factor option",
        ),
    ],
)
def test_errors(options, error, text):
    with pytest.raises(error, match=text):
        list(DataLoader(range(3), **options))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"shuffle": True}, "shuffle"),
        ({"sampler": [1]}, "sampler"),
        ({"batch_sampler": [[1]]}, "batch_sampler"),
    ],
)
def test_errors_of_iterable_datasets(options, name):
    with pytest.raises(
        ValueError, match=f"expected unspecified {name} option, but got"
    ):
        DataLoader(Stream(3), **options)


def test_attributes():
    loader = DataLoader(range(3), 2)
    for name in ("batch_size", "dataset", "sampler", "drop_last", "batch_sampler"):
        with pytest.raises(ValueError, match=f"{name} attribute should not be set"):
            setattr(loader, name, None)
    loader.collate_fn = tuple
    assert list(loader) == [(0, 1), (2,)]
    assert loader.multiprocessing_context is None
    assert get_worker_info() is None
    with pytest.warns(UserWarning, match="no accelerator is found"):
        list(DataLoader(range(3), pin_memory=True))
