"""Chains of view operators against NumPy views: values, strides, offsets, memory."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, strategies as st
from samples import bridge
from samples.make import Maker

Apply = Callable[[Any], Any]


@st.composite
def factors(draw: st.DrawFn, count: int) -> tuple[int, ...]:
    """A shape of `count` elements."""
    shape = []
    while count > 1 and len(shape) < 4:
        divisors = [d for d in range(2, count + 1) if count % d == 0]
        part = draw(st.sampled_from(divisors))
        shape.append(part)
        count //= part
    if count != 1:
        shape.append(count)
    if draw(st.booleans()):
        shape.insert(draw(st.integers(0, len(shape))), 1)
    return tuple(shape)


def step(draw: st.DrawFn, array: np.ndarray) -> tuple[Apply, Apply, str]:
    """One operator for the tensor, the same for the array, and what it is."""
    names = ["unsqueeze", "reshape"]
    if array.ndim:
        names += ["transpose", "permute", "slice", "select", "narrow", "movedim"]
        names += ["expand", "squeeze", "unfold"]
    if array.ndim > 1:
        names += ["diagonal", "flatten", "t"]
    name = draw(st.sampled_from(names))
    axis = st.integers(-array.ndim, array.ndim - 1) if array.ndim else st.just(0)
    d = draw(axis)
    if name == "unsqueeze":
        d = draw(st.integers(-array.ndim - 1, array.ndim))
        return (
            lambda t: t.unsqueeze(d),
            lambda a: np.expand_dims(a, d),
            f"unsqueeze {d}",
        )
    if name == "reshape":
        shape = draw(factors(array.size)) if array.size else array.shape
        return (
            lambda t: t.reshape(shape),
            lambda a: a.reshape(shape),
            f"reshape {shape}",
        )
    if name in ("transpose", "movedim"):
        e = draw(axis)
        if name == "transpose":
            return lambda t: t.transpose(d, e), lambda a: a.swapaxes(d, e), f"T {d} {e}"
        return lambda t: t.movedim(d, e), lambda a: np.moveaxis(a, d, e), f"M {d} {e}"
    if name == "permute":
        order = draw(st.permutations(range(array.ndim)))
        return lambda t: t.permute(*order), lambda a: a.transpose(order), f"P {order}"
    size = array.shape[d]
    if name in ("slice", "narrow"):
        start = draw(st.integers(0, size))
        stop = draw(st.integers(start, size))
        stride = draw(st.integers(1, 3)) if name == "slice" else 1
        index: list[Any] = [slice(None)] * array.ndim
        index[d] = slice(start, stop, stride)
        where = tuple(index)
        if name == "slice":
            return lambda t: t[where], lambda a: a[where], f"slice {d} {index[d]}"
        return (
            lambda t: t.narrow(d, start, stop - start),
            lambda a: a[where],
            f"narrow {d} {start} {stop}",
        )
    if name == "select" and size:
        i = draw(st.integers(-size, size - 1))
        return lambda t: t.select(d, i), lambda a: np.moveaxis(a, d, 0)[i], f"S {d} {i}"
    if name == "unfold" and size > 1 and array.ndim < 4:
        from numpy.lib.stride_tricks import sliding_window_view

        width = draw(st.integers(1, size))
        return (
            lambda t: t.unfold(d, width, 1),
            lambda a: sliding_window_view(a, width, d),
            f"unfold {d} {width}",
        )
    if name == "expand":
        lead = draw(st.integers(0, 1))
        target = [draw(st.integers(1, 3)) if n == 1 else n for n in array.shape]
        full = [2] * lead + target
        return (
            lambda t: t.expand(*full),
            lambda a: np.broadcast_to(a, full),
            f"E {full}",
        )
    if name == "diagonal":
        e = draw(axis.filter(lambda e: e % array.ndim != d % array.ndim))
        k = draw(st.integers(-1, 1))
        return (
            lambda t: t.diagonal(k, d, e),
            lambda a: np.diagonal(a, k, d, e),
            f"diagonal {k} {d} {e}",
        )
    if name == "flatten":
        return lambda t: t.flatten(), lambda a: a.reshape(-1), "flatten"
    if name == "t" and array.ndim == 2:
        return lambda t: t.t(), lambda a: a.T, "t"
    return lambda t: t.squeeze(), lambda a: a.squeeze(), "squeeze"


SHAPES = st.lists(st.integers(1, 4), max_size=4).map(tuple)


@given(SHAPES, st.data())
def test_values_and_strides(xp: Any, shape: tuple[int, ...], data: Any) -> None:
    array = np.arange(float(np.prod(shape, dtype=int))).reshape(shape)
    tensor = Maker(xp).value(array, "float64")
    taken: list[str] = []
    for _ in range(data.draw(st.integers(1, 6))):
        if array.size > 400:
            break
        on_tensor, on_array, what = step(data.draw, array)
        taken.append(what)
        tensor, array = on_tensor(tensor), on_array(array)
        assert tuple(tensor.shape) == array.shape, taken
        assert np.array_equal(bridge.to_numpy(tensor), array), taken
        for n, got, want in zip(
            array.shape, tensor.stride(), array.strides, strict=True
        ):
            assert n < 2 or array.size == 0 or got * 8 == want, taken
    assert tensor.is_contiguous() == _contiguous(tensor), taken
    dense = tensor.contiguous()
    assert dense.is_contiguous() and np.array_equal(bridge.to_numpy(dense), array)


def _contiguous(tensor: Any) -> bool:
    """Row-major by sizes and strides; dimensions of size 1 do not count."""
    wanted = 1
    for n, stride in zip(
        reversed(tensor.shape), reversed(tensor.stride()), strict=True
    ):
        if n == 1:
            continue
        if stride != wanted:
            return tensor.numel() == 0
        wanted *= n
    return True


@given(SHAPES, st.data())
def test_offsets_address_the_same_memory(
    xp: Any, shape: tuple[int, ...], data: Any
) -> None:
    """as_strided with a view's own sizes, strides and offset gives that view."""
    array = np.arange(float(np.prod(shape, dtype=int))).reshape(shape)
    base = Maker(xp).value(array, "float64")
    tensor = base
    for _ in range(data.draw(st.integers(1, 5))):
        if array.size > 400:
            break
        on_tensor, on_array, _ = step(data.draw, array)
        tensor, array = on_tensor(tensor), on_array(array)
    again = tensor.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())
    assert np.array_equal(bridge.to_numpy(again), array)
    assert again.data_ptr() == tensor.data_ptr()
    if tensor._base is base and array.size:
        offset = tensor.storage_offset() * 8
        assert tensor.data_ptr() == base.data_ptr() + offset


@given(SHAPES, st.data())
def test_gradient_through_a_chain(xp: Any, shape: tuple[int, ...], data: Any) -> None:
    """Each element gets the sum of the weights of the places it went to."""
    count = int(np.prod(shape, dtype=int))
    places = np.arange(count).reshape(shape)
    leaf = Maker(xp).value(places, "float64").requires_grad_()
    tensor = leaf
    for _ in range(data.draw(st.integers(1, 5))):
        if places.size > 400:
            break
        on_tensor, on_array, _ = step(data.draw, places)
        tensor, places = on_tensor(tensor), on_array(places)
    weight = np.arange(1.0, 1 + places.size).reshape(places.shape)
    tensor.backward(Maker(xp).value(weight, "float64"))
    expected = np.zeros(count)
    np.add.at(expected, places.reshape(-1), weight.reshape(-1))
    assert np.array_equal(bridge.to_numpy(leaf.grad).reshape(-1), expected)
