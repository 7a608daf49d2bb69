"""Comparison of results: NaN equals NaN, infinities by sign, the rest by tolerance."""

from typing import Any

import numpy as np

from . import bridge, dtypes as dt


def close(
    actual: np.ndarray, expected: np.ndarray, tolerance: tuple[float, float], what: str
) -> None:
    """Raises AssertionError with the worst element unless the arrays agree."""
    assert actual.shape == expected.shape, (
        f"{what}: shape {actual.shape}, expected {expected.shape}"
    )
    if actual.size == 0:
        return
    actual, expected = bridge.widened(actual), bridge.widened(expected)
    if actual.dtype.kind not in "fc" and expected.dtype.kind not in "fc":
        tolerance = (0.0, 0.0)
        if actual.dtype.kind == "b" or expected.dtype.kind == "b":
            actual, expected = actual.astype(bool), expected.astype(bool)
            bad = actual != expected
        else:
            bad = actual.astype(np.int64) != expected.astype(np.int64)
        _report(bad, bad.astype(float), actual, expected, tolerance, what)
        return
    rtol, atol = tolerance
    with np.errstate(all="ignore"):
        allowed = atol + rtol * np.abs(expected)
        if np.iscomplexobj(actual) or np.iscomplexobj(expected):
            bad = np.zeros(actual.shape, bool)
            for part in (np.real, np.imag):
                bad |= _differs(part(actual), part(expected), allowed)
            bad &= ~(np.isnan(actual) & np.isnan(expected))  # in either part
        else:
            bad = _differs(actual, expected, allowed)
        distance = np.nan_to_num(np.abs(actual - expected), nan=np.inf)
    _report(bad, distance, actual, expected, tolerance, what)


def _differs(actual: Any, expected: Any, allowed: np.ndarray) -> np.ndarray:
    actual, expected = np.asarray(actual), np.asarray(expected)
    finite = np.isfinite(actual) & np.isfinite(expected)
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    near = np.abs(actual - expected) <= np.nan_to_num(allowed, nan=0.0, posinf=0.0)
    return np.asarray(np.where(finite, ~(same | near), ~same))


def _report(
    bad: np.ndarray,
    distance: np.ndarray,
    actual: np.ndarray,
    expected: np.ndarray,
    tolerance: tuple[float, float],
    what: str,
) -> None:
    if not bad.any():
        return
    worst = np.unravel_index(np.argmax(np.where(bad, distance, -1.0)), bad.shape)
    at = tuple(int(i) for i in worst)
    raise AssertionError(
        f"{what}: {int(bad.sum())} of {bad.size} elements differ, worst at {at}: "
        f"got {actual[worst]}, expected {expected[worst]} "
        f"(rtol {tolerance[0]}, atol {tolerance[1]})"
    )


def same_result(
    actual: Any, expected: Any, tolerance: tuple[float, float] | None, what: str
) -> None:
    """Two results of any nesting: dtype, shape and values; None compares none."""
    if isinstance(expected, (tuple, list)) and not bridge.is_tensor(expected):
        assert isinstance(actual, (tuple, list)), f"{what}: got {type(actual)}"
        assert len(actual) == len(expected), f"{what}: {len(actual)} results"
        for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
            same_result(a, e, tolerance, f"{what}[{i}]")
        return
    if not bridge.is_tensor(expected):
        if isinstance(expected, float):
            close(np.asarray(actual), np.asarray(expected), (1e-6, 1e-8), what)
        else:
            assert actual == expected, f"{what}: {actual!r}, expected {expected!r}"
        return
    assert bridge.is_tensor(actual), f"{what}: got {type(actual)}, expected a tensor"
    assert bridge.dtype_of(actual) == bridge.dtype_of(expected), (
        f"{what}: dtype {actual.dtype}, expected {expected.dtype}"
    )
    assert tuple(actual.shape) == tuple(expected.shape), (
        f"{what}: shape {tuple(actual.shape)}, expected {tuple(expected.shape)}"
    )
    if tolerance is None:
        tolerance = dt.TOLERANCE.get(bridge.dtype_of(expected), (0.0, 0.0))
    close(bridge.to_numpy(actual), bridge.to_numpy(expected), tolerance, what)
