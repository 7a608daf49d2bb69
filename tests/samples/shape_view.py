"""Samples of the operators that return views of their argument."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from . import view_errors as bad, view_references as ref
from .dtypes import ALL, COMPLEX, FLOATS, FULLS
from .scan_sort import dim_errors
from .table import Errors, OpSamples, SampleInput, sample

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


def as_strided_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make((12,), dtype)
    yield sample(x, (3, 2), (4, 1))
    yield sample(x, (2, 3), (1, 2), 1)
    yield sample(x, (3, 3), (2, 1))
    yield sample(x, (), ())
    yield sample(make((3, 4), dtype), (2, 2), (1, 4), 2)


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


def attribute(name: str) -> Callable[[Any], Callable[[Any], Any]]:
    return lambda xp: lambda x: getattr(x, name)


def attribute_row(
    name: str, reference: Reference, *cases: Case, **fields: Any
) -> OpSamples:
    """`x.T` and its relatives; `numpy_T` is the record behind it."""
    return view(
        f"Tensor.{name}",
        reference,
        *cases,
        dtypes=ALL,
        call=attribute(name),
        records=(f"numpy_{name}", f"matrix_{name}"),
        **fields,
    )


def like_inputs(*pairs: tuple[tuple[int, ...], tuple[int, ...]]) -> Any:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        for shape, other in pairs:
            yield sample(make(shape, dtype), make(other, dtype))

    return inputs


TABLE: list[OpSamples] = [
    attribute_row("T", lambda x: x.T, ((3, 4), A)),
    attribute_row("mT", lambda x: np.swapaxes(x, -1, -2), ((3, 4), A), ((2, 3, 4), A)),
    attribute_row("H", lambda x: np.conj(x.T), ((3, 4), A), view=False, result="same"),
    attribute_row(
        "mH", lambda x: np.conj(np.swapaxes(x, -1, -2)), ((2, 3, 4), A), view=False
    ),
    OpSamples(
        "Tensor.reshape_as",
        ALL,
        like_inputs(((3, 4), (2, 6)), ((1,), ())),
        lambda x, y: x.reshape(y.shape),
        result="same",
    ),
    view(
        "Tensor.sum_to_size",
        lambda x, size: x.sum(
            tuple(i for i, n in enumerate(size) if n == 1), keepdims=True
        ),
        ((3, 4), ((3, 1),)),
        ((2, 3), ((1, 1),)),
        dtypes=FLOATS | COMPLEX,
        view=False,
        strides=False,
    ),
    view(
        "narrow_copy",
        ref.narrow,
        ((3, 4), (0, 1, 2)),
        ((3, 4), (1, -3, 2)),
        dtypes=ALL,
        view=False,
        strides=False,
    ),
    view(
        "Tensor.view",
        lambda x, shape: x.reshape(shape),
        ((3, 4), ((12,),)),
        ((3, 4), ((2, -1),)),
        ((3, 4), ((3, 2, 2),)),
        ((), ((1, 1),)),
        ((0, 3), ((3, 0),)),
        layouts=("contiguous", "offset"),
        errors=bad.tensor_view_errors,
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
        records=("view_as_self",),
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
        errors=bad.transpose_errors,
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
        errors=bad.t_errors,
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
        errors=bad.permute_errors,
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
        records=("squeeze_multiple",),
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
        errors=bad.unsqueeze_errors,
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
        errors=bad.expand_errors,
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
        errors=bad.narrow_errors,
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
        errors=bad.select_errors,
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
        errors=bad.unfold_errors,
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
        errors=bad.diagonal_errors,
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
        errors=bad.split_errors,
        records=("unsafe_split", "unsafe_split_with_sizes"),
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
        errors=bad.chunk_errors,
        records=("unsafe_chunk",),
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
        errors=bad.view_errors,
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    OpSamples(
        "as_strided",
        ALL,
        as_strided_inputs,
        ref.as_strided_of,
        errors=bad.as_strided_errors,
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
