"""Samples of convolutions and their transposes."""

from collections.abc import Callable, Iterable
from typing import Any

from . import nn_references as ref
from .dtypes import INEXACT, kind
from .table import ErrorInput, Inputs, OpSamples, SampleInput, error, sample

SPACE: tuple[int, ...] = (7, 6, 5)
REASON = "sums of up to 144 products"
LOOSE = {
    "float16": (1e-2, 1e-2),
    "bfloat16": (3e-2, 5e-2),
    "float32": (1e-4, 2e-5),
    "complex64": (1e-4, 4e-5),
}


def ready(make: Any, dtype: str, *shape: int, layout: str = "contiguous") -> Any:
    low, high = (-2, 2) if kind(dtype) in "ib" else (-1, 1)
    return make(shape, dtype, low=low, high=high, layout=layout)


def conv_inputs(n: int) -> Inputs:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        small = {1: (4,), 2: (3, 3), 3: (2, 3, 2)}[n]
        two = (2,) * n
        # Small enough for finite differences.
        x, w, b = (
            ready(make, dtype, 1, 1, *small),
            ready(make, dtype, 2, 1, *two),
            ready(make, dtype, 2),
        )
        yield sample(x, w, b)
        yield sample(x, w, None, 2, 1)
        yield sample(x[0], w, b, padding=1)
        yield sample(x, w, stride=2, padding=1, dilation=2)
        two_channels = ready(make, dtype, 1, 2, *small)
        if n < 3:
            yield sample(two_channels, w, b, groups=2)
        space = SPACE[:n]
        x, w, b = (
            ready(make, dtype, 2, 4, *space),
            ready(make, dtype, 6, 4, *(3,) * n),
            ready(make, dtype, 6),
        )
        yield sample(x, w, b)
        yield sample(x, w, b, 2, 1)
        yield sample(x, w, None, 1, 2, 2)
        yield sample(x, ready(make, dtype, 6, 2, *(3,) * n), b, groups=2)
        yield sample(x, ready(make, dtype, 4, 1, *(2,) * n), groups=4, stride=2)
        yield sample(x, w, b, padding="same", dilation=2)
        yield sample(x, w, b, padding="valid")
        yield sample(x, ready(make, dtype, 3, 4, *(1,) * n))
        uneven = tuple(range(1, n + 1))
        yield sample(x, w, b, stride=uneven, padding=uneven)
        layout = "transposed"
        x = ready(make, dtype, 2, 4, *space, layout=layout)
        yield sample(x, ready(make, dtype, 6, 4, *(3,) * n, layout=layout), b)
        yield sample(x[:0], w, b).but(reference=False, grad=False)
        if n == 2 and dtype == "float32":
            x = ready(make, dtype, 3, 16, 17, 19)
            yield sample(x, ready(make, dtype, 33, 16, 3, 3), None, 1, 1)

    return inputs


def transposed_inputs(n: int) -> Inputs:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        small = {1: (4,), 2: (2, 3), 3: (2, 2, 2)}[n]
        x, w, b = (
            ready(make, dtype, 1, 2, *small),
            ready(make, dtype, 2, 1, *(2,) * n),
            ready(make, dtype, 1),
        )
        yield sample(x, w, b)
        yield sample(x, w, None, 2, 1)
        yield sample(x[0], w, b, stride=2)
        yield sample(x, w, stride=2, output_padding=1)
        space = SPACE[:n]
        x, w = ready(make, dtype, 2, 4, *space), ready(make, dtype, 4, 6, *(3,) * n)
        b = ready(make, dtype, 6)
        yield sample(x, w, b, 2, 1, 1)
        yield sample(x, w, b, 1, 0, 0, 1, 2)
        yield sample(x, ready(make, dtype, 4, 3, *(3,) * n), b, groups=2)
        yield sample(x, ready(make, dtype, 4, 1, *(2,) * n), groups=4, stride=2)
        x = ready(make, dtype, 2, 4, *space, layout="transposed")
        yield sample(x, w, b, stride=3, padding=2)

    return inputs


def conv_errors(n: int) -> Callable[[Any], Iterable[ErrorInput]]:
    def errors(make: Any) -> Iterable[ErrorInput]:
        ones = (4,) * n
        x, w = make((1, 3, *ones), "float32"), make((2, 4, *(3,) * n), "float32")
        text = "to have 4 channels, but got 3 channels instead"
        yield error(RuntimeError, text, x, w)
        w = make((2, 3, *(6,) * n), "float32")
        text = "Kernel size can't be greater than actual input size"
        yield error(RuntimeError, text, x, w)
        w = make((2, 3, *(3,) * n), "float32")
        text = "expected bias to be 1-dimensional with 2 elements"
        yield error(RuntimeError, text, x, w, make((3,), "float32"))
        text = "negative padding is not supported"
        yield error(RuntimeError, text, x, w, padding=-1)
        text = "non-positive stride is not supported"
        yield error(RuntimeError, text, x, w, stride=0)
        double, bias = make((2, 3, *(3,) * n), "float64"), make((2,), "float64")
        text = "expected scalar type Float but found Double"
        yield error(RuntimeError, text, x, double)
        text = "Input type (float) and bias type (double) should be the same"
        yield error(RuntimeError, text, x, double, bias)
        text = "weight type (torch.DoubleTensor) should be the same or input should"
        yield error(RuntimeError, text, make(x.shape, "bfloat16"), double)

    return errors


TABLE: list[OpSamples] = [
    OpSamples(
        "nn.functional.conv1d",
        INEXACT,
        conv_inputs(1),
        ref.convolution,
        errors=conv_errors(1),
        tolerance=LOOSE,
        reason=REASON,
        records=("convolution", "_convolution"),
        result="same",
    ),
    OpSamples(
        "nn.functional.conv2d",
        INEXACT,
        conv_inputs(2),
        ref.convolution,
        errors=conv_errors(2),
        tolerance=LOOSE,
        reason=REASON,
        records=("convolution", "mkldnn_convolution"),
        result="same",
    ),
    OpSamples(
        "nn.functional.conv3d",
        INEXACT,
        conv_inputs(3),
        ref.convolution,
        errors=conv_errors(3),
        tolerance=LOOSE,
        reason=REASON,
        result="same",
    ),
    OpSamples(
        "nn.functional.conv_transpose1d",
        INEXACT,
        transposed_inputs(1),
        ref.transposed_convolution,
        tolerance=LOOSE,
        reason=REASON,
        result="same",
    ),
    OpSamples(
        "nn.functional.conv_transpose2d",
        INEXACT,
        transposed_inputs(2),
        ref.transposed_convolution,
        tolerance=LOOSE,
        reason=REASON,
        result="same",
    ),
    OpSamples(
        "nn.functional.conv_transpose3d",
        INEXACT,
        transposed_inputs(3),
        ref.transposed_convolution,
        tolerance=LOOSE,
        reason=REASON,
        result="same",
    ),
]
