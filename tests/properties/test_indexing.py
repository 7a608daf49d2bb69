"""Index expressions, read and written, against NumPy.

NumPy counts an integer beside an index array as an array; PyTorch selects by it first.
The reference therefore applies the basic part, then the arrays.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from samples import bridge
from samples.make import LAYOUTS, Maker

Shape = tuple[int, ...]


@st.composite
def slices(draw: st.DrawFn, size: int) -> slice:
    """Slices with positive steps; ends may lie outside."""
    end = st.none() | st.integers(-size - 2, size + 2)
    return slice(draw(end), draw(end), draw(st.none() | st.integers(1, 3)))


@st.composite
def basic_indices(draw: st.DrawFn, shape: Shape) -> tuple[Any, ...]:
    """Integers, slices, None and at most one Ellipsis."""
    count = draw(st.integers(0, len(shape)))
    cut = draw(st.integers(0, count)) if count < len(shape) else count
    index: list[Any] = []
    for i in range(count):
        size = shape[i] if i < cut else shape[len(shape) - count + i]
        choices = [slices(size)] + ([st.integers(-size, size - 1)] if size else [])
        index.append(draw(st.one_of(choices)))
    if count < len(shape) and draw(st.booleans()):
        index.insert(cut, Ellipsis)
    elif cut < count < len(shape):
        index.insert(cut, Ellipsis)
    for _ in range(draw(st.integers(0, 2))):
        index.insert(draw(st.integers(0, len(index))), None)
    return tuple(index)


@st.composite
def mixed_indices(draw: st.DrawFn, shape: Shape) -> tuple[Any, ...]:
    """Index arrays that broadcast with each other, masks, and basic entries."""
    wide = draw(st.sampled_from([(), (1,), (2,), (3,), (2, 2), (2, 1)]))
    index: list[Any] = []
    i = 0
    while i < len(shape):
        size = shape[i]
        what = draw(st.sampled_from(["array", "array", "slice", "int", "mask", "none"]))
        if what == "array" and size:
            lead = draw(st.sampled_from([wide, (1,) * len(wide)]))
            values = st.integers(-size, size - 1)
            flat = draw(st.lists(values, min_size=int(np.prod(lead)), max_size=4))
            flat = (flat * 4)[: int(np.prod(lead))]
            index.append(np.asarray(flat, np.int64).reshape(lead))
        elif what == "mask" and wide == ():
            span = draw(st.integers(1, len(shape) - i))
            part = shape[i : i + span]
            bits = draw(
                st.lists(
                    st.booleans(),
                    min_size=int(np.prod(part)),
                    max_size=int(np.prod(part)),
                )
            )
            index.append(np.asarray(bits, bool).reshape(part))
            i += span
            # Another array would have to broadcast with the unknown count.
            return tuple(index)
        elif what == "int" and size:
            index.append(draw(st.integers(-size, size - 1)))
        elif what == "none":
            index.append(None)
            continue
        else:
            index.append(draw(slices(size)))
        i += 1
    return tuple(index)


def split(index: tuple[Any, ...], ndim: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Basic part, then the arrays at their places in its result."""
    basic: list[Any] = []
    later: list[Any] = []
    for entry in index:
        if isinstance(entry, np.ndarray):
            span = entry.ndim if entry.dtype == bool else 1
            basic += [slice(None)] * span
            later.append(entry)
        else:
            basic.append(entry)
            if entry is Ellipsis:
                later.append(Ellipsis)
            elif not isinstance(entry, int):
                later.append(slice(None))
    return tuple(basic), tuple(later)


def tensors_of(xp: Any, index: tuple[Any, ...]) -> tuple[Any, ...]:
    make = Maker(xp)
    return tuple(
        make.value(entry, str(entry.dtype)) if isinstance(entry, np.ndarray) else entry
        for entry in index
    )


SHAPES = st.lists(st.integers(0, 4), min_size=1, max_size=4).map(tuple)
INDEXED = SHAPES.flatmap(
    lambda s: st.tuples(st.just(s), st.one_of(basic_indices(s), mixed_indices(s)))
)
BASIC = SHAPES.flatmap(lambda s: st.tuples(st.just(s), basic_indices(s)))


def numbers(shape: Shape) -> np.ndarray:
    return np.arange(1.0, 1 + np.prod(shape, dtype=int)).reshape(shape)


