"""Loaders with workers, datasets, samplers and errors beside PyTorch."""

from __future__ import annotations

import random
import warnings
from collections import OrderedDict, namedtuple

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import rushlight  # noqa: E402

LIBRARIES = (torch, rushlight)
Point = namedtuple("Point", "x y")


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def plain(value):
    """Tensors as (dtype, shape, values), whatever they stand in."""
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        return str(value.dtype).split(".")[-1], tuple(value.shape), value.tolist()
    if isinstance(value, dict):
        return type(value).__name__, {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [plain(v) for v in value]
    return value


def both(run):
    """What `run(library, data)` gives, or its error, and the random state after it."""
    results = []
    for library in LIBRARIES:
        library.manual_seed(7)
        random.seed(7)
        np.random.seed(7)
        try:
            result = plain(run(library, library.utils.data))
        except Exception as error:
            result = type(error), str(error)
        results.append((result, library.rand(2).tolist(), random.random()))
    assert results[0] == results[1]
    return results[0][0]


def augmented(library, data, size=11):
    """A dataset that draws from every global stream."""

    class Augmented(data.Dataset):
        def __len__(self):
            return size

        def __getitem__(self, i):
            info = data.get_worker_info()
            numbers = random.random(), np.random.rand(), library.rand(1).item()
            return (i, *numbers, info.seed % 2**31, info.id, info.num_workers)

    return Augmented()


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize(("workers", "ahead"), [(1, 2), (2, 1), (2, 3), (3, 2)])
def test_seeds_and_order(workers, ahead, own, persistent):
    def run(library, data):
        loader = data.DataLoader(
            augmented(library, data),
            2,
            shuffle=True,
            num_workers=workers,
            prefetch_factor=ahead,
            persistent_workers=persistent,
            multiprocessing_context="fork",
            generator=library.Generator().manual_seed(3) if own else None,
        )
        passes = [list(loader), list(loader)]
        part = iter(loader)
        passes.append([next(part)])
        if not persistent:
            return passes
        passes.append(list(loader))  # while the last one is under way
        return passes

    both(run)


@pytest.mark.parametrize("batch_size", [None, 1, 3])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("counts", [[5, 5], [0, 7], [9, 1], [4, 0, 8]])
def test_iterable_parts(counts, drop_last, batch_size):
    def run(library, data):
        class Parts(data.IterableDataset):
            def __iter__(self):
                worker = data.get_worker_info().id
                for i in range(counts[worker]):
                    yield worker * 100 + i, random.random(), library.rand(1).item()

        loader = data.DataLoader(
            Parts(),
            batch_size,
            drop_last=drop_last and batch_size is not None,
            num_workers=len(counts),
            multiprocessing_context="fork",
        )
        return [list(loader), list(loader)]

    both(run)


def test_samplers_that_draw_when_asked_for_an_iterator():
    def run(library, data):
        class Eager:
            def __iter__(self):
                return iter(library.randperm(6).tolist())

            def __len__(self):
                return 6

        results = []
        for workers, batch_size in [(0, 2), (0, None), (2, 2), (2, None)]:
            context = "fork" if workers else None
            loader = data.DataLoader(
                list(range(6)),
                batch_size,
                sampler=Eager(),
                num_workers=workers,
                multiprocessing_context=context,
            )
            results.append(list(loader))
        return results

    both(run)


SAMPLES = {
    "ints": [1, 2],
    "bools": [True, False],
    "floats": [1.5, 2.0],
    "complex": [1j, 2j],
    "none": [None, None],
    "texts": ["a", "b"],
    "bytes": [b"a", b"b"],
    "tuples": [(1, 2.0), (3, 4.0)],
    "named": [Point(1, 2.0), Point(3, 4.0)],
    "lists": [[1, "a"], [2, "b"]],
    "dicts": [{"a": 1, "b": [1]}, {"a": 2, "b": [2]}],
    "ordered": [OrderedDict(a=1), OrderedDict(a=2)],
    "arrays": [np.arange(3), np.arange(3) + 1],
    "float32": [np.float32(1), np.float32(2)],
    "float64": [np.float64(1), np.float64(2)],
    "bool_": [np.bool_(1), np.bool_(0)],
    "strings": [np.array(["a"]), np.array(["b"])],
    "ragged": [[1], [1, 2]],
    "ragged named": [Point(1, 2), Point(1, 2)],
    "ragged arrays": [np.zeros(2), np.zeros(3)],
    "missing key": [{"a": 1}, {"b": 1}],
    "empty lists": [[], []],
    "ranges": [range(2), range(2)],
    "object": [object, object],
    "mixed": [1, 2.5],
    "dtypes": [np.zeros(2, np.float32), np.zeros(2)],
}


@pytest.mark.parametrize("name", SAMPLES)
def test_collate_and_convert(name):
    samples = SAMPLES[name]
    found = []
    for library in LIBRARIES:
        results = []
        for function in ("default_collate", "default_convert"):
            try:
                done = getattr(library.utils.data, function)(samples)
                results.append(plain(done))
            except Exception as error:
                first = str(error).split("\n")[0]
                text = "" if "tensor" in first else first
                results.append((type(error), text))
        found.append(results)
    assert found[0] == found[1]


@pytest.mark.parametrize("size", [0, 1, 5, 10, 11])
@pytest.mark.parametrize("replicas", [1, 2, 4, 7])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
def test_distributed_sampler(size, replicas, drop_last, shuffle):
    def run(library, data):
        shares = []
        for rank in range(replicas):
            sampler = data.DistributedSampler(
                range(size), replicas, rank, shuffle, seed=2, drop_last=drop_last
            )
            sampler.set_epoch(3)
            shares.append((len(sampler), list(sampler)))
        return shares

    if size:
        both(run)


ERRORS = {
    "stack sizes": lambda d: d.StackDataset([1, 2], [1]),
    "stack both": lambda d: d.StackDataset([1], a=[1]),
    "stack none": lambda d: d.StackDataset(),
    "concat none": lambda d: d.ConcatDataset([]),
    "concat index": lambda d: d.ConcatDataset([[1], [2, 3]])[-4],
    "concat past": lambda d: d.ConcatDataset([[1], [2, 3]])[3],
    "split": lambda d: d.random_split(range(4), [1, 2]),
    "split fraction": lambda d: d.random_split(range(4), [1.5, -0.5]),
    "rank": lambda d: d.DistributedSampler(range(4), 2, 2),
    "sampler": lambda d: iter(d.Sampler()),
    "random": lambda d: d.RandomSampler(range(3), num_samples=0),
    "random type": lambda d: d.RandomSampler(range(3), replacement=1),
    "random empty": lambda d: d.RandomSampler([]),
    "weights": lambda d: d.WeightedRandomSampler([1.0], True),
    "weights shape": lambda d: d.WeightedRandomSampler([[1.0]], 1),
    "batch size": lambda d: d.BatchSampler(range(3), 0, False),
    "drop last": lambda d: d.BatchSampler(range(3), 1, 1),
    "dataset": lambda d: d.Dataset()[0],
    "loader batch": lambda d: d.DataLoader([1], batch_size=0),
    "loader workers": lambda d: d.DataLoader([1], num_workers=-1),
    "loader timeout": lambda d: d.DataLoader([1], timeout=-1),
    "loader prefetch": lambda d: d.DataLoader([1], prefetch_factor=2),
    "loader persistent": lambda d: d.DataLoader([1], persistent_workers=True),
    "loader context": lambda d: d.DataLoader([1], multiprocessing_context="fork"),
    "loader method": lambda d: d.DataLoader(
        [1], num_workers=1, multiprocessing_context="thread"
    ),
    "loader sampler": lambda d: d.DataLoader([1], shuffle=True, sampler=[0]),
    "loader empty shuffle": lambda d: d.DataLoader([], shuffle=True),
    "loader batch sampler": lambda d: d.DataLoader([1], 2, batch_sampler=[[0]]),
    "loader drop": lambda d: d.DataLoader([1], None, drop_last=True),
    "loader set": lambda d: setattr(d.DataLoader([1]), "batch_size", 3),
    "loader key": lambda d: list(d.DataLoader({1: 2})),
    "loader index": lambda d: list(d.DataLoader([1], sampler=[3])),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    result = both(lambda library, data: ERRORS[name](data))
    assert isinstance(result[0], type), "no error"


def test_combined_datasets():
    def run(library, data):
        class Row(data.Dataset):
            def __init__(self, n, together):
                self.n = n
                if together:
                    self.__getitems__ = lambda keys: [self[k] * 10 for k in keys]

            def __len__(self):
                return self.n

            def __getitem__(self, i):
                return i

        joined = Row(3, True) + Row(4, False)
        results = [len(joined), joined.cumulative_sizes, joined[-1], joined[-7]]
        for dataset in (
            joined,
            data.StackDataset(Row(5, True), Row(5, False)),
            data.StackDataset(a=Row(5, True), b=Row(5, False)),
            data.Subset(Row(9, True), [8, 1, 3]),
            data.Subset(Row(9, False), [8, 1, 3]),
            *data.random_split(Row(10, True), [0.25, 0.75]),
        ):
            results.append(list(data.DataLoader(dataset, 2)))
        return results

    both(run)


@pytest.mark.parametrize("shape", [(5,), (5, 3), (5, 0), (5, 2, 2)])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_tensor_datasets(batch_size, shuffle, shape):
    """Batches that are cut out at once are those that are stacked."""

    def run(library, data):
        count = int(np.prod(shape))
        first = library.arange(count * 1.0).view(shape)
        strided = library.arange(10)[::2]
        results = []
        for tensors in ((first,), (first, strided), (strided.to(library.bool),)):
            whole = data.TensorDataset(*tensors)
            for dataset in (whole, data.Subset(whole, [4, -5, 1])):
                loader = data.DataLoader(dataset, batch_size, shuffle)
                results.append(list(loader))
        return results

    both(run)


@pytest.mark.parametrize("kind", [ValueError, KeyError, IndexError, UnicodeError])
def test_exceptions_of_workers(kind):
    def run(library, data):
        class Failing(data.Dataset):
            def __len__(self):
                return 2

            def __getitem__(self, i):
                raise kind("a bad sample")

        loader = data.DataLoader(
            Failing(), num_workers=1, multiprocessing_context="fork"
        )
        try:
            list(loader)
        except Exception as error:
            lines = str(error).split("\n")
            return type(error).__name__, lines[:2], lines[-2:]

    both(run)


def test_warnings():
    found = []
    for library in LIBRARIES:
        data = library.utils.data

        class Counted(data.IterableDataset):
            def __iter__(self):
                return iter(range(5))

            def __len__(self):
                return 3

            def __repr__(self):
                return "Counted"

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for workers in (0, 1):
                loader = data.DataLoader(Counted(), 1, num_workers=workers)
                assert len(loader) == 3
                list(loader)
            list(data.DataLoader([1], pin_memory=True))
            list(data.DataLoader([1], pin_memory=True, pin_memory_device="cuda"))
            data.DataLoader([1], num_workers=200)
            part = data.random_split([1, 2], [0.1, 0.9])
            assert [len(p) for p in part] == [1, 1]
            data.random_split([1], [0.5, 0.5])
        found.append([(str(w.message), w.category) for w in caught])
    assert found[1] == found[0]
