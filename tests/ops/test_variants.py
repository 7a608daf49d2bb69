"""The other ways to call each row: method, in place, `out=`; layouts and views."""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from samples import bridge, cases, compare, dtypes as dt
from samples.make import Maker
from samples.table import OpSamples, SampleInput

PER_ROW = 8  # samples looked at by each check


def one_dtype(row: OpSamples) -> tuple[str, ...]:
    """float64 where the row takes it, else the first of its dtypes."""
    wide = [d for d in ("float64", "int64", "complex128") if d in row.dtypes]
    return tuple(wide[:1] or sorted(row.dtypes, key=dt.ORDER.index)[:1])


def variant(letter: str) -> Any:
    return lambda row: one_dtype(row) if letter in row.variants else ()


def tensor_first(row: OpSamples, dtype: str, xp: Any) -> Iterator[SampleInput]:
    """The first samples whose first argument is a tensor of the tested dtype."""
    count = 0
    for item in cases.samples_of(row, dtype, xp):
        first = item.args[0] if item.args else None
        if bridge.is_tensor(first) and bridge.dtype_of(first) == dtype:
            yield item
            count += 1
            if count == PER_ROW:
                return


def fits(result: Any, target: Any) -> bool:
    """Whether a result may be written to the target: its shape, its category."""
    ranks = "bifc"
    kinds = [dt.kind(bridge.dtype_of(t)) for t in (result, target)]
    return tuple(result.shape) == tuple(target.shape) and (
        ranks.index(kinds[0]) <= ranks.index(kinds[1])
    )


@cases.rows_and_dtypes("method", variant("m"))
def test_method(row: OpSamples, dtype: str, xp: Any) -> None:
    for item in tensor_first(row, dtype, xp):
        args, kwargs = item.args, dict(item.kwargs)
        expected = cases.invoke(row, xp, args, kwargs)
        if row.seeded:
            xp.manual_seed(cases.SEED)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            actual = getattr(args[0], row.leaf)(*args[1:], **kwargs)
        compare.same_result(actual, expected, (0.0, 0.0), f"{row.id}{item!r}")


@cases.rows_and_dtypes("in place", variant("i"))
def test_in_place(row: OpSamples, dtype: str, xp: Any) -> None:
    """Equals the function, returns its own tensor, counts a version, or refuses."""
    for item in tensor_first(row, dtype, xp):
        args, kwargs = item.args, dict(item.kwargs)
        what = f"{row.leaf}_{item!r}"
        expected = cases.invoke(row, xp, args, kwargs)
        target = args[0].clone()
        method = getattr(target, f"{row.leaf}_")
        if not row.view and not fits(expected, target):
            with pytest.raises(RuntimeError):
                method(*args[1:], **kwargs)
            continue
        version = target._version
        if row.seeded:
            xp.manual_seed(cases.SEED)
        result = method(*args[1:], **kwargs)
        assert result is target, f"{what}: must return the tensor itself"
        assert target._version > version, f"{what}: version not counted"
        compare.same_result(target, expected.to(args[0].dtype), None, what)


@cases.rows_and_dtypes("in place under autograd", variant("i"))
def test_in_place_keeps_gradient(row: OpSamples, dtype: str, xp: Any) -> None:
    """The in-place form has the function's derivative; a leaf refuses it."""
    if not row.grad or dtype != "float64" or 0 in row.constant:
        pytest.skip("no derivative to compare")
    for item in tensor_first(row, dtype, xp):
        leaf = item.args[0].detach().clone().requires_grad_()
        args, kwargs = (leaf, *item.args[1:]), dict(item.kwargs)
        expected = cases.invoke(row, xp, args, kwargs)
        if not item.grad or (not row.view and not fits(expected, leaf)):
            continue
        if not expected.requires_grad:
            continue
        weight = Maker(xp, row.id)(tuple(expected.shape), "float64")
        (wanted,) = xp.autograd.grad(expected, leaf, weight)
        target = leaf.clone()
        getattr(target, f"{row.leaf}_")(*args[1:], **kwargs)
        (actual,) = xp.autograd.grad(target, leaf, weight)
        compare.same_result(actual, wanted, None, f"{row.leaf}_{item!r}: gradient")
        with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
            getattr(leaf, f"{row.leaf}_")(*args[1:], **kwargs)


