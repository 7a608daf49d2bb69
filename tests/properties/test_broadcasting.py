"""Broadcasting of values and the sums its gradient takes, against NumPy."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import BroadcastableShapes, mutually_broadcastable_shapes
from samples import bridge
from samples.make import LAYOUTS, Maker

PAIRS = mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4, min_side=0)
TRIPLES = mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3)
LAYOUT = st.sampled_from(LAYOUTS)


def unbroadcast(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    lead = gradient.ndim - len(shape)
    gradient = gradient.sum(tuple(range(lead)))
    axes = tuple(i for i, n in enumerate(shape) if n == 1)
    return np.asarray(gradient.sum(axes, keepdims=True)).reshape(shape)


@given(PAIRS, LAYOUT, LAYOUT)
def test_pairs(xp: Any, shapes: BroadcastableShapes, first: str, second: str) -> None:
    make = Maker(xp, str(shapes))
    arrays = [make.array(s, "float64") for s in shapes.input_shapes]
    a, b = (
        make.wrap(x, "float64", layout)
        for x, layout in zip(arrays, (first, second), strict=True)
    )
    for name, function in (
        ("add", np.add),
        ("mul", np.multiply),
        ("maximum", np.maximum),
    ):
        result = getattr(xp, name)(a, b)
        assert tuple(result.shape) == shapes.result_shape
        assert np.array_equal(bridge.to_numpy(result), function(*arrays)), name


@given(PAIRS, LAYOUT)
def test_gradient_is_summed_back(
    xp: Any, shapes: BroadcastableShapes, layout: str
) -> None:
    make = Maker(xp, str(shapes))
    arrays = [make.array(s, "float64") for s in shapes.input_shapes]
    a, b = (make.wrap(x, "float64", layout).requires_grad_() for x in arrays)
    weight = make.array(shapes.result_shape, "float64")
    (a * b).backward(make.value(weight, "float64"))
    for tensor, own, other in ((a, *arrays), (b, *reversed(arrays))):
        expected = unbroadcast(weight * other, own.shape)
        assert tuple(tensor.grad.shape) == own.shape
        assert np.allclose(bridge.to_numpy(tensor.grad), expected, atol=1e-12)


@given(TRIPLES)
def test_where(xp: Any, shapes: BroadcastableShapes) -> None:
    make = Maker(xp, str(shapes))
    mask = make.array(shapes.input_shapes[0], "bool")
    arrays = [make.array(s, "float64") for s in shapes.input_shapes[1:]]
    parts = [make.value(x, "float64") for x in arrays]
    result = xp.where(make.value(mask, "bool"), *parts)
    assert np.array_equal(bridge.to_numpy(result), np.where(mask, *arrays))


@given(PAIRS)
def test_in_place_keeps_its_shape(xp: Any, shapes: BroadcastableShapes) -> None:
    make = Maker(xp, str(shapes))
    arrays = [make.array(s, "float64") for s in shapes.input_shapes]
    a, b = (make.value(x, "float64") for x in arrays)
    if arrays[0].shape == shapes.result_shape:
        assert a.add_(b) is a
        assert np.array_equal(bridge.to_numpy(a), arrays[0] + arrays[1])
    else:
        with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
            a.add_(b)


@given(st.lists(st.integers(2, 4), max_size=3), st.lists(st.integers(2, 4), max_size=3))
def test_mismatch_raises(xp: Any, first: list[int], second: list[int]) -> None:
    try:
        np.broadcast_shapes(tuple(first), tuple(second))
    except ValueError:
        with pytest.raises(RuntimeError, match="must match the size of tensor b"):
            xp.ones(first) + xp.ones(second)
    else:
        assert xp.broadcast_shapes(first, second) == np.broadcast_shapes(
            tuple(first), tuple(second)
        )
