"""Values, shapes and dtypes of every row against its NumPy or SciPy reference."""

import warnings
from typing import Any

import numpy as np
from samples import bridge, cases, compare, dtypes as dt
from samples.table import OpSamples, SampleInput


@cases.rows_and_dtypes("value", smoke=cases.SMOKE_DTYPES)
def test_value(row: OpSamples, dtype: str, xp: Any) -> None:
    count = 0
    for item in cases.samples_of(row, dtype, xp):
        count += 1
        what = f"{row.id}{item!r}"
        # The reference's arguments are taken first: the row may write into its own.
        floats = row.result in ("float", "real_float")
        args, kwargs = bridge.as_reference(
            xp, (item.args, dict(item.kwargs)), floats, row.view
        )
        actual = cases.invoke(row, xp, item.args, item.kwargs)
        check_dtype(row, item, dtype, actual, what)
        if row.reference is None or not item.reference:
            continue
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = row.reference(*args, **kwargs)
        matches(row, actual, expected, dtype, what)
    assert count, f"{row.id} has no sample for {dtype}"


def check_dtype(
    row: OpSamples, item: SampleInput, dtype: str, actual: Any, what: str
) -> None:
    rule = item.result or row.result
    if rule is None or not bridge.is_tensor(actual):
        return
    expected = dt.result_dtype(rule, dtype)
    assert bridge.dtype_of(actual) == expected, (
        f"{what}: dtype {actual.dtype}, expected {expected}"
    )


def matches(row: OpSamples, actual: Any, expected: Any, dtype: str, what: str) -> None:
    if isinstance(expected, (tuple, list)):
        assert isinstance(actual, (tuple, list)), f"{what}: got {type(actual)}"
        assert len(actual) == len(expected), f"{what}: {len(actual)} results"
        for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
            matches(row, a, e, dtype, f"{what}[{i}]")
        return
    if expected is None:
        return
    if not bridge.is_tensor(actual):
        assert actual == expected, f"{what}: {actual!r}, expected {expected!r}"
        return
    name = bridge.dtype_of(actual)
    tolerance = row.tolerance.get(dtype) or dt.TOLERANCE.get(name, (0.0, 0.0))
    array, wanted = bridge.to_numpy(actual), np.asarray(expected)
    if array.dtype.kind == wanted.dtype.kind:
        with np.errstate(all="ignore"):
            wanted = wanted.astype(array.dtype)
    compare.close(array, wanted, tolerance, what)
    if row.view and dtype != "bfloat16":
        step = array.itemsize
        for size, got, want in zip(
            wanted.shape, actual.stride(), expected.strides, strict=True
        ):
            assert size < 2 or array.size == 0 or got * expected.itemsize == want, (
                f"{what}: strides {actual.stride()}, "
                f"expected {[s // step for s in expected.strides]}"
            )