@cases.rows_and_dtypes("out", variant("o"))
def test_out(row: OpSamples, dtype: str, xp: Any) -> None:
    """`out=` of no elements grows; one of the right shape keeps its strides."""
    casts = "i" in row.variants and row.leaf not in ("cumsum", "cumprod")
    for item in list(cases.samples_of(row, dtype, xp))[:PER_ROW]:
        args, kwargs = item.args, dict(item.kwargs)
        what = f"{row.id}{item!r} with out="
        expected = cases.invoke(row, xp, args, kwargs)
        results = list(bridge.tensors(expected))
        alone = bridge.is_tensor(expected)
        try:
            outs = [xp.empty(0, dtype=r.dtype) for r in results]
            out = outs[0] if alone else tuple(outs)
            actual = cases.invoke(row, xp, args, {**kwargs, "out": out})
        except TypeError:
            continue  # this overload has no out=
        for a, o in zip(bridge.tensors(actual), outs, strict=True):
            assert a is o, f"{what}: must return it"
        if not row.values:
            continue
        compare.same_result(actual, expected, (0.0, 0.0), what)
        if row.seeded:
            continue  # numbers are drawn in the order of memory
        outs = [reversed_strides(xp, r) for r in results]
        strides = [o.stride() for o in outs]
        out = outs[0] if alone else tuple(outs)
        cases.invoke(row, xp, args, {**kwargs, "out": out})
        assert [o.stride() for o in outs] == strides, f"{what}: strides changed"
        compare.same_result(out, expected, None, what)
        if casts and bridge.dtype_of(results[0]) in dt.INEXACT:
            narrow = xp.empty(0, dtype=xp.bool)
            with pytest.raises((RuntimeError, TypeError)):
                cases.invoke(row, xp, args, {**kwargs, "out": narrow})


def reversed_strides(xp: Any, like: Any) -> Any:
    if like.ndim == 0:
        return xp.ones((), dtype=like.dtype)
    shape = tuple(reversed(like.shape))
    return xp.ones(shape, dtype=like.dtype).permute(*reversed(range(like.ndim)))


@cases.rows_and_dtypes("layout", one_dtype)
def test_layouts(row: OpSamples, dtype: str, xp: Any) -> None:
    """The same values in another memory layout give the same result."""
    if row.seeded or row.view or row.in_place or not (row.values and row.any_layout):
        pytest.skip("the result depends on the layout")
    for item in list(cases.samples_of(row, dtype, xp))[:PER_ROW]:
        args, kwargs = item.args, dict(item.kwargs)
        expected = cases.invoke(row, xp, args, kwargs)
        for layout in ("transposed", "strided", "offset"):
            args, kwargs = bridge.map_tensors(
                lambda t, layout=layout: relaid(xp, t, layout),
                (item.args, dict(item.kwargs)),
            )
            actual = cases.invoke(row, xp, args, kwargs)
            what = f"{row.id}{item!r} {layout}"
            compare.same_result(actual, expected, None, what)


def relaid(xp: Any, tensor: Any, layout: str) -> Any:
    maker, name = Maker(xp), bridge.dtype_of(tensor)
    return maker.wrap(bridge.to_numpy(tensor), name, layout)


@cases.rows_and_dtypes("view", lambda row: one_dtype(row) if row.view else ())
def test_view_shares_memory(row: OpSamples, dtype: str, xp: Any) -> None:
    """A write to the base shows in the view, and both count the same version."""
    for item in tensor_first(row, dtype, xp):
        base = item.args[0].clone()
        result = cases.invoke(row, xp, (base, *item.args[1:]), dict(item.kwargs))
        mark = 7 + 7j if dtype in dt.COMPLEX else 7
        base.fill_(mark)
        for view in bridge.tensors(result):
            what = f"{row.id}{item!r}"
            if view is base:
                continue
            assert view._base is base, f"{what}: _base is not the argument"
            assert view._version == base._version, f"{what}: version not shared"
            wanted = mark if view.is_complex() else 7
            assert bool((view == wanted).all()), f"{what}: does not share memory"


@pytest.mark.smoke
@pytest.mark.parametrize("name", ["add_", "mul_", "copy_", "exp_", "fill_"])
def test_overlapping_memory_refuses_writes(name: str, xp: Any) -> None:
    x = xp.ones(1, 3).expand(4, 3)
    args = () if name == "exp_" else (xp.ones(3) if name == "copy_" else 2,)
    if name == "fill_":
        getattr(x, name)(*args)  # one value everywhere: allowed
        return
    with pytest.raises(RuntimeError, match="single memory location"):
        getattr(x, name)(*args)


@pytest.mark.smoke
def test_out_of_another_shape_warns(xp: Any) -> None:
    out = xp.empty(5)
    with pytest.warns(UserWarning, match="was resized"):
        xp.add(xp.ones(3), 1, out=out)
    assert tuple(out.shape) == (3,)


@pytest.mark.smoke
def test_out_refuses_gradients(xp: Any) -> None:
    x = xp.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        xp.mul(x, 2, out=xp.empty(3))