@given(INDEXED, st.sampled_from(LAYOUTS))
def test_read(xp: Any, case: tuple[Shape, tuple[Any, ...]], layout: str) -> None:
    shape, index = case
    array = numbers(shape)
    tensor = Maker(xp).wrap(array, "float64", layout)
    basic, later = split(index, array.ndim)
    expected = array[basic]
    if any(isinstance(e, np.ndarray) for e in later):
        expected = expected[later]
    actual = tensor[tensors_of(xp, index)]
    assert tuple(actual.shape) == expected.shape, index
    assert np.array_equal(bridge.to_numpy(actual), expected), index


@given(BASIC, st.sampled_from(LAYOUTS))
def test_basic_read_is_a_view(
    xp: Any, case: tuple[Shape, tuple[Any, ...]], layout: str
) -> None:
    shape, index = case
    tensor = Maker(xp).wrap(numbers(shape), "float64", layout).clone()
    before = bridge.to_numpy(tensor).copy()
    view = tensor[index]
    assert view._version == tensor._version
    view.mul_(-1)
    before[index] *= -1
    assert np.array_equal(bridge.to_numpy(tensor), before), index


@given(INDEXED, st.sampled_from(LAYOUTS), st.booleans())
def test_write(
    xp: Any, case: tuple[Shape, tuple[Any, ...]], layout: str, scalar: bool
) -> None:
    shape, index = case
    array = numbers(shape)
    tensor = Maker(xp).wrap(array, "float64", layout)
    basic, later = split(index, array.ndim)
    arrays = any(isinstance(e, np.ndarray) for e in later)
    inner = array[basic]
    target = inner[later] if arrays else inner
    # Which of several writes to one place stays is not promised.
    places = numbers(shape)[basic]
    places = places[later] if arrays else places
    repeated = np.unique(places).size != places.size
    value: Any = -5.0
    if not scalar and not repeated:
        value = -numbers(target.shape)
    given_value = Maker(xp).value(value, "float64") if np.ndim(value) else value
    if arrays:
        written = np.asarray(inner)
        written[later] = value
        if written.ndim == 0 or not np.shares_memory(written, array):
            array[basic] = written
    else:
        array[basic] = value
    tensor[tensors_of(xp, index)] = given_value
    assert np.array_equal(bridge.to_numpy(tensor), array), index


@given(INDEXED)
def test_gradient_of_read(xp: Any, case: tuple[Shape, tuple[Any, ...]]) -> None:
    """Every element gets the sum of the weights of the places that read it."""
    shape, index = case
    leaf = Maker(xp).value(numbers(shape), "float64").requires_grad_()
    result = leaf[tensors_of(xp, index)]
    weight = numbers(tuple(result.shape))
    basic, later = split(index, len(shape))
    places = np.arange(np.prod(shape, dtype=int)).reshape(shape)[basic]
    if any(isinstance(e, np.ndarray) for e in later):
        places = places[later]
    expected = np.zeros(int(np.prod(shape, dtype=int)))
    np.add.at(expected, np.asarray(places).reshape(-1), weight.reshape(-1))
    result.backward(Maker(xp).value(weight, "float64"))
    assert np.array_equal(bridge.to_numpy(leaf.grad), expected.reshape(shape)), index


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("index", "kind", "text"),
    [
        (7, IndexError, "index 7 is out of bounds for dimension 0 with size 3"),
        ((0, 0, 0), IndexError, "too many indices for tensor of dimension 2"),
        (slice(None, None, -1), ValueError, "step must be greater than zero"),
        ([5], IndexError, "index 5 is out of bounds for dimension 0 with size 3"),
        ([[True, False]], IndexError, "does not match the shape of the indexed tensor"),
    ],
)
def test_bad_index(xp: Any, index: Any, kind: type[Exception], text: str) -> None:
    tensor = Maker(xp).value(numbers((3, 4)), "float64")
    if isinstance(index, list):
        array = np.asarray(index)
        index = Maker(xp).value(array, str(array.dtype))
    with pytest.raises(kind, match=text.replace("(", r"\(")):
        tensor[index]


@pytest.mark.smoke
def test_lists_ranges_and_zero_dim_tensors(xp: Any) -> None:
    array = numbers((3, 4))
    tensor = Maker(xp).value(array, "float64")
    two = Maker(xp).value(2, "int64")
    assert np.array_equal(bridge.to_numpy(tensor[[0, 2]]), array[[0, 2]])
    assert np.array_equal(
        bridge.to_numpy(tensor[range(2), [1, 3]]), array[[0, 1], [1, 3]]
    )
    assert np.array_equal(bridge.to_numpy(tensor[two]), array[2])
    assert np.array_equal(bridge.to_numpy(tensor[:, two]), array[:, 2])
    assert np.array_equal(bridge.to_numpy(tensor[tensor > 6]), array[array > 6])
    assert np.array_equal(bridge.to_numpy(tensor[True]), array[None])
