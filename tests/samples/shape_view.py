"""Samples of the operators that return views of their argument."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from . import view_references as ref
from .dtypes import ALL, COMPLEX, FULLS
from .scan_sort import dim_errors
from .table import ErrorInput, Errors, OpSamples, SampleInput, error, sample

Reference = Callable[..., Any]


Case = tuple[tuple[int, ...], tuple[Any, ...]]


def view(
    name: str,
    reference: Reference,
    *cases: Case,
    dtypes: frozenset[str],
    errors: Errors | None = None,
    layouts: tuple[str, ...] = ("contiguous", "transposed", "strided"),
    **fields: Any,
) -> OpSamples:
    """A row of (shape, arguments) cases, each in several memory layouts."""

    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        for shape, args in cases:
            for layout in layouts:
                x = make(shape, dtype, layout=layout)
                yield sample(x, *args).but(grad=0 not in shape)

    fields.setdefault("view", True)
    fields.setdefault("strides", True)
    return OpSamples(name, dtypes, inputs, reference, errors=errors, **fields)


def view_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((3, 4), "float32")
    yield error(
        RuntimeError, "shape '[5, 2]' is invalid for input of size 12", x, (5, 2)
    )
    yield error(RuntimeError, "only one dimension can be inferred", x, (-1, -1))
    yield error(RuntimeError, "invalid shape dimension -2", x, (-2, 6))


def tensor_view_errors(make: Any) -> Iterable[ErrorInput]:
    yield from view_errors(make)
    text = "view size is not compatible with input tensor's size and stride"
    yield error(RuntimeError, text, make((3, 4), "float32").t(), (12,))


def expand_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2, 3), "float32")
    text = (
        "The expanded size of the tensor (4) must match the existing size (2) "
        "at non-singleton dimension 0"
    )
    yield error(RuntimeError, text, x, (4, 3))
    text = "must be greater or equal to the number of dimensions in the tensor (2)"
    yield error(RuntimeError, text, x, (3,))


def transpose_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2, 3), "float32")
    yield error(IndexError, "Dimension out of range", x, 0, 2)


def permute_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2, 3), "float32")
    yield error(RuntimeError, "duplicate dim", x, (0, 0))
    text = "number of dimensions in the tensor input does not match"
    yield error(RuntimeError, text, x, (0, 1, 2))


def t_errors(make: Any) -> Iterable[ErrorInput]:
    text = "t() expects a tensor with <= 2 dimensions, but self is 3D"
    yield error(RuntimeError, text, make((2, 3, 4), "float32"))


def unsqueeze_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((4,), "float32")
    text = "Dimension out of range (expected to be in range of [-2, 1], but got "
    yield error(IndexError, text + "-3)", x, -3)
    yield error(IndexError, text + "2)", x, 2)


def select_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2, 3), "float32")
    text = "select(): index 3 out of range for tensor of size [2, 3] at dimension 1"
    yield error(IndexError, text, x, 1, 3)
    yield error(IndexError, "Dimension out of range", x, 2, 0)


def narrow_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((3,), "float32")
    yield error(RuntimeError, "exceeds dimension size (3)", x, 0, 1, 3)
    yield error(RuntimeError, "length must be non-negative", x, 0, 1, -1)


def split_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((5,), "float32")
    yield error(RuntimeError, "split_size", x, (2, 2))
    yield error(RuntimeError, "split expects split_size be non-negative", x, -1)


def chunk_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((5,), "float32")
    yield error(
        RuntimeError, "chunk expects `chunks` to be greater than 0, got: 0", x, 0
    )


def unfold_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((5,), "float32")
    yield error(RuntimeError, "maximum size for tensor at dimension 0 is 5", x, 0, 6, 1)
    yield error(RuntimeError, "step is 0 but must be > 0", x, 0, 2, 0)


def diagonal_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((3, 3), "float32")
    text = "diagonal dimensions cannot be identical"
    yield error(RuntimeError, text, x, 0, 1, 1)


def as_strided_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make((12,), dtype)
    yield sample(x, (3, 2), (4, 1))
    yield sample(x, (2, 3), (1, 2), 1)
    yield sample(x, (3, 3), (2, 1))
    yield sample(x, (), ())
    yield sample(make((3, 4), dtype), (2, 2), (1, 4), 2)


def as_strided_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((4,), "float32")
    text = "are out of bounds for storage of size 16"
    yield error(RuntimeError, text, x, (3, 2), (4, 1))
    yield error(
        RuntimeError, "mismatch in length of strides and shape", x, (2,), (1, 1)
    )


def view_as_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((3, 4), dtype), make((2, 6), dtype))
    yield sample(make((1,), dtype), make((), dtype))


def expand_as_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((3, 1), dtype), make((2, 3, 4), dtype))
    yield sample(make((), dtype), make((3,), dtype))


def complex_view_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((), (3,), (2, 3), (0, 2)):
        yield sample(make(shape, dtype)).but(grad=0 not in shape)
    yield sample(make((2, 3), dtype, layout="transposed"))


def real_pairs_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((2,), (3, 2), (2, 3, 2)):
        yield sample(make(shape, dtype))


def reinterpret_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    target = {1: "int8", 2: "int16", 4: "int32", 8: "int64", 16: "float64"}
    sizes = {"bool": 1, "uint8": 1, "int8": 1, "int16": 2, "float16": 2, "bfloat16": 2}
    sizes |= {"int32": 4, "float32": 4, "complex128": 16}
    x = make((3, 4), dtype)
    name = target[sizes.get(dtype, 8)]
    yield sample(x, make.dtype(name)).but(result=name, reference=dtype != "bfloat16")
    yield sample(x, make.dtype("int8")).but(
        result="int8", reference=dtype != "bfloat16"
    )


def broadcast_tensors_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((3, 1), dtype), make((4,), dtype))
    yield sample(make((), dtype), make((2, 1, 3), dtype), make((2, 1), dtype))


def list_view(name: str, function: Reference, *cases: Case, **fields: Any) -> OpSamples:
    return view(name, function, *cases, **fields)


A: Any = ()


TABLE: list[OpSamples] = [
    view(
        "Tensor.view",
        lambda x, shape: x.reshape(shape),
        ((3, 4), ((12,),)),
        ((3, 4), ((2, -1),)),
        ((3, 4), ((3, 2, 2),)),
        ((), ((1, 1),)),
        ((0, 3), ((3, 0),)),
        layouts=("contiguous", "offset"),
        errors=tensor_view_errors,
        dtypes=ALL,
        result="same",
    ),
    view(
        "Tensor.view",
        lambda x, shape: x.reshape(shape),
        ((6, 2, 3), ((2, 3, 2, 3),)),
        label="split of strided",
        layouts=("transposed", "strided"),
        dtypes=ALL,
        result="same",
    ),
    OpSamples(
        "Tensor.view",
        ALL,
        reinterpret_inputs,
        None,
        label="dtype",
        any_layout=False,
        grad=False,
    ),
    OpSamples(
        "Tensor.view_as",
        ALL,
        view_as_inputs,
        lambda x, y: x.reshape(y.shape),
        any_layout=False,
        result="same",
    ),
    OpSamples(
        "Tensor.expand_as",
        ALL,
        expand_as_inputs,
        lambda x, y: np.broadcast_to(x, y.shape),
        result="same",
    ),
    OpSamples(
        "broadcast_tensors",
        ALL,
        broadcast_tensors_inputs,
        lambda *xs: tuple(np.broadcast_arrays(*xs)),
    ),
    view(
        "transpose",
        ref.transpose,
        ((3, 4), (0, 1)),
        ((2, 3, 4), (-1, 0)),
        ((), (0, -1)),
        ((0, 3), (0, 1)),
        errors=transpose_errors,
        dtypes=ALL,
        variants="mi",
        result="same",
    ),
    view(
        "swapaxes",
        ref.transpose,
        ((2, 3, 4), (0, 2)),
        ((3, 4), (-1, -2)),
        dtypes=ALL,
        variants="mi",
        result="same",
    ),
    view(
        "swapdims",
        ref.transpose,
        ((2, 3, 4), (0, 2)),
        dtypes=ALL,
        variants="mi",
        result="same",
    ),
    view(
        "t",
        lambda x: x.T,
        ((3, 4), A),
        ((3,), A),
        ((), A),
        errors=t_errors,
        dtypes=ALL,
        variants="mi",
        result="same",
    ),
    view(
        "permute",
        np.transpose,
        ((2, 3, 4), ((2, 0, 1),)),
        ((2, 3, 4), ((-1, 1, 0),)),
        ((), ((),)),
        ((0, 2), ((1, 0),)),
        errors=permute_errors,
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    view(
        "movedim",
        np.moveaxis,
        ((2, 3, 4), (0, 2)),
        ((2, 3, 4), (-1, 0)),
        ((2, 3, 4), ((0, 1), (1, 2))),
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    view(
        "moveaxis",
        np.moveaxis,
        ((2, 3, 4), (0, -1)),
        ((2, 3, 4), ((0, 1), (1, 0))),
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    view(
        "adjoint",
        lambda x: np.conj(np.swapaxes(x, -1, -2)),
        ((2, 3, 4), A),
        view=False,
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    view(
        "squeeze",
        ref.squeeze,
        ((2, 1, 3, 1), A),
        ((2, 1, 3, 1), (1,)),
        ((2, 1, 3, 1), (0,)),
        ((2, 1, 3, 1), (-1,)),
        ((2, 1, 3, 1), ((1, 3),)),
        ((1, 1), A),
        ((), (0,)),
        errors=dim_errors,
        dtypes=ALL,
        variants="mi",
        result="same",
    ),
    view(
        "unsqueeze",
        lambda x, d: np.expand_dims(x, d),
        ((4,), (0,)),
        ((4,), (-1,)),
        ((2, 3), (1,)),
        ((2, 3), (-3,)),
        ((), (0,)),
        ((0, 2), (1,)),
        errors=unsqueeze_errors,
        dtypes=ALL,
        variants="mi",
        result="same",
    ),
    view(
        "Tensor.expand",
        ref.expand,
        ((3, 1), ((3, 4),)),
        ((3, 1), ((2, -1, 4),)),
        ((), ((2, 3),)),
        ((1, 3), ((0, 3),)),
        errors=expand_errors,
        dtypes=ALL,
        result="same",
    ),
    view(
        "broadcast_to",
        np.broadcast_to,
        ((3, 1), ((3, 4),)),
        ((3,), ((2, 3),)),
        ((), ((2,),)),
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    view(
        "narrow",
        ref.narrow,
        ((3, 4), (0, 1, 2)),
        ((3, 4), (1, -3, 2)),
        ((3, 4), (-1, 4, 0)),
        errors=narrow_errors,
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    view(
        "select",
        ref.select,
        ((3, 4), (0, 1)),
        ((3, 4), (1, -1)),
        ((2, 3, 2), (-2, 2)),
        errors=select_errors,
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    view(
        "unbind",
        ref.unbind,
        ((3, 2), A),
        ((3, 2), (1,)),
        ((2, 2, 3), (-1,)),
        dtypes=ALL,
        variants="m",
    ),
    view(
        "Tensor.unfold",
        ref.unfold,
        ((7,), (0, 3, 2)),
        ((3, 6), (1, 2, 2)),
        ((3, 6), (-2, 3, 1)),
        ((), (0, 1, 1)),
        errors=unfold_errors,
        dtypes=ALL,
        result="same",
    ),
    view(
        "diagonal",
        np.diagonal,
        ((3, 4), A),
        ((3, 4), (1,)),
        ((3, 4), (-2,)),
        ((2, 3, 4), (0, 1, 2)),
        ((2, 3, 4), (-1, 0, 2)),
        errors=diagonal_errors,
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    list_view(
        "split",
        ref.split,
        ((7,), (3,)),
        ((4, 6), (4, 1)),
        ((5, 2), ((1, 0, 4),)),
        ((4, 6), ((2, 4), -1)),
        errors=split_errors,
        dtypes=ALL,
        variants="m",
    ),
    list_view(
        "split_with_sizes",
        ref.split,
        ((5, 2), ((1, 4),)),
        ((2, 5), ((2, 3), 1)),
        dtypes=ALL,
        variants="m",
    ),
    list_view(
        "chunk",
        ref.chunk,
        ((7,), (3,)),
        ((4, 6), (4, -1)),
        ((2, 3), (5,)),
        errors=chunk_errors,
        dtypes=ALL,
        variants="m",
    ),
    list_view(
        "tensor_split",
        ref.tensor_split,
        ((7,), (3,)),
        ((4, 6), ((1, 4), 1)),
        ((2, 3), (5, -1)),
        dtypes=ALL,
        variants="m",
    ),
    list_view(
        "hsplit",
        lambda x, n: tuple(np.hsplit(x, n)),
        ((4, 6), (3,)),
        ((6,), (2,)),
        dtypes=ALL,
        variants="m",
    ),
    list_view(
        "vsplit",
        lambda x, n: tuple(np.vsplit(x, n)),
        ((4, 6), (2,)),
        dtypes=ALL,
        variants="m",
    ),
    list_view(
        "dsplit",
        lambda x, n: tuple(np.dsplit(x, n)),
        ((2, 3, 4), ((1, 3),)),
        dtypes=ALL,
        variants="m",
    ),
    view(
        "flatten",
        ref.flatten,
        ((2, 3, 4), A),
        ((2, 3, 4), (1,)),
        ((2, 3, 4), (0, 1)),
        ((), A),
        view=False,
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    view(
        "ravel",
        np.ravel,
        ((2, 3), A),
        ((), A),
        view=False,
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    view(
        "unflatten",
        ref.unflatten,
        ((12,), (0, (3, 4))),
        ((2, 6), (1, (-1, 2))),
        ((2, 6), (-1, (3, 2))),
        layouts=("contiguous",),
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    view(
        "reshape",
        np.reshape,
        ((3, 4), ((12,),)),
        ((3, 4), ((2, -1),)),
        ((), ((1, 1),)),
        ((1,), ((),)),
        ((0, 3), ((0, 5),)),
        view=False,
        errors=view_errors,
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    OpSamples(
        "as_strided",
        ALL,
        as_strided_inputs,
        ref.as_strided_of,
        errors=as_strided_errors,
        view=True,
        strides=True,
        variants="mi",
        result="same",
    ),
    view(
        "atleast_1d",
        np.atleast_1d,
        ((), A),
        ((2,), A),
        ((2, 3), A),
        dtypes=ALL,
        result="same",
    ),
    view(
        "atleast_2d",
        np.atleast_2d,
        ((), A),
        ((2,), A),
        ((2, 3), A),
        dtypes=ALL,
        result="same",
    ),
    view(
        "atleast_3d",
        np.atleast_3d,
        ((), A),
        ((2,), A),
        ((2, 3), A),
        ((2, 3, 2), A),
        dtypes=ALL,
        result="same",
    ),
    OpSamples(
        "view_as_real",
        COMPLEX,
        complex_view_inputs,
        ref.view_as_real,
        view=True,
        result="real",
    ),
    OpSamples(
        "view_as_complex",
        FULLS,
        real_pairs_inputs,
        lambda x: x[..., 0] + 1j * x[..., 1],
        any_layout=False,
    ),
]
