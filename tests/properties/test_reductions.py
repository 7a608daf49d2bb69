"""Reductions over random dimensions of random layouts, against NumPy."""

from typing import Any

import numpy as np
from hypothesis import given, strategies as st
from samples import bridge
from samples.make import LAYOUTS, Maker


@st.composite
def cases(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...], bool, list[int]]:
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    axes = draw(st.sets(st.integers(0, len(shape) - 1), min_size=1))
    dims = tuple(a - len(shape) * draw(st.integers(0, 1)) for a in sorted(axes))
    order = draw(st.permutations(range(len(shape))))
    return shape, dims, draw(st.booleans()), order


@given(cases(), st.sampled_from(LAYOUTS))
def test_over_dimensions(xp: Any, case: Any, layout: str) -> None:
    shape, dims, keepdim, order = case
    make = Maker(xp, str(case), layout)
    array = make.array(shape, "float64").transpose(order)
    tensor = make.wrap(array.transpose(np.argsort(order)), "float64", layout)
    tensor = tensor.permute(*order)
    for name, function in (
        ("sum", np.sum),
        ("mean", np.mean),
        ("amax", np.max),
        ("amin", np.min),
    ):
        actual = getattr(xp, name)(tensor, dims, keepdim)
        expected = np.asarray(function(array, axis=dims, keepdims=keepdim))
        assert tuple(actual.shape) == expected.shape, name
        assert np.allclose(bridge.to_numpy(actual), expected), name


@given(cases())
def test_along_one_dimension(xp: Any, case: Any) -> None:
    shape, dims, keepdim, order = case
    dim = dims[0]
    make = Maker(xp, str(case))
    tensor = make.distinct(shape, "float64").permute(*order)
    array = bridge.to_numpy(tensor)
    values, indices = xp.max(tensor, dim, keepdim)
    assert np.array_equal(bridge.to_numpy(values), array.max(dim, keepdims=keepdim))
    expected = np.argmax(array, dim, keepdims=keepdim)
    assert np.array_equal(bridge.to_numpy(indices), expected)
    ordered, places = xp.sort(tensor, dim)
    assert np.array_equal(bridge.to_numpy(ordered), np.sort(array, dim))
    taken = np.take_along_axis(array, bridge.to_numpy(places), dim)
    assert np.array_equal(taken, bridge.to_numpy(ordered))
    summed = xp.cumsum(tensor, dim)
    assert np.allclose(bridge.to_numpy(summed), np.cumsum(array, dim))
