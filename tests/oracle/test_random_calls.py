"""Random calls of every operator family under PyTorch and under the library under test.

Shapes (0-d and empty ones too), strides, dtypes, options and extreme values are drawn
from a seed that the operator's name fixes. Compared are the type of error, or else
dtype, shape, values, strides of dense results and, for float64, the gradient.
"""

import warnings
import zlib
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from samples import (  # noqa: E402
    bridge,
    compare,
    dtypes as dt,
    random_calls,
    random_layers,
)
from samples.random_draw import Call, Draw  # noqa: E402

TRIALS = 24
CALLS = random_calls.CALLS + random_layers.CALLS
UNDERIVED = ("Autograd not support", "not support automatic differentiation")
NARROW = dt.HALFS | dt.BOOL


def run(call: Call, xp: Any, draw: Draw) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call.run(xp, draw)
    except Exception as error:
        return error


def same_strides(actual: Any, expected: Any, what: str) -> None:
    """Of results with more than one element along a dimension."""
    steps = [
        (a, e)
        for n, a, e in zip(
            expected.shape, actual.stride(), expected.stride(), strict=True
        )
        if n > 1
    ]
    if expected.numel() > 0:
        assert all(a == e for a, e in steps), (
            f"{what}: strides {tuple(actual.stride())}, PyTorch "
            f"{tuple(expected.stride())} for {tuple(expected.shape)}"
        )


def tolerance(call: Call, dtypes: set[str], result: str) -> tuple[float, float]:
    """That of the narrowest dtype that took part."""
    worst = max(dt.TOLERANCE.get(d, (0.0, 0.0)) for d in dtypes | {result})
    factor = 3.0 if dtypes & dt.HALFS else 1.0
    return (factor * worst[0], factor * worst[1] * call.slack)


def gradients(results: Any, leaves: list[Any]) -> list[Any] | None:
    live = [r for r in bridge.tensors(results) if r.requires_grad and r.grad_fn]
    if not live:
        return None
    total = sum((r * r.conj()).real.sum() if r.is_complex() else r.sum() for r in live)
    total.backward()
    return [leaf.grad for leaf in leaves]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_random_calls(call: Call, xp: Any) -> None:
    for trial in range(TRIALS):
        seed = zlib.crc32(f"{call.name}/{trial}".encode())
        theirs, ours = Draw(torch, seed), Draw(xp, seed)
        expected = run(call, torch, theirs)
        actual = run(call, xp, ours)
        what = f"{call.name}, trial {trial}: {theirs.told()}"
        if isinstance(expected, Exception):
            if isinstance(expected, NotImplementedError) and theirs.used & NARROW:
                continue  # dtypes for which PyTorch has no kernel
            if any(text in str(expected) for text in UNDERIVED):
                continue
            assert isinstance(actual, Exception), f"{what}: PyTorch {expected!r}"
            assert isinstance(actual, type(expected)) or isinstance(
                expected, type(actual)
            ), f"{what}: {actual!r}, PyTorch {expected!r}"
            continue
        assert not isinstance(actual, Exception), f"{what}: {actual!r}"
        results = [list(bridge.tensors(r)) for r in (actual, expected)]
        assert len(results[0]) == len(results[1]), what
        for a, e in zip(*results, strict=True):
            limits = tolerance(call, theirs.used, bridge.dtype_of(e))
            with np.errstate(all="ignore"):
                compare.same_result(a, e, limits, what)
            if call.strides:
                same_strides(a, e, what)
        # At extreme values PyTorch's own derivatives vary with the length of its loops.
        if not call.grad or not theirs.leaves or theirs.extreme:
            continue
        try:
            wanted = gradients(expected, theirs.leaves)
        except RuntimeError:
            continue  # PyTorch has no derivative for this mix of dtypes
        found = gradients(actual, ours.leaves)
        narrow = theirs.used - {"float64", "complex128"}
        limits = tolerance(call, narrow, "") if narrow else (1e-7, 1e-8)
        limits = (max(limits[0], 1e-7), max(limits[1], 1e-8))
        for w, f in zip(wanted or [], found or [], strict=True):
            if w is None:
                continue
            assert f is not None or w.numel() == 0, f"{what}: no gradient"
            if f is None:
                continue
            arrays = [bridge.to_numpy(t) for t in (f, w)]
            compare.close(arrays[0], arrays[1], limits, f"{what}: gradient")
