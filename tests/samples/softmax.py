"""Samples of softmax and attention."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from .dtypes import FLOATS, REAL, kind
from .scan_sort import dim_errors
from .table import OpSamples, SampleInput, sample


def softmax_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape, dim in (((5,), 0), ((3, 4), 1), ((3, 4), 0), ((2, 3, 2), -2), ((), 0)):
        yield sample(make(shape, dtype), dim)
    for layout in ("transposed", "strided", "expanded"):
        yield sample(make((4, 3), dtype, layout=layout), 1)
        yield sample(make((4, 3), dtype, layout=layout), 0)
    yield sample(make((0, 3), dtype), 1).but(grad=False)
    yield sample(make((3, 0), dtype), 1).but(grad=False)
    if dtype == "float32":
        yield sample(make((7, 301), dtype), 1).but(grad=False)
        yield sample(make((301, 7), dtype), 0).but(grad=False)
    if kind(dtype) == "f":
        rows = [[500.0, 501.0], [-np.inf, 1.0], [np.nan, 0.0], [np.inf, 1.0]]
        yield sample(make.value(rows, dtype), 1).but(grad=False)


def cast_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make((3, 4), dtype)
    yield sample(x, 1, dtype=make.dtype("float64")).but(result="float64", grad=False)


def softmax(x: Any, dim: int, dtype: Any = None) -> Any:
    x = x if dtype is None else x.astype(dtype)
    if x.size == 0:
        return x
    shifted = np.exp(x - x.max(dim, keepdims=True) if x.ndim else x - x)
    return shifted / (shifted.sum(dim, keepdims=True) if x.ndim else shifted)


def log_softmax(x: Any, dim: int, dtype: Any = None) -> Any:
    x = x if dtype is None else x.astype(dtype)
    if x.size == 0:
        return x
    if x.ndim == 0:
        return x - x
    shifted = x - x.max(dim, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(dim, keepdims=True))


def attention_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for lead in ((), (2,), (1, 2)):
        q = make((*lead, 2, 3), dtype)
        k, v = make((*lead, 3, 3), dtype), make((*lead, 3, 2), dtype)
        yield sample(q, k, v)
        yield sample(q, k, v, scale=0.5)
    q, k = make((1, 2, 3, 2), dtype), make((1, 2, 3, 2), dtype)
    yield sample(q, k, make((1, 2, 3, 2), dtype), is_causal=True)
    mask = make.value([[True, False, True], [True, True, True]], "bool")
    yield sample(q[..., :2, :], k, k, mask)
    bias = make((2, 3), dtype)
    yield sample(q[..., :2, :], k, k, bias)


def attention(
    q: Any,
    k: Any,
    v: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Any:
    factor = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    score = q @ np.swapaxes(k, -1, -2) * factor
    if is_causal:
        attn_mask = np.tri(q.shape[-2], k.shape[-2], dtype=bool)
    if attn_mask is not None and attn_mask.dtype == bool:
        attn_mask = np.where(attn_mask, 0.0, -np.inf)
    if attn_mask is not None:
        score = score + attn_mask
    return softmax(score, -1) @ v


TABLE: list[OpSamples] = [
    OpSamples(
        "softmax",
        FLOATS,
        softmax_inputs,
        softmax,
        errors=dim_errors,
        variants="mo",
        result="same",
    ),
    OpSamples(
        "log_softmax",
        FLOATS,
        softmax_inputs,
        log_softmax,
        errors=dim_errors,
        variants="mo",
        result="same",
    ),
    OpSamples(
        "softmax", REAL, cast_inputs, softmax, label="dtype", variants="mo", grad=False
    ),
    OpSamples(
        "log_softmax",
        REAL,
        cast_inputs,
        log_softmax,
        label="dtype",
        variants="mo",
        grad=False,
    ),
    OpSamples("nn.functional.softmax", FLOATS, softmax_inputs, softmax, result="same"),
    OpSamples(
        "nn.functional.log_softmax", FLOATS, softmax_inputs, log_softmax, result="same"
    ),
    OpSamples(
        "nn.functional.softmin",
        FLOATS,
        softmax_inputs,
        lambda x, dim: softmax(-x, dim),
        result="same",
    ),
    OpSamples("special.softmax", FLOATS, softmax_inputs, softmax, result="same"),
    OpSamples(
        "special.log_softmax", FLOATS, softmax_inputs, log_softmax, result="same"
    ),
    OpSamples(
        "nn.functional.scaled_dot_product_attention",
        FLOATS,
        attention_inputs,
        attention,
        tolerance={"float16": (5e-3, 5e-3), "bfloat16": (3e-2, 4e-2)},
        reason="scores are rounded between the products",
        records=("_scaled_dot_product_flash_attention_for_cpu",),
        result="same",
    ),
]
