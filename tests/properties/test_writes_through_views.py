"""In-place operators on views of one base: memory, versions and gradients."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from samples import bridge
from samples.make import Maker

Path = tuple[tuple[str, Any], ...]


@st.composite
def paths(draw: st.DrawFn, shape: tuple[int, ...], overlap: bool = False) -> Path:
    """How to reach a view: slices, transposes, selections, diagonals, reshapes."""
    steps: list[tuple[str, Any]] = []
    probe = np.zeros(shape)
    for _ in range(draw(st.integers(0, 3))):
        names = ["reverse"] if probe.ndim > 1 else []
        if probe.ndim and probe.shape[0]:
            names += ["slice", "select"]
        if probe.ndim == 2:
            names += ["diagonal"]
        if not names:
            break
        name = draw(st.sampled_from(names))
        detail: Any = None
        if name == "slice":
            start = draw(st.integers(0, probe.shape[0] - 1))
            detail = (start, draw(st.integers(start + 1, probe.shape[0])))
        elif name == "select":
            detail = draw(st.integers(0, probe.shape[0] - 1))
        steps.append((name, detail))
        probe = follow(probe, ((name, detail),))
    return tuple(steps)


def follow(x: Any, path: Path) -> Any:
    """The view at the end of a path, of a tensor or an array."""
    for name, detail in path:
        if name == "reverse":
            order = tuple(reversed(range(x.ndim)))
            x = x.permute(order) if bridge.is_tensor(x) else x.transpose(order)
        elif name == "slice":
            x = x[detail[0] : detail[1]]
        elif name == "select":
            x = x[detail]
        else:
            x = x.diagonal()
    return x


WRITES = ("mul_", "add_", "fill_", "sub_", "zero_", "add other")


def write_tensor(view: Any, name: str, value: float, other: Any) -> None:
    if name == "zero_":
        view.zero_()
    elif name == "add other":
        view.add_(other)
    else:
        getattr(view, name)(value)


def write_array(view: Any, name: str, value: float, other: Any) -> None:
    if name == "mul_":
        view[...] = view * value
    elif name == "add_":
        view[...] = view + value
    elif name == "sub_":
        view[...] = view - value
    elif name == "add other":
        view[...] = view + other
    else:
        view[...] = value if name == "fill_" else 0.0


def array_view(array: np.ndarray, path: Path) -> np.ndarray:
    """A writable view, 0-d ones and diagonals included."""
    places = follow(np.arange(array.size).reshape(array.shape), path)
    return np.asarray(places)


def apply_to_array(
    array: np.ndarray, path: Path, name: str, value: float, other: Any
) -> None:
    places = array_view(array, path)
    flat = array.reshape(-1)
    part = flat[places]
    part = np.asarray(part, float).copy()
    write_array(part, name, value, np.asarray(other)[()])
    flat[places] = part


SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
PLANS = SHAPES.flatmap(
    lambda s: st.tuples(
        st.just(s),
        st.lists(
            st.tuples(
                paths(s), st.sampled_from(WRITES), st.sampled_from([2.0, -1.0, 0.5])
            ),
            min_size=1,
            max_size=5,
        ),
    )
)


@given(PLANS)
def test_memory_and_versions(xp: Any, plan: Any) -> None:
    shape, writes = plan
    make = Maker(xp)
    array = np.arange(1.0, 1 + np.prod(shape, dtype=int)).reshape(shape)
    base = make.value(array, "float64")
    views = [follow(base, path) for path, _, _ in writes]
    for (path, name, value), view in zip(writes, views, strict=True):
        version = base._version
        other = make.value(3.0, "float64")
        write_tensor(view, name, value, other)
        apply_to_array(array, path, name, value, 3.0)
        assert base._version > version
        assert np.array_equal(bridge.to_numpy(base), array), (path, name)
    for (path, _, _), view in zip(writes, views, strict=True):
        expected = array.reshape(-1)[array_view(array, path)]
        assert np.array_equal(bridge.to_numpy(view), expected), path
        assert view._version == base._version


@given(PLANS)
def test_gradients(xp: Any, plan: Any) -> None:
    """The writes are linear, so the gradient follows exactly from NumPy."""
    shape, writes = plan
    make = Maker(xp)
    count = int(np.prod(shape, dtype=int))
    start = np.arange(1.0, 1 + count).reshape(shape)
    leaf = make.value(start, "float64").requires_grad_()
    scalar = make.value(3.0, "float64").requires_grad_()
    base = leaf * 1
    for path, name, value in writes:
        write_tensor(follow(base, path), name, value, scalar)
    weight = np.arange(1.0, 1 + count).reshape(shape)
    total = (base * make.value(weight, "float64")).sum()

    def outcome(x: np.ndarray, other: float) -> float:
        array = x.copy()
        for path, name, value in writes:
            apply_to_array(array, path, name, value, other)
        return float((array * weight).sum())

    origin = outcome(start, 3.0)
    assert total.item() == pytest.approx(origin)
    if not total.requires_grad:
        return
    grads = xp.autograd.grad(total, (leaf, scalar), allow_unused=True)
    expected = np.zeros(count)
    for i in range(count):
        moved = start.copy().reshape(-1)
        moved[i] += 1.0
        expected[i] = outcome(moved.reshape(shape), 3.0) - origin
    actual = np.zeros(shape) if grads[0] is None else bridge.to_numpy(grads[0])
    assert np.allclose(actual, expected.reshape(shape))
    slope = outcome(start, 4.0) - origin
    got = 0.0 if grads[1] is None else grads[1].item()
    assert got == pytest.approx(slope)


@given(SHAPES.flatmap(lambda s: st.tuples(st.just(s), paths(s))))
def test_saved_tensors_notice_writes(xp: Any, case: Any) -> None:
    """A write through any view spoils what the graph has saved of the base."""
    shape, path = case
    leaf = Maker(xp).value(np.ones(shape), "float64").requires_grad_()
    base = leaf * 2
    result = base.square().sum()
    follow(base, path).add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        result.backward()


@given(SHAPES.flatmap(lambda s: st.tuples(st.just(s), paths(s))))
def test_leaves_refuse_writes(xp: Any, case: Any) -> None:
    shape, path = case
    leaf = Maker(xp).value(np.ones(shape), "float64").requires_grad_()
    view = follow(leaf, path)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        view.add_(1)
