"""Datasets and how they are combined, divided and collated."""

from __future__ import annotations

import collections

import numpy as np
import pytest

import rushlight
from rushlight.utils.data import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    default_collate,
    default_convert,
    random_split,
)


class Count(Dataset):
    """0, 1, ... below n."""

    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        return range(self.n)[index]


class Stream(IterableDataset):
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return iter(range(self.n))


def test_base_classes():
    with pytest.raises(NotImplementedError, match="should implement __getitem__"):
        Dataset()[0]
    with pytest.raises(TypeError, match="abstract"):
        IterableDataset()
    assert isinstance(Count(1) + Count(2), ConcatDataset)
    assert list(Stream(1) + Stream(2)) == [0, 0, 1]


def test_tensor_dataset():
    data = TensorDataset(rushlight.arange(3), rushlight.ones(3, 2))
    assert len(data) == 3
    assert [part.tolist() for part in data[1]] == [1, [1.0, 1.0]]
    with pytest.raises(AssertionError, match="Size mismatch between tensors"):
        TensorDataset(rushlight.ones(2), rushlight.ones(3))


def test_concat():
    data = ConcatDataset([Count(3), Count(2)])
    assert [data[at] for at in range(-5, 5)] == [0, 1, 2, 0, 1] * 2
    assert data.cumulative_sizes == [3, 5]
    with pytest.raises(ValueError, match="should not exceed dataset length"):
        data[-6]
    with pytest.raises(IndexError):
        data[5]
    with pytest.raises(AssertionError, match="should not be an empty iterable"):
        ConcatDataset([])
    with pytest.raises(AssertionError, match="does not support IterableDataset"):
        ConcatDataset([Stream(1)])


def test_chain():
    data = ChainDataset([Stream(2), Stream(1)])
    assert list(data) == [0, 1, 0]
    with pytest.raises(TypeError, match="has no len"):
        len(data)
    with pytest.raises(AssertionError, match="only supports IterableDataset"):
        list(ChainDataset([Count(1)]))


def test_stack():
    pairs = StackDataset(Count(3), "abc")
    assert pairs[1] == (1, "b")
    assert len(pairs) == 3
    assert pairs.__getitems__([0, 2]) == [(0, "a"), (2, "c")]
    named = StackDataset(number=Count(3), letter="abc")
    assert named[1] == {"number": 1, "letter": "b"}
    assert named.__getitems__([2]) == [{"number": 2, "letter": "c"}]
    with pytest.raises(ValueError, match="Size mismatch between datasets"):
        StackDataset(Count(3), Count(2))
    with pytest.raises(ValueError, match="but both types are given"):
        StackDataset(Count(3), a=Count(3))
    with pytest.raises(ValueError, match="At least one dataset"):
        StackDataset()


def test_subset():
    part = Subset(Count(10), [5, 7, 9])
    assert (part[0], len(part), part.__getitems__([1, 2])) == (5, 3, [7, 9])


def test_random_split():
    generator = rushlight.Generator()
    generator.manual_seed(42)
    parts = random_split(range(10), [3, 7], generator=generator)
    assert [part.indices for part in parts] == [[2, 6, 1], [8, 4, 5, 0, 9, 3, 7]]
    assert [len(p) for p in random_split(range(10), [0.33, 0.33, 0.34])] == [4, 3, 3]
    with pytest.raises(ValueError, match="Sum of input lengths does not equal"):
        random_split(range(3), [1, 1])
    with pytest.raises(ValueError, match="Fraction at index 0 is not between 0 and 1"):
        random_split(range(3), [1.2, -0.2])
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        random_split(range(3), [0.1, 0.1, 0.8])


Point = collections.namedtuple("Point", "x y")


def plain(batch):
    """Tensors as (dtype, list), so that structures compare."""
    if isinstance(batch, rushlight.Tensor):
        return str(batch.dtype), batch.tolist()
    if isinstance(batch, dict):
        return {key: plain(value) for key, value in batch.items()}
    if isinstance(batch, Point):
        return Point(*map(plain, batch))
    return [plain(item) for item in batch] if isinstance(batch, list) else batch


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        ([1, 2], ("torch.int64", [1, 2])),
        ([True, False], ("torch.bool", [True, False])),
        ([1.5, 2], ("torch.float64", [1.5, 2.0])),
        (["a", "b"], ["a", "b"]),
        ([b"a", b"b"], [b"a", b"b"]),
        ([(1, "x"), (2, "y")], [("torch.int64", [1, 2]), ("x", "y")]),
        ([[1, 2], [3, 4]], [("torch.int64", [1, 3]), ("torch.int64", [2, 4])]),
        ([{"a": 1}, {"a": 2}], {"a": ("torch.int64", [1, 2])}),
        ([Point(1, 2)], Point(("torch.int64", [1]), ("torch.int64", [2]))),
        ([np.ones(1), np.zeros(1)], ("torch.float64", [[1.0], [0.0]])),
        ([np.array(1), np.array(2)], ("torch.int64", [1, 2])),
        ([np.float64(1), np.float64(2)], ("torch.float64", [1.0, 2.0])),
    ],
)
def test_collate(batch, expected):
    assert plain(default_collate(batch)) == expected


def test_collate_tensors():
    batch = default_collate([rushlight.ones(2), rushlight.zeros(2)])
    assert batch.tolist() == [[1, 1], [0, 0]]
    ordered = default_collate([collections.OrderedDict(a=1)])
    assert type(ordered) is collections.OrderedDict


@pytest.mark.parametrize(
    ("batch", "error", "text"),
    [
        ([object()], TypeError, "dicts or lists; found <class 'object'>"),
        ([None], TypeError, "found <class 'NoneType'>"),
        ([np.array(["a"])], TypeError, "found <U1"),
        ([np.datetime64("2020-01-01")], TypeError, "numpy.datetime64"),
        ([rushlight.eye(2).to_sparse()], RuntimeError, "sparse tensors are not"),
        ([[1, 2], [3]], RuntimeError, "should be of equal size"),
        ([np.ones(2), np.ones(3)], RuntimeError, "stack expects each tensor to be"),
    ],
)
def test_collate_errors(batch, error, text):
    with pytest.raises(error, match=text):
        default_collate(batch)


@pytest.mark.parametrize("make", [rushlight.tensor, rushlight.as_tensor])
def test_dates_are_no_elements(make):
    for found in (np.datetime64("2020-01-01"), np.timedelta64(3)):
        for data in (found, [found], np.array([found])):
            with pytest.raises(TypeError, match=f"type {type(found).__module__}"):
                make(data)
    with pytest.raises(TypeError, match="numpy.datetime64"):
        default_convert(np.datetime64("2020-01-01"))


def test_convert():
    assert default_convert([1, "a", 2.5]) == [1, "a", 2.5]
    assert plain(default_convert(np.ones(1))) == ("torch.float64", [1.0])
    assert plain(default_convert({"a": (np.ones(1), 2)})) == {
        "a": [("torch.float64", [1.0]), 2]
    }
    assert default_convert(Point(1, 2)) == Point(1, 2)
