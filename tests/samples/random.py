"""Samples of random numbers: seeded, so that every library must give the same ones.

The generator is the 32-bit Mersenne Twister; NumPy holds the same one, which gives the
uniform references. The oracle compares the rest.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .dtypes import BOOL, FLOATS, INEXACT, REAL
from .table import ErrorInput, OpSamples, SampleInput, error, sample

SEED = 20


def words(count: int) -> Any:
    """The generator's first 32-bit words after manual_seed(SEED)."""
    return np.random.RandomState(SEED)._bit_generator.random_raw(count)


def long_words(count: int) -> Any:
    """Pairs of words as 64 bits, the first one on top."""
    pairs = words(2 * count).astype(np.uint64).reshape(-1, 2)
    return (pairs[:, 0] << np.uint64(32)) | pairs[:, 1]


def uniform(size: Any, dtype: Any = None) -> Any:
    shape = (size,) if isinstance(size, int) else tuple(size)
    count, name = math.prod(shape), np.dtype(dtype or np.float32)
    if name == np.float64:
        mantissa = long_words(count) & np.uint64(2**53 - 1)
        return (mantissa * 2.0**-53).reshape(shape)
    return ((words(count) & (2**24 - 1)) * 2.0**-24).reshape(shape)


def whole(low: int, high: int, size: Any, dtype: Any = None) -> Any:
    count = math.prod(size)
    return (words(count).astype(np.int64) % (high - low) + low).reshape(size)


def sizes(*shapes: Any) -> Callable[[Any, str], Iterable[SampleInput]]:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        for shape in shapes:
            exact = dtype in ("float16", "float32", "float64")
            yield sample(shape, dtype=make.dtype(dtype)).but(reference=exact)

    return inputs


SIZES = ((), (3,), (2, 5), (16,), (4, 25), (0, 3), (1031,))


def randint_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    top = {"bool": 2, "uint8": 200, "int8": 100}.get(dtype, 200)
    for low, high in ((0, 2), (0, top), (1, 2)):
        yield sample(low, high, (17,), dtype=make.dtype(dtype))
    if dtype in ("int32", "int64"):
        yield sample(-50, 1000, (3, 4), dtype=make.dtype(dtype))
    if dtype == "int64":
        yield sample(0, 2**40, (5,)).but(reference=False)


def randint_errors(make: Any) -> Iterable[ErrorInput]:
    text = "random_ expects 'from' to be less than 'to', but got from=5 >= to=5"
    yield error(RuntimeError, text, 5, 5, (2,))


def randperm_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for n in (0, 1, 2, 10, 100):
        yield sample(n, dtype=make.dtype(dtype))


def like_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((), (3,), (5, 4), (3, 20)):
        yield sample(make(shape, dtype))


def randint_like_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((3,), (5, 4)):
        yield sample(make(shape, dtype), 2)
        if dtype != "bool":
            yield sample(make(shape, dtype), 1, 100)


def like_errors(make: Any) -> Iterable[ErrorInput]:
    text = "not implemented for 'Long'"
    yield error(NotImplementedError, text, make((3,), "int64"))


def normal_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    mean, std = make((20,), dtype), make((20,), dtype, low=0.1)
    for item in (
        sample(mean, std),
        sample(mean, 2.0),
        sample(0.5, std),
        sample(make((3, 1), dtype), make((4,), dtype, low=0.1)),
    ):
        yield item.but(grad=False)


def normal_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2,), "float32")
    yield error(RuntimeError, "normal expects std >= 0.0, but found std -1", x, -1.0)


def bernoulli_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((), (10,), (4, 5), (300,)):
        yield sample(make(shape, dtype, low=0.0, high=1.0))
    yield sample(make((4, 5), dtype, low=0.0, high=1.0, layout="transposed"))
    yield sample(make((300,), dtype, low=0.0, high=1.0), 0.3)


def bernoulli_errors(make: Any) -> Iterable[ErrorInput]:
    text = "Expected p_in >= 0 && p_in <= 1 to be true"
    yield error(RuntimeError, text, make.value([1.5], "float32"))


