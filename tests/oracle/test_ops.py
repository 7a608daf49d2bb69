"""Every row under PyTorch and under the library under test, sample by sample.

Both libraries get the same numbers. Compared are value, dtype, shape, strides where a
row asks for them, what is written into the arguments, the gradient, the gradient of
the gradient along a direction, and the type of error.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from samples import (  # noqa: E402
    bridge,
    cases,
    compare,
    dtypes as dt,
)
from samples.make import Maker  # noqa: E402
from samples.table import OpSamples, SampleInput  # noqa: E402

MAX_ELEMENTS = 3000  # of a sample whose gradients are compared

# PyTorch's CPU kernels round some float16 and bfloat16 intermediates; ours keep more.
HALF_FACTOR = 3.0


def both(
    row: OpSamples, dtype: str, xp: Any
) -> Iterator[tuple[str, SampleInput, SampleInput]]:
    """(description, our sample, PyTorch's sample)."""
    ours = cases.samples_of(row, dtype, xp)
    theirs = cases.samples_of(row, dtype, torch)
    for mine, reference in itertools.zip_longest(ours, theirs):
        assert mine is not None and reference is not None, "samples differ in number"
        yield f"{row.id}{reference!r}", mine, reference


def outcome(row: OpSamples, xp: Any, args: Any, kwargs: Any) -> Any:
    """The result, or the exception that came instead."""
    try:
        return cases.invoke(row, xp, args, kwargs)
    except Exception as error:
        return error


def tolerance_of(row: OpSamples, dtype: str) -> tuple[float, float] | None:
    tolerance = row.tolerance.get(dtype)
    if tolerance is None and dtype in dt.HALFS:
        rtol, atol = dt.TOLERANCE[dtype]
        tolerance = (HALF_FACTOR * rtol, HALF_FACTOR * atol)
    return tolerance


def same(row: OpSamples, dtype: str, actual: Any, expected: Any, what: str) -> None:
    if isinstance(expected, Exception):
        assert isinstance(actual, Exception), f"{what}: PyTorch raises {expected!r}"
        assert isinstance(actual, type(expected)) or isinstance(
            expected, type(actual)
        ), f"{what}: {actual!r}, PyTorch {expected!r}"
        return
    if isinstance(actual, Exception):
        raise AssertionError(f"{what}: {actual!r}") from actual
    if not row.values:
        for a, e in zip(bridge.tensors(actual), bridge.tensors(expected), strict=True):
            assert tuple(a.shape) == tuple(e.shape), what
            assert bridge.dtype_of(a) == bridge.dtype_of(e), what
    else:
        compare.same_result(actual, expected, tolerance_of(row, dtype), what)
    if row.strides:
        pairs = zip(bridge.tensors(actual), bridge.tensors(expected), strict=True)
        for a, e in pairs:
            assert tuple(a.stride()) == tuple(e.stride()), (
                f"{what}: strides {tuple(a.stride())}, PyTorch {tuple(e.stride())}"
            )


@cases.rows_and_dtypes("oracle value", lambda row: dt.ALL, cases.SMOKE_DTYPES)
def test_value(row: OpSamples, dtype: str, xp: Any) -> None:
    """All dtypes, those that a row does not take included: they must raise alike."""
    try:
        samples = list(both(row, dtype, xp))
    except (RuntimeError, NotImplementedError, TypeError, OverflowError) as error:
        pytest.skip(f"no samples of this dtype: {error}")
    if dtype not in row.dtypes:
        samples = samples[:1]
    for what, mine, reference in samples:
        expected = outcome(row, torch, reference.args, dict(reference.kwargs))
        if dtype not in row.dtypes and not isinstance(expected, Exception):
            pytest.skip("PyTorch takes this dtype, the row leaves it open")
        actual = outcome(row, xp, mine.args, dict(mine.kwargs))
        if isinstance(expected, NotImplementedError) and dtype in dt.HALFS:
            continue  # 16-bit floats where PyTorch has no kernel: ours may have one
        same(row, dtype, actual, expected, what)
        if isinstance(expected, Exception) or row.seeded:
            continue
        written = zip(
            bridge.tensors((mine.args, dict(mine.kwargs))),
            bridge.tensors((reference.args, dict(reference.kwargs))),
            strict=True,
        )
        for a, e in written:
            if row.values:
                compare.same_result(
                    a, e, tolerance_of(row, dtype), f"{what}: an argument afterwards"
                )


def gradients(
    row: OpSamples, dtype: str, xp: Any, item: SampleInput
) -> tuple[list[Any], list[Any]] | None:
    """First gradients, then those of their products with random directions."""
    olds = [
        t for t in cases.tested_tensors(row, item, dtype) if bridge.dtype_of(t) == dtype
    ]
    if not olds or sum(t.numel() for t in olds) > MAX_ELEMENTS:
        return None
    leaves = [t.detach().clone().requires_grad_() for t in olds]
    used = [t.clone() for t in leaves] if row.in_place else leaves
    args, kwargs = cases.with_tensors(item, olds, used)
    results = cases.differentiable(cases.invoke(row, xp, args, kwargs))
    if not results or sum(t.numel() for t in results) > MAX_ELEMENTS:
        return None
    make = Maker(xp, row.id, "directions")
    weights = [make(tuple(t.shape), bridge.dtype_of(t)) for t in results]
    first = xp.autograd.grad(
        results, leaves, weights, create_graph=row.gradgrad, allow_unused=True
    )
    second: list[Any] = []
    live = [g for g in first if g is not None and g.requires_grad]
    if row.gradgrad and live:
        directions = [make(tuple(g.shape), bridge.dtype_of(g)) for g in live]
        second = list(xp.autograd.grad(live, leaves, directions, allow_unused=True))
    return list(first), second


def same_gradients(actual: list[Any], expected: list[Any], what: str) -> None:
    """None and zero mean the same: some formulas keep a branch that others drop."""
    for i, (a, e) in enumerate(itertools.zip_longest(actual, expected)):
        arrays = [None if g is None else bridge.to_numpy(g) for g in (a, e)]
        if arrays[0] is None and arrays[1] is None:
            continue
        shape = next(x.shape for x in arrays if x is not None)
        kind = next(x.dtype for x in arrays if x is not None)
        full = [np.zeros(shape, kind) if x is None else x for x in arrays]
        compare.close(full[0], full[1], (1e-7, 1e-8), f"{what}[{i}]")


@cases.rows_and_dtypes("oracle gradient", lambda row: row.grad_dtypes, ("float64",))
def test_gradient(row: OpSamples, dtype: str, xp: Any) -> None:
    """First and second gradients; at kinks and extreme values too."""
    for what, mine, reference in both(row, dtype, xp):
        try:
            expected = gradients(row, dtype, torch, reference)
        except (RuntimeError, NotImplementedError):
            continue  # PyTorch has no derivative here
        actual = gradients(row, dtype, xp, mine)
        if expected is None:
            continue
        assert actual is not None, f"{what}: no result carries a gradient"
        same_gradients(actual[0], expected[0], f"{what}: gradient")
        if reference.grad:
            same_gradients(actual[1], expected[1], f"{what}: second gradient")


@cases.rows("oracle error", lambda row: row.errors)
def test_error_type(row: OpSamples, xp: Any) -> None:
    assert row.errors is not None
    ours = row.errors(Maker(xp, row.id, "errors"))
    theirs = row.errors(Maker(torch, row.id, "errors"))
    for mine, reference in zip(ours, theirs, strict=True):
        expected = outcome(row, torch, reference.args, dict(reference.kwargs))
        actual = outcome(row, xp, mine.args, dict(mine.kwargs))
        what = f"{row.id}{reference.args}{dict(reference.kwargs)}"
        assert isinstance(expected, reference.error), f"{what}: PyTorch {expected!r}"
        assert type(actual) is type(expected), f"{what}: {actual!r}, not {expected!r}"


@cases.rows("oracle dtypes", lambda row: True)
def test_declared_dtypes_are_those_of_torch(row: OpSamples) -> None:
    """The table claims no dtype that PyTorch refuses."""
    refused = []
    for dtype in row.dtypes:
        item = next(iter(cases.samples_of(row, dtype, torch)))
        result = outcome(row, torch, item.args, dict(item.kwargs))
        if isinstance(result, Exception):
            refused.append((dtype, result))
    assert not refused, f"{row.id}: {refused}"


def test_promotion_table_is_that_of_torch() -> None:
    for a, b in itertools.product(dt.ORDER, repeat=2):
        found = torch.promote_types(getattr(torch, a), getattr(torch, b))
        assert str(found) == f"torch.{dt.promote(a, b)}", (a, b)
