"""Samples of operators that only exist in place, of casts and of item assignment."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from .dtypes import ALL
from .table import ErrorInput, OpSamples, SampleInput, error, sample


def fill_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for layout in ("contiguous", "transposed", "strided"):
        yield sample(make((4, 3), dtype, layout=layout), 1)
        yield sample(make((4, 3), dtype, layout=layout), make((), dtype))
    yield sample(make((0, 2), dtype), 1).but(grad=False)
    yield sample(make((), dtype), 1)


def fill_errors(make: Any) -> Iterable[ErrorInput]:
    text = "fill_ only supports 0-dimension value tensor but got tensor with 1 dim"
    yield error(RuntimeError, text, make((3,), "float32"), make((3,), "float32"))


def zero_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for layout in ("contiguous", "transposed", "strided"):
        yield sample(make((4, 3), dtype, layout=layout))


def copy_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for layout in ("contiguous", "transposed", "strided"):
        x = make((4, 3), dtype, layout=layout)
        yield sample(x, make((4, 3), dtype, layout="transposed"))
        yield sample(make((4, 3), dtype, layout=layout), make((3,), dtype))
    yield sample(make((2, 3), dtype), make((), dtype))
    for other in ("int64", "float32", "bool"):
        yield sample(make((2, 3), dtype), make((3,), other, low=0)).but(grad=False)


def copy_to(x: Any, source: Any) -> Any:
    return np.broadcast_to(source, x.shape).astype(x.dtype)


def copy_errors(make: Any) -> Iterable[ErrorInput]:
    text = "must match the size of tensor b (4) at non-singleton dimension 0"
    yield error(RuntimeError, text, make((3,), "float32"), make((4,), "float32"))


def diagonal_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((3, 3), dtype), 1)
    yield sample(make((3, 4), dtype, layout="transposed"), 2)
    yield sample(make((7, 3), dtype), 1, wrap=True)
    yield sample(make((3, 3, 3), dtype), 1)


def fill_diagonal(x: Any, value: float, wrap: bool = False) -> Any:
    np.fill_diagonal(x, value, wrap)
    return x


def cast_row(method: str, target: str) -> OpSamples:
    """`x.float()` and its relatives."""

    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        low = 0 if target == "uint8" else None
        for shape in ((), (5,), (2, 3), (0,)):
            yield sample(make(shape, dtype, low=low)).but(grad=0 not in shape)
        yield sample(make((4, 3), dtype, low=low, layout="transposed"))

    def reference(x: Any) -> Any:
        name = "float32" if target == "bfloat16" else target
        return x.astype(name)

    return OpSamples(
        f"Tensor.{method}",
        ALL,
        inputs,
        reference,
        result=target,
        grad=target in ("float64", "complex128"),
        records=("to", "_to_copy"),
    )


def to_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for target in ("float64", "int32", "bool", "complex128"):
        x = make((4, 3), dtype, low=0, layout="transposed")
        smooth = target in ("float64", "complex128")
        yield sample(x, make.dtype(target)).but(result=target, grad=smooth)
    yield sample(x, make((2,), "float64")).but(result="float64")


def type_as_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for target in ("float64", "int64"):
        item = sample(make((2, 3), dtype, low=0), make((1,), target))
        yield item.but(result=target, grad=target == "float64")


def to_reference(x: Any, target: Any) -> Any:
    return x.astype(target.dtype if hasattr(target, "dtype") else target)


def same_shape(name: str, *args: Any) -> OpSamples:
    """In-place view operators: the tensor itself changes its shape."""
    operation = {
        "t_": lambda x: x.T,
        "transpose_": lambda x, a, b: np.swapaxes(x, a, b),
        "squeeze_": lambda x: np.squeeze(x),
        "unsqueeze_": lambda x, d: np.expand_dims(x, d),
    }[name]

    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        yield sample(make((2, 3), dtype), *args)
        yield sample(make((1, 3), dtype), *args)
        yield sample(make((4, 3), dtype, layout="transposed"), *args)

    return OpSamples(f"Tensor.{name}", ALL, inputs, operation, result="same")


def resize_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((2, 3), dtype), (3, 2))
    yield sample(make((2, 3), dtype), (2,))
    yield sample(make((2, 3), dtype), (0, 4))


def resize(x: Any, size: Any) -> Any:
    return x.reshape(-1)[: int(np.prod(size))].reshape(size)


TABLE: list[OpSamples] = [
    OpSamples(
        "Tensor.fill_",
        ALL,
        fill_inputs,
        lambda x, v: np.full(x.shape, v, x.dtype),
        errors=fill_errors,
        result="same",
    ),
    OpSamples("Tensor.zero_", ALL, zero_inputs, np.zeros_like, result="same"),
    OpSamples(
        "Tensor.copy_", ALL, copy_inputs, copy_to, errors=copy_errors, result="same"
    ),
    OpSamples(
        "Tensor.fill_diagonal_", ALL, diagonal_inputs, fill_diagonal, result="same"
    ),
    OpSamples("Tensor.to", ALL, to_inputs, to_reference),
    OpSamples("Tensor.type_as", ALL, type_as_inputs, to_reference),
    OpSamples("Tensor.resize_", ALL, resize_inputs, resize, grad=False, result="same"),
    cast_row("bool", "bool"),
    cast_row("byte", "uint8"),
    cast_row("char", "int8"),
    cast_row("short", "int16"),
    cast_row("int", "int32"),
    cast_row("long", "int64"),
    cast_row("half", "float16"),
    cast_row("bfloat16", "bfloat16"),
    cast_row("float", "float32"),
    cast_row("double", "float64"),
    same_shape("t_"),
    same_shape("transpose_", 0, 1),
    same_shape("squeeze_"),
    same_shape("unsqueeze_", 1),
]
