"""Printing beside PyTorch, over random shapes, dtypes, values and options."""

from __future__ import annotations

import random
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import rushlight  # noqa: E402
from rushlight import _tensor_str  # noqa: E402

DTYPES = (
    "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 "
    "complex64 complex128"
).split()


@pytest.fixture(autouse=True)
def usual_options():
    yield
    for library in (torch, rushlight):
        library.set_printoptions(profile="default", sci_mode=None)
        library.set_default_dtype(library.float32)


def random_options(rng):
    options = {
        "profile": rng.choice(["default", "short", "full"]),
        "sci_mode": rng.choice([None, None, None, True, False]),
    }
    for name, choices in {
        "precision": range(9),
        "threshold": [0, 1, 5, 20, 100],
        "edgeitems": range(5),
        "linewidth": [10, 20, 40, 79, 80, 81, 200],
    }.items():
        if rng.random() < 0.3:
            options[name] = rng.choice(choices)
    return options


def random_values(rng, draw, shape):
    values = draw.standard_normal(shape) * 10 ** rng.uniform(-7, 11)
    if rng.random() < 0.3:
        values = values * 10 ** (2 * draw.standard_normal(shape))
    if rng.random() < 0.4:
        values = np.round(values)
    for special in (0.0, np.inf, -np.inf, np.nan):
        if rng.random() < 0.15:
            values = np.where(draw.random(shape) < 0.3, special, values)
    return np.asarray(values)


@pytest.mark.parametrize("seed", range(12))
def test_same_text(seed):
    rng, draw = random.Random(seed), np.random.default_rng(seed)
    for _ in range(60):
        options = random_options(rng)
        default = rng.choice(["float32", "float32", "float64", "float16"])
        sizes = [1, 2, 3, 5, 8, 13] + [0] * (rng.random() < 0.2)
        shape = [rng.choice(sizes) for _ in range(rng.choice([0, 1, 1, 2, 2, 3, 4]))]
        if len(shape) == 1 and rng.random() < 0.2:
            shape = [1100]
        dtype = rng.choice(DTYPES)
        values = random_values(rng, draw, shape)
        if dtype.startswith("complex"):
            real, values = values, np.empty(shape, "complex128")
            values.real, values.imag = real, random_values(rng, draw, shape)
        elif "int" in dtype:
            values = draw.integers(-100, 100, shape) * 10 ** rng.randrange(0, 9)
        graph = rng.random() < 0.4 and ("float" in dtype or "complex" in dtype)
        turn = len(shape) > 1 and rng.random() < 0.2
        texts = []
        for library in (torch, rushlight):
            library.set_printoptions(**options)
            library.set_default_dtype(getattr(library, default))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tensor = library.tensor(values).to(getattr(library, dtype))
            tensor = tensor.transpose(0, 1) if turn else tensor
            if graph:
                tensor = tensor.requires_grad_()
            texts.append(repr(tensor))
        assert texts[0] == texts[1], (options, default, dtype, shape)


@pytest.mark.parametrize("profile", ["default", "short", "full"])
def test_same_options(profile):
    for library in (torch, rushlight):
        library.set_printoptions(precision=7, linewidth=33)
        library.set_printoptions(profile=profile, sci_mode=True)
    assert torch._tensor_str.get_printoptions() == _tensor_str.get_printoptions()
