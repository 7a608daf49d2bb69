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


def special_values(rng, count):
    """Numbers of one kind: those that decide widths and notation."""
    special = [float("inf"), float("-inf"), float("nan"), -0.0, 0.0, 1.0]
    draw = {
        "small": lambda: float(rng.randint(-99, 99)),
        "unit": lambda: rng.uniform(-1, 1),
        "wide": lambda: rng.uniform(-1, 1) * 10.0 ** rng.randint(-7, 7),
        "huge": lambda: rng.uniform(-1, 1) * 10.0 ** rng.randint(10, 38),
        "tiny": lambda: rng.uniform(-1, 1) * 10.0 ** rng.randint(-40, -5),
        "special": lambda: rng.choice([*special, rng.uniform(-9, 9)]),
        "whole": lambda: rng.choice([float("inf"), float("nan"), -0.0, 2.0, -17.0]),
        "zero": lambda: rng.choice([0.0, -0.0]),
    }
    number = draw[rng.choice(list(draw))]
    return [number() for _ in range(count)]


def special_options(rng, count):
    options = {}
    if rng.random() < 0.3:
        options["profile"] = rng.choice(["default", "short", "full"])
    if options.get("profile") == "full" and count >= 400:
        return options
    for name, choices in {
        "precision": [0, 1, 2, 3, 5, 8, 12],
        "threshold": [0, 1, 5, 50, 1000],
        "edgeitems": [1, 2, 3, 5, 8],
        "linewidth": [10, 20, 40, 80, 120, 200],
        "sci_mode": [True, False],
    }.items():
        if rng.random() < 0.4:
            options[name] = rng.choice(choices)
    return options


SHAPES = """() 0 1 3 7 2,3 3,0 0,2,3 1,1,1 2,3,4 5,1,2 30 12,9 40,30 3,3,11,2 2,600 1200
9,2,7""".split()


def shown(tensor):
    """The tensor as Python's ways of showing it do, or why they do not."""
    out = [repr(tensor), str(tensor)]
    for ask in (
        lambda: f"{tensor}",
        lambda: f"{tensor:.3f}",
        lambda: f"{tensor:>20}",
        lambda: f"{tensor.detach()[..., :2]!r:.60}",
        lambda: repr(tensor.detach().real),
    ):
        try:
            out.append(ask())
        except (TypeError, ValueError, RuntimeError, IndexError) as error:
            out.append(f"{type(error).__name__}: {error}")
    return out


@pytest.mark.parametrize("seed", range(20))
def test_same_text_of_special_values(seed):
    rng = random.Random(seed)
    for _ in range(20):
        shape = [int(n) for n in rng.choice(SHAPES).strip("()").split(",") if n]
        count = int(np.prod(shape))
        dtype = rng.choice([*DTYPES, *DTYPES[6:]])
        values = np.array(special_values(rng, count))
        if "int" in dtype or dtype == "bool":
            low, high = rng.choice([(0, 9), (0, 127), (-9, 9), (-128, 127)])
            values = np.array([rng.randint(low, high) for _ in range(count)], "int64")
            values = np.abs(values) if dtype in ("uint8", "bool") else values
        elif "complex" in dtype:
            real, values = values, np.empty(count, "complex128")
            values.real, values.imag = real, special_values(rng, count)
        options = special_options(rng, count)
        turned, recorded = rng.random() < 0.2, rng.random() < 0.15
        texts = []
        for library in (torch, rushlight):
            library.set_printoptions(profile="default", sci_mode=None)
            library.set_printoptions(**options)
            tensor = (
                library.from_numpy(values).to(getattr(library, dtype)).reshape(shape)
            )
            if turned and len(shape) > 1:
                tensor = tensor.transpose(0, 1)
            if recorded and (tensor.is_floating_point() or tensor.is_complex()):
                tensor = tensor.requires_grad_()
            texts.append([text.replace("rushlight", "torch") for text in shown(tensor)])
        assert texts[0] == texts[1], (options, dtype, shape)


@pytest.mark.parametrize("profile", ["default", "short", "full"])
def test_same_options(profile):
    for library in (torch, rushlight):
        library.set_printoptions(precision=7, linewidth=33)
        library.set_printoptions(profile=profile, sci_mode=True)
    assert torch._tensor_str.get_printoptions() == _tensor_str.get_printoptions()