def multinomial_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((5,), dtype, low=0.1), 3)
    yield sample(make((2, 5), dtype, low=0.1), 4, False)
    yield sample(make((2, 5), dtype, low=0.1), 8, True)


def multinomial_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((3,), "float32", low=0.1)
    text = "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
    yield error(RuntimeError, text, x, 4)
    text = "probability tensor contains either `inf`, `nan` or element < 0"
    yield error(RuntimeError, text, make.value([-1.0, 1.0], "float32"), 1, True)


def poisson_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((20,), dtype, low=0.1, high=3.0))
    yield sample(make((3, 4), dtype, low=5.0, high=40.0))


def filling(*choices: tuple[Any, ...]) -> Callable[[Any, str], Iterable[SampleInput]]:
    """In-place fillers: short and long, contiguous and not."""

    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        for choice in choices:
            for shape in ((5,), (20,), (3, 7)):
                yield sample(make(shape, dtype), *choice)
            yield sample(make((4, 5), dtype, layout="transposed"), *choice)

    return inputs


def filler(name: str, *choices: tuple[Any, ...], **fields: Any) -> OpSamples:
    return OpSamples(
        f"Tensor.{name}",
        grad=False,
        inputs=filling(*choices),
        seeded=True,
        records=(name, name.rstrip("_")),
        **fields,
    )


TABLE: list[OpSamples] = [
    OpSamples(
        "rand",
        INEXACT,
        sizes(*SIZES),
        uniform,
        seeded=True,
        variants="o",
        grad=False,
        result="same",
    ),
    OpSamples(
        "randn",
        INEXACT,
        sizes(*SIZES),
        seeded=True,
        records=("normal",),
        variants="o",
        grad=False,
        result="same",
    ),
    OpSamples(
        "randint",
        REAL | BOOL,
        randint_inputs,
        whole,
        errors=randint_errors,
        seeded=True,
        variants="o",
        grad=False,
        result="same",
    ),
    OpSamples(
        "randperm",
        REAL,
        randperm_inputs,
        seeded=True,
        variants="o",
        grad=False,
        result="same",
    ),
    OpSamples(
        "rand_like",
        INEXACT,
        like_inputs,
        errors=like_errors,
        seeded=True,
        grad=False,
        result="same",
    ),
    OpSamples(
        "randn_like",
        INEXACT,
        like_inputs,
        errors=like_errors,
        seeded=True,
        grad=False,
        result="same",
    ),
    OpSamples(
        "randint_like",
        REAL | BOOL,
        randint_like_inputs,
        seeded=True,
        grad=False,
        result="same",
    ),
    OpSamples(
        "normal",
        FLOATS,
        normal_inputs,
        errors=normal_errors,
        seeded=True,
        variants="o",
        result="same",
        grad=False,
    ),
    OpSamples(
        "bernoulli",
        FLOATS,
        bernoulli_inputs,
        errors=bernoulli_errors,
        seeded=True,
        variants="mo",
        result="same",
    ),
    OpSamples(
        "multinomial",
        FLOATS,
        multinomial_inputs,
        errors=multinomial_errors,
        seeded=True,
        variants="mo",
        grad=False,
        result="int64",
    ),
    OpSamples("poisson", FLOATS, poisson_inputs, seeded=True, result="same"),
    filler("uniform_", (), (-2.0, 3.0), dtypes=FLOATS, result="same"),
    filler("normal_", (), (1.0, 0.5), dtypes=FLOATS, result="same"),
    filler("random_", (5,), (2, 9), dtypes=REAL, result="same"),
    filler("bernoulli_", (0.3,), (0.5,), dtypes=REAL | BOOL, result="same"),
    filler("exponential_", (), (2.0,), dtypes=FLOATS, result="same"),
    filler("geometric_", (0.3,), dtypes=REAL, result="same"),
    filler("log_normal_", (0.5, 0.25), dtypes=FLOATS, result="same"),
    filler("cauchy_", (), (1.0, 2.0), dtypes=FLOATS, result="same"),
]
