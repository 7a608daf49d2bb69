"""`assert_close` and `make_tensor` beside PyTorch: same verdicts, texts, values."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import rushlight  # noqa: E402

DTYPES = "float32 float64 float16 bfloat16 int32 bool complex64 uint8".split()


def verdict(library, left, right, dtype, options):
    def convert(values):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return library.tensor(values).to(getattr(library, dtype))

    try:
        library.testing.assert_close([convert(left)], [convert(right)], **options)
    except AssertionError as error:
        return str(error)
    return "close"


@pytest.mark.parametrize("seed", range(8))
def test_same_verdict_and_text(seed):
    draw = np.random.default_rng(seed)
    for _ in range(60):
        shape = [(), (3,), (2, 3), (2, 2, 2)][draw.integers(4)]
        dtype = DTYPES[draw.integers(len(DTYPES))]
        left = np.asarray(draw.integers(-9, 9, shape) * 1.25)
        noise = 10.0 ** draw.uniform(-9, 0) * draw.standard_normal(shape)
        right = np.where(draw.random(shape) < 0.5, left, left * (1 + noise))
        if "float" in dtype and draw.random() < 0.3:
            special = [np.nan, np.inf, 0.0][draw.integers(3)]
            right = np.where(draw.random(shape) < 0.3, special, right)
        if dtype in ("uint8", "bool"):
            left, right = np.abs(left), np.abs(right)
        options = {"equal_nan": bool(draw.integers(2))}
        if draw.random() < 0.4:
            options.update(rtol=[0, 0.1, 1e-3][draw.integers(3)], atol=0.05)
        ours = verdict(rushlight, left, right, dtype, options)
        assert ours == verdict(torch, left, right, dtype, options)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"low": 0, "high": 1},
        {"low": -3, "high": 200},
        {"noncontiguous": True},
        {"exclude_zero": True},
        {"low": float("-inf"), "high": float("inf")},
    ],
)
def test_same_random_tensors(dtype, options):
    made = []
    for library in (torch, rushlight):
        library.manual_seed(0)
        kind = getattr(library, dtype)
        tensor = library.testing.make_tensor(
            (3, 5), dtype=kind, device="cpu", **options
        )
        made.append((tensor.tolist(), tensor.stride()))
    assert made[0] == made[1]
