"""The sample machinery itself: comparison, promotion rules, layouts, repeatability."""

from typing import Any

import numpy as np
import pytest
from samples import ALL_ROWS, bridge, cases, compare, dtypes as dt
from samples.make import LAYOUTS, Maker

pytestmark = pytest.mark.smoke
EXACT = (0.0, 0.0)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        ([np.nan, np.inf], [np.nan, np.inf]),
        ([1.0, 2.0 + 1e-9], [1.0, 2.0]),
        ([1 + np.inf * 1j], [1 + np.inf * 1j]),
        ([], []),
    ],
)
def test_equal_results_pass(actual: Any, expected: Any) -> None:
    compare.close(np.asarray(actual), np.asarray(expected), (1e-8, 0.0), "case")


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        ([np.nan], [1.0]),
        ([1.0], [np.nan]),
        ([np.inf], [-np.inf]),
        ([np.inf], [1e300]),
        ([1.0], [1.1]),
        ([1 + 1j], [1 - 1j]),
        ([True], [False]),
        ([1, 2], [1, 3]),
        ([1.0], [[1.0]]),
    ],
)
def test_unequal_results_fail(actual: Any, expected: Any) -> None:
    with pytest.raises(AssertionError, match="case"):
        compare.close(np.asarray(actual), np.asarray(expected), (1e-8, 0.0), "case")


def test_dtype_and_length_count(xp: Any) -> None:
    make = Maker(xp)
    one, wide = make.value([1.0], "float32"), make.value([1.0], "float64")
    for actual, expected in ((one, wide), ((one,), (one, one)), ((one,), one)):
        with pytest.raises(AssertionError):
            compare.same_result(actual, expected, EXACT, "case")


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("uint8", "int8", "int16"),
        ("uint8", "int32", "int32"),
        ("int64", "float16", "float16"),
        ("float16", "bfloat16", "float32"),
        ("float64", "complex64", "complex128"),
        ("bool", "uint8", "uint8"),
    ],
)
def test_promotion(a: str, b: str, expected: str) -> None:
    assert dt.promote(a, b) == dt.promote(b, a) == expected


def test_numbers_promote_by_category() -> None:
    assert dt.with_scalar("uint8", 300) == "uint8"
    assert dt.with_scalar("int64", 0.5) == "float32"
    assert dt.with_scalar("float16", 0.5) == "float16"
    assert dt.with_scalar("float64", 1j) == "complex128"
    assert dt.with_scalar("bool", 1) == "int64"


def test_layouts_keep_values(xp: Any) -> None:
    array = np.arange(12.0).reshape(3, 4)
    strides = set()
    for layout in LAYOUTS:
        tensor = Maker(xp).wrap(array, "float64", layout)
        assert np.array_equal(bridge.to_numpy(tensor), array)
        strides.add((tuple(tensor.stride()), tensor.storage_offset()))
    assert len(strides) == len(LAYOUTS)


def test_values_are_exact_in_every_floating_dtype(xp: Any) -> None:
    make = Maker(xp, "exact")
    array = make.array((200,), "float64")
    assert np.abs(array).max() <= 3 and np.abs(array).min() >= 1 / 32
    for dtype in dt.FLOATS:
        back = bridge.to_numpy(make.value(array, dtype)).astype(float)
        assert np.array_equal(back, array), dtype


def test_samples_repeat(xp: Any) -> None:
    """Two passes over a row give the same numbers: the oracle relies on it."""
    for row in ALL_ROWS[::7]:
        dtype = next(d for d in dt.ORDER if d in row.dtypes)
        passes = [list(cases.samples_of(row, dtype, xp)) for _ in range(2)]
        assert len(passes[0]) == len(passes[1])
        for first, second in zip(*passes, strict=True):
            trees = [(s.args, dict(s.kwargs)) for s in (first, second)]
            for a, b in zip(*map(bridge.tensors, trees), strict=True):
                compare.same_result(a, b, EXACT, row.id)
