"""`assert_close` and `make_tensor`: tolerances, messages, ranges."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight
from rushlight.testing import assert_close, make_tensor

nan = float("nan")


def close(left, right, **options):
    """The text of the difference; None if there is none."""
    to = rushlight.tensor
    left, right = (to(x) if isinstance(x, list) else x for x in (left, right))
    try:
        assert_close(left, right, **options)
    except AssertionError as error:
        return str(error)
    return None


def test_message_of_tensors():
    assert close([1.0, 2.0, 3.0], [1.0, 2.0, 4.0]) == (
        "Tensor-likes are not close!\n\n"
        "Mismatched elements: 1 / 3 (33.3%)\n"
        "Greatest absolute difference: 1.0 at index (2,) (up to 1e-05 allowed)\n"
        "Greatest relative difference: 0.25 at index (2,) (up to 1.3e-06 allowed)"
    )
    assert close([[1, 2], [3, 4]], [[1, 2], [3, 8]]) == (
        "Tensor-likes are not equal!\n\n"
        "Mismatched elements: 1 / 4 (25.0%)\n"
        "Greatest absolute difference: 4 at index (1, 1)\n"
        "Greatest relative difference: 0.5 at index (1, 1)"
    )


def test_message_of_scalars_and_places():
    assert close(1.0, 2.0) == (
        "Scalars are not close!\n\nExpected 2.0 but got 1.0.\n"
        "Absolute difference: 1.0 (up to 1e-07 allowed)\n"
        "Relative difference: 0.5 (up to 1e-07 allowed)"
    )
    text = close({"a": (1, 2)}, {"a": (1, 3)})
    assert text is not None
    assert text.endswith("The failure occurred for item ['a'][1]")
    assert close(rushlight.tensor(1), rushlight.tensor(2)) == (
        "Scalars are not equal!\n\nExpected 2 but got 1.\n"
        "Absolute difference: 1\nRelative difference: 0.5"
    )


@pytest.mark.parametrize(
    ("dtype", "step"),
    [
        ("float16", 1e-3),
        ("bfloat16", 1.6e-2),
        ("float32", 1.3e-6),
        ("float64", 1e-7),
        ("complex64", 1.3e-6),
        ("complex128", 1e-7),
    ],
)
def test_default_tolerances(dtype, step):
    one = rushlight.tensor([100.0]).to(getattr(rushlight, dtype))
    assert close(one, one * (1 + 0.5 * step)) is None
    assert close(one, one * (1 + 3 * step)) is not None


def test_special_values():
    assert close([nan], [nan]) is not None
    assert close([nan], [nan], equal_nan=True) is None
    assert close(nan, nan, equal_nan=True) is None
    assert close([float("inf")], [float("inf")]) is None
    assert close([], []) is None
    assert close(None, None) is None
    assert close(None, 1) == "None mismatch: None is not 1"
    assert close(True, False) == "Booleans mismatch: True is not False"
    assert close(np.ones(2), np.ones(2)) is None


@pytest.mark.parametrize(
    ("left", "right", "options", "text"),
    [
        (
            [1],
            [1.0],
            {},
            "attribute 'dtype' do not match: torch.int64 != torch.float32",
        ),
        ([1], [1, 2], {}, "'shape' do not match: torch.Size([1]) != torch.Size([2])"),
        (1, 1.0, {}, "The (d)types do not match: <class 'int'> != <class 'float'>."),
        ((1, 2), (1,), {}, "The length of the sequences mismatch: 2 != 1"),
        ({"a": 1}, {"b": 1}, {}, "Missing keys in the actual mapping: ['b']"),
    ],
)
def test_structure(left, right, options, text):
    found = close(left, right, **options)
    assert found is not None
    assert text in found


def test_lenient_dtype_and_strict_stride():
    assert close([1], [1.0], check_dtype=False) is None
    matrix = rushlight.ones(2, 3)
    found = close(matrix, rushlight.ones(3, 2).t(), check_stride=True)
    assert found is not None
    assert "'stride()' do not match: (3, 1) != (1, 2)" in found


def test_message_can_be_replaced():
    assert close([1], [2], msg="mine") == "mine"
    found = close([1], [2], msg=lambda text: "mine: " + text)
    assert found is not None
    assert found.startswith("mine: Tensor-likes")


def test_wrong_arguments():
    with pytest.raises(ValueError, match="got no atol"):
        assert_close(1, 1, rtol=0.1)
    with pytest.raises(ValueError, match="must not be negative"):
        assert_close(1, 1, rtol=-1, atol=0)
    with pytest.raises(TypeError, match="No comparison pair was able to handle"):
        assert_close("a", "a")
    with pytest.raises(TypeError, match="No comparison pair was able to handle"):
        assert_close(rushlight.tensor(1.0), 1.0)


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        *[("bool", 0, 2), ("uint8", 0, 10), ("int64", -9, 10), ("float32", -9, 9)],
        *[("bfloat16", -9, 9), ("complex64", -9, 9)],
    ],
)
def test_make_tensor_ranges(dtype, low, high):
    tensor = make_tensor(4, 50, dtype=getattr(rushlight, dtype), device="cpu")
    assert tensor.shape == (4, 50)
    parts = rushlight.view_as_real(tensor) if dtype == "complex64" else tensor
    values = parts.flatten().tolist()
    assert all(low <= value <= high for value in values)
    assert len(set(values)) >= 2


def test_make_tensor_options():
    def make(*shape, dtype=rushlight.float32, **options):
        return make_tensor(*shape, dtype=dtype, device="cpu", **options)

    assert make((2, 3), noncontiguous=True).stride() == (6, 2)
    assert make(2, requires_grad=True).requires_grad
    ints = make(99, dtype=rushlight.int64, low=0, high=2, exclude_zero=True)
    assert ints.tolist() == [1] * 99
    assert set(make(50, dtype=rushlight.int64, low=1.5, high=3.2).tolist()) == {2, 3}
    with pytest.raises(ValueError, match="`low` must be less than `high`"):
        make(2, low=2, high=1)
    with pytest.raises(ValueError, match=r"only supports \[0, 256\)"):
        make(2, dtype=rushlight.uint8, low=300, high=400)
    with pytest.raises(ValueError, match="cannot be NaN"):
        make(2, low=nan)
    with pytest.raises(ValueError, match="`requires_grad=True` is not supported"):
        make(2, dtype=rushlight.int64, requires_grad=True)
