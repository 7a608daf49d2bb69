"""segment_reduce against loops over the pieces, and what it refuses."""

from __future__ import annotations

import math

import pytest

import rushlight as rl

REDUCE = {
    "sum": lambda piece: piece.sum(0),
    "mean": lambda piece: piece.mean(0),
    "prod": lambda piece: piece.prod(0),
    "max": lambda piece: piece.amax(0),
    "min": lambda piece: piece.amin(0),
}


@pytest.mark.parametrize("reduce", REDUCE)
@pytest.mark.parametrize("shape", [(9,), (9, 2), (9, 2, 3)])
def test_pieces(reduce: str, shape: tuple[int, ...]) -> None:
    data = rl.randn(shape, dtype=rl.float64, requires_grad=True)
    lengths = [2, 4, 3]
    want = rl.stack([REDUCE[reduce](p) for p in data.split(lengths)])
    got = rl.segment_reduce(data, reduce, lengths=rl.tensor(lengths))
    offsets = rl.tensor([0, 2, 6, 9], dtype=rl.int32)
    rl.testing.assert_close(got, want)
    rl.testing.assert_close(rl.segment_reduce(data, reduce, offsets=offsets), want)
    weight = rl.randn_like(want)
    rl.testing.assert_close(
        rl.autograd.grad((got * weight).sum(), data),
        rl.autograd.grad((want * weight).sum(), data),
    )


def test_each_row_has_its_own_pieces() -> None:
    lengths = rl.tensor([[1, 3], [2, 2]])
    data = rl.arange(8.0).reshape(2, 4)
    out = rl.segment_reduce(data, "sum", lengths=lengths, axis=1)
    assert out.tolist() == [[0, 6], [9, 13]]


@pytest.mark.parametrize(
    ("reduce", "alone", "started"),
    [("sum", 0, 2), ("prod", 1, 2), ("max", -math.inf, 2), ("min", math.inf, 2)],
)
def test_empty_piece(reduce: str, alone: float, started: float) -> None:
    data, lengths = rl.ones(2), rl.tensor([0, 2])
    assert rl.segment_reduce(data, reduce, lengths=lengths)[0] == alone
    assert rl.segment_reduce(data, reduce, lengths=lengths, initial=2)[0] == started


def test_mean_counts_no_initial() -> None:
    data, lengths = rl.arange(4.0), rl.tensor([0, 4])
    assert rl.segment_reduce(data, "mean", lengths=lengths)[0].isnan()
    out = rl.segment_reduce(data, "mean", lengths=lengths, initial=1.0)
    assert out.tolist() == [1, 1.75]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"lengths": [1, 2]}, RuntimeError, "to sum to data.size"),
        ({"lengths": [-1, 5]}, RuntimeError, "lengths contains negative value!"),
        ({"lengths": [4], "axis": 1}, IndexError, "but got 1"),
        ({"lengths": [0.0, 4]}, NotImplementedError, "rushlight.segment_reduce"),
        ({"indices": [0]}, RuntimeError, "indices based reduction"),
        ({"offsets": [0, 3, 2, 4]}, RuntimeError, "within data"),
        ({}, RuntimeError, "Either lengths or offsets"),
    ],
)
def test_refusals(arguments: dict, error: type[Exception], words: str) -> None:
    tensors = {
        name: rl.tensor(value) if isinstance(value, list) else value
        for name, value in arguments.items()
    }
    with pytest.raises(error, match=words):
        rl.segment_reduce(rl.arange(4.0), "sum", **tensors)


def test_addmv_in_place() -> None:
    x = rl.ones(2)
    assert rl.addmv_(x, rl.eye(2), rl.ones(2), beta=2, alpha=3) is x
    assert x.tolist() == [5, 5]
