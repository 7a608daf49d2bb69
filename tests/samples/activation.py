"""Samples of activation functions."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from scipy import special

from .dtypes import FLOATS, REAL
from .pointwise_unary import unary_inputs
from .table import ErrorInput, OpSamples, SampleInput, error, sample


def activation(
    name: str,
    reference: Callable[..., Any],
    *choices: dict[str, Any],
    dtypes: frozenset[str],
    extremal: bool = True,
    **fields: Any,
) -> OpSamples:
    """A row of plain calls, and calls under each set of options."""

    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        yield from unary_inputs(make, dtype, extremal=extremal)
        for choice in choices:
            yield sample(make((3, 4), dtype), **choice)
            yield sample(make((4, 3), dtype, layout="transposed"), **choice)

    return OpSamples(f"nn.functional.{name}", dtypes, inputs, reference, **fields)


def sigmoid(x: Any) -> Any:
    return special.expit(x)


def softplus(x: Any, beta: float = 1, threshold: float = 20) -> Any:
    return np.where(x * beta > threshold, x, np.log1p(np.exp(x * beta)) / beta)


def elu(x: Any, alpha: float = 1.0) -> Any:
    return np.where(x > 0, x, alpha * np.expm1(x))


def selu(x: Any) -> Any:
    # Constants of Klambauer et al., "Self-Normalizing Neural Networks", 2017.
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def celu(x: Any, alpha: float = 1.0) -> Any:
    return np.maximum(x, 0) + np.minimum(alpha * np.expm1(x / alpha), 0)


def gelu(x: Any, approximate: str = "none") -> Any:
    if approximate == "none":
        return x * special.ndtr(x)
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def hardshrink(x: Any, lambd: float = 0.5) -> Any:
    return np.where(np.abs(x) <= lambd, 0, x)


def softshrink(x: Any, lambd: float = 0.5) -> Any:
    shrunk = np.sign(x) * np.maximum(np.abs(x) - lambd, 0)
    return np.where(np.isnan(x), x, shrunk)


def hardtanh(x: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    return np.clip(x, min_val, max_val)


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    return np.where(x > 0, x, x * negative_slope)


def threshold_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for layout in ("contiguous", "transposed", "strided"):
        yield sample(make((4, 3), dtype, layout=layout), 0.5, 20.0)
        yield sample(make((4, 3), dtype, layout=layout), 0, 2)


def prelu_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape, count in (
        ((4,), 1),
        ((2, 3), 3),
        ((2, 3, 2), 3),
        ((2, 3, 2), 1),
        ((), 1),
    ):
        yield sample(make(shape, dtype), make((count,), dtype))
    yield sample(make((2, 3, 2), dtype, layout="transposed"), make((3,), dtype))


def prelu(x: Any, weight: Any) -> Any:
    if weight.size > 1:
        weight = weight.reshape(-1, *[1] * (x.ndim - 2))
    else:
        weight = weight.reshape(())
    return np.where(x > 0, x, x * weight)


def glu_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((4,), dtype))
    yield sample(make((2, 3), dtype), 0)
    yield sample(make((2, 4, 3), dtype, layout="transposed"), 1)
    yield sample(make((3, 2), dtype), -1)


def glu(x: Any, dim: int = -1) -> Any:
    a, b = np.split(x, 2, dim)
    return a * sigmoid(b)


def glu_errors(make: Any) -> Iterable[ErrorInput]:
    text = "Halving dimension must be even, but dimension 1 is size 3"
    yield error(RuntimeError, text, make((2, 3), "float32"))


def logsigmoid(x: Any) -> Any:
    return -np.logaddexp(0, -x)


def kink_free_rrelu(xp: Any) -> Any:
    return lambda x: xp.nn.functional.rrelu(x, 0.1, 0.3, training=False)


TABLE: list[OpSamples] = [
    OpSamples(
        "relu",
        FLOATS,
        unary_inputs,
        lambda x: np.maximum(x, 0),
        variants="mi",
        result="same",
    ),
    activation("relu", lambda x: np.maximum(x, 0), dtypes=REAL, result="same"),
    activation("relu6", lambda x: np.clip(x, 0, 6), dtypes=FLOATS, result="same"),
    activation(
        "leaky_relu", leaky_relu, {"negative_slope": 0.2}, dtypes=FLOATS, result="same"
    ),
    activation("elu", elu, {"alpha": 0.5}, dtypes=FLOATS, result="same"),
    activation("selu", selu, dtypes=FLOATS, result="same"),
    activation("celu", celu, {"alpha": 0.5}, dtypes=FLOATS, result="same"),
    activation(
        "gelu",
        gelu,
        {"approximate": "tanh"},
        extremal=False,
        dtypes=FLOATS,
        variants="o",
        result="same",
    ),
    activation(
        "silu", lambda x: x * sigmoid(x), extremal=False, dtypes=FLOATS, result="same"
    ),
    activation(
        "mish",
        lambda x: x * np.tanh(softplus(x)),
        extremal=False,
        dtypes=FLOATS,
        result="same",
    ),
    activation("sigmoid", sigmoid, dtypes=FLOATS, result="same"),
    activation("tanh", np.tanh, dtypes=FLOATS, result="same"),
    activation(
        "logsigmoid",
        logsigmoid,
        records=("log_sigmoid", "log_sigmoid_forward"),
        dtypes=FLOATS,
        variants="o",
        result="same",
    ),
    activation(
        "softplus",
        softplus,
        {"beta": 2.0, "threshold": 3.0},
        dtypes=FLOATS,
        variants="o",
        result="same",
    ),
    activation(
        "softsign",
        lambda x: x / (1 + np.abs(x)),
        extremal=False,
        dtypes=FLOATS,
        result="same",
    ),
    activation(
        "tanhshrink",
        lambda x: x - np.tanh(x),
        extremal=False,
        dtypes=FLOATS,
        result="same",
    ),
    activation(
        "hardtanh",
        hardtanh,
        {"min_val": -0.5, "max_val": 2.0},
        dtypes=FLOATS,
        result="same",
    ),
    activation(
        "hardsigmoid",
        lambda x: np.clip(x + 3, 0, 6) / 6,
        dtypes=FLOATS,
        gradgrad=False,
        result="same",
    ),
    activation(
        "hardswish",
        lambda x: x * np.clip(x + 3, 0, 6) / 6,
        extremal=False,
        dtypes=FLOATS,
        result="same",
    ),
    activation(
        "hardshrink",
        hardshrink,
        {"lambd": 1.0},
        dtypes=FLOATS,
        variants="o",
        result="same",
    ),
    activation(
        "softshrink",
        softshrink,
        {"lambd": 1.0},
        dtypes=FLOATS,
        variants="o",
        result="same",
    ),
    OpSamples(
        "nn.functional.threshold",
        REAL,
        threshold_inputs,
        lambda x, t, v: np.where(x > t, x, v),
        result="same",
    ),
    OpSamples("nn.functional.prelu", FLOATS, prelu_inputs, prelu, result="same"),
    OpSamples(
        "nn.functional.glu", FLOATS, glu_inputs, glu, errors=glu_errors, result="same"
    ),
    OpSamples(
        "nn.functional.rrelu",
        FLOATS,
        unary_inputs,
        lambda x: np.where(x >= 0, x, x * 0.2),
        call=kink_free_rrelu,
        records=("rrelu_with_noise",),
        result="same",
    ),
]
