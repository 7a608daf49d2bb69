"""Samples of normalisation."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from .dtypes import FLOATS, FULLS
from .table import ErrorInput, OpSamples, SampleInput, error, sample


def whiten(x: Any, axes: Any, eps: float) -> Any:
    mean = x.mean(axes, keepdims=True)
    return (x - mean) / np.sqrt(x.var(axes, keepdims=True) + eps)


def channels(v: Any, x: Any) -> Any:
    return v.reshape(1, -1, *[1] * (x.ndim - 2))


def affine(x: Any, weight: Any, bias: Any) -> Any:
    if weight is not None:
        x = x * channels(weight, x)
    return x if bias is None else x + channels(bias, x)


def statistics(make: Any, dtype: str, count: int) -> tuple[Any, Any]:
    return make((count,), dtype), make((count,), dtype, low=0.5, high=2.0)


def batch_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((4, 2), (2, 3, 3), (2, 2, 2, 2), (2, 3, 2, 3, 2)):
        x, c = make(shape, dtype), shape[1]
        w, b = make((c,), dtype), make((c,), dtype)
        mean, var = statistics(make, dtype, c)
        yield sample(x, mean, var, w, b)
        yield sample(x, None, None, w, b, True)
        yield sample(x, mean, var, None, None, True, 0.3, 1e-3)
        yield sample(x, mean, var, training=False, eps=0.1)
    x = make((2, 3, 4), dtype, layout="transposed")
    yield sample(x, None, None, training=True)
    mean, var = statistics(make, dtype, 5)
    x = make((16, 5, 4, 4), dtype)
    yield sample(x, mean, var, training=True).but(grad=False)


def batch_norm(
    x: Any,
    mean: Any,
    var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    if training:
        x = whiten(x, (0, *range(2, x.ndim)), eps)
    else:
        x = (x - channels(mean, x)) / np.sqrt(channels(var, x) + eps)
    return affine(x, weight, bias)


def running_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((4, 2), (2, 3, 5)):
        yield sample(make(shape, dtype), *statistics(make, dtype, shape[1]))


def running_call(xp: Any) -> Any:
    def call(x: Any, mean: Any, var: Any) -> Any:
        xp.nn.functional.batch_norm(x, mean, var, training=True, momentum=0.25)
        return mean, var

    return call


def running_statistics(x: Any, mean: Any, var: Any) -> Any:
    axes = (0, *range(2, x.ndim))
    new = 0.25 * x.mean(axes), 0.25 * x.var(axes, ddof=1)
    return 0.75 * mean + new[0], 0.75 * var + new[1]


def batch_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((1, 3), "float32")
    text = "Expected more than 1 value per channel when training"
    yield error(ValueError, text, x, None, None, training=True)
    x = make((2, 3), "float32")
    text = "running_mean should contain 3 elements not 2"
    pair = statistics(make, "float32", 2)
    yield error(RuntimeError, text, x, *pair, training=True)
    text = "weight should contain 3 elements not 2"
    yield error(RuntimeError, text, x, None, None, pair[0], training=True)


def layer_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape, normalized in (((2, 3), (3,)), ((2, 2, 3), (2, 3)), ((2, 2, 3), (3,))):
        x = make(shape, dtype)
        w, b = make(normalized, dtype), make(normalized, dtype)
        yield sample(x, normalized)
        yield sample(x, normalized, w, b)
        yield sample(x, normalized, w, eps=0.1)
        yield sample(make(shape, dtype, layout="transposed"), normalized, w, b)
    yield sample(make((5, 131), dtype), (131,)).but(grad=False)
    yield sample(make((0, 3), dtype), (3,)).but(grad=False)


def layer_norm(
    x: Any, shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    x = whiten(x, tuple(range(-len(shape), 0)), eps)
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def layer_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2, 3), "float32")
    text = (
        "Given normalized_shape=[128], expected input with shape [*, 128], but got "
        "input of size[2, 3]"
    )
    yield error(RuntimeError, text, x, (128,))
    text = "Expected weight to be of same shape as normalized_shape"
    yield error(RuntimeError, text, x, (3,), make((2,), "float32"))


def rms_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape, normalized in (((2, 3), (3,)), ((2, 2, 3), (2, 3))):
        x, w = make(shape, dtype), make(normalized, dtype)
        yield sample(x, normalized, eps=1e-4)
        yield sample(x, normalized, w, eps=0.1)
        yield sample(make(shape, dtype, layout="transposed"), normalized, w, 1e-3)
    yield sample(make((2, 5), dtype), (5,)).but(reference=False)


def rms_norm(x: Any, shape: Any, weight: Any = None, eps: float = 0.0) -> Any:
    axes = tuple(range(-len(shape), 0))
    mean = (x * x).mean(axes, keepdims=True)
    x = x / np.sqrt(mean + eps)
    return x if weight is None else x * weight


def group_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape, groups in (
        ((2, 4), 2),
        ((2, 4, 3), 2),
        ((1, 4, 2, 2), 4),
        ((2, 4, 2), 1),
    ):
        x = make(shape, dtype)
        yield sample(x, groups)
        yield sample(x, groups, make((4,), dtype), make((4,), dtype))
        layout = "transposed"
        x = make(shape, dtype, layout=layout)
        yield sample(x, groups, make((4,), dtype), eps=0.1)


def group_norm(
    x: Any, groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    grouped = whiten(x.reshape(x.shape[0], groups, -1), (2,), eps)
    return affine(grouped.reshape(x.shape), weight, bias)


def group_errors(make: Any) -> Iterable[ErrorInput]:
    text = "Expected number of channels in input to be divisible by num_groups"
    yield error(RuntimeError, text, make((2, 4, 3), "float32"), 3)


def instance_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((2, 3, 4), (2, 2, 2, 3), (1, 2, 2, 2, 2)):
        x, c = make(shape, dtype), shape[1]
        yield sample(x)
        yield sample(x, weight=make((c,), dtype), bias=make((c,), dtype), eps=0.1)
        mean, var = statistics(make, dtype, c)
        yield sample(x, mean, var, use_input_stats=False)


def instance_norm(
    x: Any,
    mean: Any = None,
    var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    eps: float = 1e-5,
) -> Any:
    if not use_input_stats:
        return batch_norm(x, mean, var, weight, bias, eps=eps)
    return affine(whiten(x, tuple(range(2, x.ndim)), eps), weight, bias)


def local_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((1, 5, 3), dtype), 3)
    yield sample(make((2, 4, 2, 2), dtype), 2, 0.5, 0.6, 2.0)


def local_response_norm(
    x: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Any:
    square = np.zeros_like(x)
    for c in range(x.shape[1]):
        first = max(0, c - size // 2)
        last = c + (size - 1) // 2 + 1
        square[:, c] = (x[:, first:last] ** 2).sum(1)
    return x / (k + alpha * square / size) ** beta


def normalize_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make((2, 3), dtype)
    yield sample(x)
    yield sample(x, 1.0, 0)
    yield sample(make((2, 3, 2), dtype, layout="transposed"), 3, -1)
    if dtype != "float16":  # eps vanishes in it
        yield sample(make.value([[0.0, 0.0], [3.0, 4.0]], dtype)).but(grad=False)


def normalize(x: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    size = (np.abs(x) ** p).sum(dim, keepdims=True) ** (1 / p)
    return x / np.maximum(size, eps)


HALF = {"float16": (6e-3, 6e-3), "bfloat16": (3e-2, 5e-2), "float32": (1e-4, 1e-5)}
LOOSE: dict[str, Any] = {
    "tolerance": HALF,
    "reason": "division by a small deviation magnifies the rounding of the mean",
}

TABLE: list[OpSamples] = [
    OpSamples(
        "nn.functional.batch_norm",
        FLOATS,
        batch_inputs,
        batch_norm,
        errors=batch_errors,
        constant=(1, 2),
        records=("batch_norm", "native_batch_norm", "cudnn_batch_norm"),
        **LOOSE,
        result="same",
    ),
    OpSamples(
        "nn.functional.batch_norm",
        FLOATS,
        running_inputs,
        running_statistics,
        call=running_call,
        label="running statistics",
        any_layout=False,
        constant=(0, 1, 2),
        **LOOSE,
        grad=False,
    ),
    OpSamples(
        "nn.functional.layer_norm",
        FLOATS,
        layer_inputs,
        layer_norm,
        errors=layer_errors,
        records=("native_layer_norm",),
        **LOOSE,
        result="same",
    ),
    OpSamples(
        "nn.functional.rms_norm",
        FLOATS,
        rms_inputs,
        rms_norm,
        records=("_fused_rms_norm",),
        **LOOSE,
        result="same",
    ),
    OpSamples(
        "nn.functional.group_norm",
        FLOATS,
        group_inputs,
        group_norm,
        errors=group_errors,
        records=("native_group_norm",),
        **LOOSE,
        result="same",
    ),
    OpSamples(
        "nn.functional.instance_norm",
        FLOATS,
        instance_inputs,
        instance_norm,
        constant=(1, 2),
        **LOOSE,
        result="same",
    ),
    OpSamples(
        "nn.functional.local_response_norm",
        FULLS,
        local_inputs,
        local_response_norm,
        **LOOSE,
        result="same",
    ),
    OpSamples(
        "nn.functional.normalize",
        FLOATS,
        normalize_inputs,
        normalize,
        **LOOSE,
        variants="o",
        result="same",
    ),
]
