"""Samples of the shape operators that copy: joining, repeating, flipping, triangles."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from .dtypes import ALL, NUMBERS, promote
from .shape_view import view
from .table import ErrorInput, OpSamples, SampleInput, error, sample

A: Any = ()


def cat_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for dim in (0, -2):
        yield sample([make((2, 3), dtype), make((1, 3), dtype)], dim)
    parts = [make((2, n), dtype, layout="transposed") for n in (1, 3, 2)]
    yield sample(parts, 1)
    yield sample(parts, -1)
    yield sample([make((3,), dtype)])
    yield sample([make((2, 3), dtype), make((0,), dtype)])
    yield sample([make((0, 3), dtype), make((2, 3), dtype, layout="strided")])
    for other in ("int64", "float32", "complex64"):
        pair = [make((2,), dtype), make((3,), other)]
        yield sample(pair).but(result=promote(dtype, other), grad=False)


def cat(tensors: Any, dim: int = 0) -> Any:
    """An empty 1-d tensor joins with any other."""
    full = [t for t in tensors if t.shape != (0,)]
    return np.concatenate(full or tensors, dim)


def cat_errors(make: Any) -> Iterable[ErrorInput]:
    a, b = make((2, 3), "float32"), make((2, 2), "float32")
    text = (
        "Sizes of tensors must match except in dimension 0. Expected size 3 but got "
        "size 2 for tensor number 1 in the list."
    )
    yield error(RuntimeError, text, [a, b])
    yield error(ValueError, "expected a non-empty list of Tensors", [])
    yield error(IndexError, "Dimension out of range", [a, a], 2)


def stack_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for dim in (0, 1, 2, -1, -3):
        yield sample([make((2, 3), dtype), make((2, 3), dtype)], dim)
    yield sample([make((), dtype), make((), dtype)])
    yield sample([make((0, 2), dtype), make((0, 2), dtype)], 1).but(grad=False)
    yield sample([make((3, 2), dtype, layout="transposed"), make((3, 2), dtype)], 1)


def stack_errors(make: Any) -> Iterable[ErrorInput]:
    a, b = make((2, 3), "float32"), make((2, 2), "float32")
    text = (
        "stack expects each tensor to be equal size, but got [2, 3] at entry 0 and "
        "[2, 2] at entry 1"
    )
    yield error(RuntimeError, text, [a, b])
    yield error(RuntimeError, "stack expects a non-empty TensorList", [])


def join_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample([make((2, 3), dtype), make((2, 3), dtype)])
    yield sample([make((3,), dtype), make((3,), dtype, layout="strided")])
    yield sample([make((), dtype), make((), dtype)])
    yield sample([make((2, 1, 3), dtype), make((2, 1, 3), dtype)])


def tensors_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((2, 3), dtype), make((1, 2), dtype))
    yield sample(make((2, 2), dtype), make((3,), dtype), make((), dtype))


def block_diag(*tensors: Any) -> Any:
    blocks = [np.atleast_2d(t) for t in tensors]
    out = np.zeros(np.sum([b.shape for b in blocks], axis=0), blocks[0].dtype)
    row = column = 0
    for block in blocks:
        out[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return out


def vectors_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((2,), dtype), make((3,), dtype))
    yield sample(make((3,), dtype))
    yield sample(make((2,), dtype), make((1,), dtype), make((2,), dtype))


def cartesian_prod(*vectors: Any) -> Any:
    if len(vectors) == 1:
        return vectors[0]
    return np.stack([g.reshape(-1) for g in np.meshgrid(*vectors, indexing="ij")], 1)


def meshgrid_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for indexing in ("ij", "xy"):
        yield sample(make((2,), dtype), make((3,), dtype), indexing=indexing)
    yield sample(make((2,), dtype), make((), dtype), make((3,), dtype), indexing="ij")


def meshgrid(*vectors: Any, indexing: Any) -> Any:
    return tuple(np.meshgrid(*vectors, indexing=indexing))


def combinations_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((4,), dtype))
    yield sample(make((4,), dtype), 3)
    yield sample(make((3,), dtype), with_replacement=True)


def combinations(x: Any, r: int = 2, with_replacement: bool = False) -> Any:
    import itertools

    pick = (
        itertools.combinations_with_replacement
        if with_replacement
        else itertools.combinations
    )
    return np.asarray(list(pick(x, r)))


def repeat_interleave_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((2, 3), dtype), 2)
    yield sample(make((2, 3), dtype), 2, dim=1)
    counts = make.value([1, 0, 3], "int64")
    yield sample(make((2, 3), dtype, layout="transposed"), counts, dim=1)
    yield sample(make((3,), dtype), counts, output_size=4)


def repeat_interleave(
    x: Any, repeats: Any, dim: int | None = None, output_size: int | None = None
) -> Any:
    return np.repeat(x, repeats, dim)


def triangle_errors(make: Any) -> Iterable[ErrorInput]:
    text = "must have at least 2 dimensions"
    yield error(RuntimeError, text, make((3,), "float32"))


def flip_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2, 3), "float32")
    yield error(RuntimeError, "appears multiple times in the list of dims", x, (0, 0))
    yield error(IndexError, "Dimension out of range", x, (2,))


def repeat_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2, 3), "float32")
    text = (
        "Number of dimensions of repeat dims can not be smaller than number of "
        "dimensions of tensor"
    )
    yield error(RuntimeError, text, x, (2,))


def diag_embed(x: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    size = x.shape[-1] + abs(offset)
    out = np.zeros((*x.shape[:-1], size, size), x.dtype)
    rows = np.arange(x.shape[-1])
    out[..., rows + max(-offset, 0), rows + max(offset, 0)] = x
    return np.moveaxis(out, (-2, -1), (dim1, dim2))


def roll(x: Any, shifts: Any, dims: Any = None) -> Any:
    return np.roll(x, shifts, dims)


def pad_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((2, 3), dtype), (1, 2))
    yield sample(make((2, 3), dtype, layout="transposed"), (1, 0, 2, 1), "constant", 2)
    yield sample(make((3, 4), dtype), (-1, 1), value=1)
    yield sample(make((2, 3, 4), dtype), (0, 1, 1, 1, 2, 0))


def pad_mode_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for mode in ("reflect", "replicate", "circular"):
        yield sample(make((2, 3), dtype), (1, 2), mode)
        yield sample(make((2, 3, 4), dtype, layout="transposed"), (2, 1), mode)
        yield sample(make((1, 2, 3, 4), dtype), (1, 2, 2, 1), mode)
        yield sample(make((1, 1, 2, 3, 2), dtype), (1, 1, 1, 2, 1, 0), mode)


def pad(x: Any, widths: Any, mode: str = "constant", value: float = 0) -> Any:
    pairs = [(0, 0)] * x.ndim
    for i in range(len(widths) // 2):
        pairs[x.ndim - 1 - i] = (widths[2 * i], widths[2 * i + 1])
    inner = tuple(
        slice(max(-a, 0), n - max(-b, 0))
        for (a, b), n in zip(pairs, x.shape, strict=True)
    )
    grown = [(max(a, 0), max(b, 0)) for a, b in pairs]
    kind = {"replicate": "edge", "circular": "wrap"}.get(mode, mode)
    options: dict[str, Any] = {"constant_values": value} if mode == "constant" else {}
    return np.pad(x[inner], grown, kind, **options)  # type: ignore[call-overload]


def pad_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((1, 2, 3), "float32")
    yield error(RuntimeError, "Padding length must be divisible by 2", x, (1, 2, 3))
    text = "Padding size should be less than the corresponding input dimension"
    yield error(RuntimeError, text, x, (3, 0), "reflect")


COPIES: dict[str, Any] = {"view": False, "strides": False}

TABLE: list[OpSamples] = [
    OpSamples(
        "cat", ALL, cat_inputs, cat, errors=cat_errors, variants="o", result="same"
    ),
    OpSamples("concat", ALL, cat_inputs, cat, variants="o", result="same"),
    OpSamples("concatenate", ALL, cat_inputs, cat, variants="o", result="same"),
    OpSamples(
        "stack",
        ALL,
        stack_inputs,
        np.stack,
        errors=stack_errors,
        variants="o",
        result="same",
    ),
    OpSamples("hstack", ALL, join_inputs, np.hstack, variants="o", result="same"),
    OpSamples("vstack", ALL, join_inputs, np.vstack, variants="o", result="same"),
    OpSamples("row_stack", ALL, join_inputs, np.vstack, variants="o", result="same"),
    OpSamples("dstack", ALL, join_inputs, np.dstack, variants="o", result="same"),
    OpSamples(
        "column_stack", ALL, join_inputs, np.column_stack, variants="o", result="same"
    ),
    OpSamples("block_diag", ALL, tensors_inputs, block_diag, result="same"),
    OpSamples("cartesian_prod", ALL, vectors_inputs, cartesian_prod, result="same"),
    OpSamples("meshgrid", ALL, meshgrid_inputs, meshgrid),
    OpSamples("combinations", ALL, combinations_inputs, combinations, result="same"),
    view(
        "Tensor.repeat",
        np.tile,
        ((3,), ((2,),)),
        ((3,), ((2, 2),)),
        ((2, 3), ((1, 2),)),
        ((), ((2,),)),
        ((2, 3), ((0, 1),)),
        errors=repeat_errors,
        **COPIES,
        dtypes=ALL,
        result="same",
    ),
    view(
        "tile",
        np.tile,
        ((3,), ((2, 2),)),
        ((2, 3), ((2,),)),
        **COPIES,
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    OpSamples(
        "repeat_interleave",
        ALL,
        repeat_interleave_inputs,
        repeat_interleave,
        variants="m",
        result="same",
    ),
    view(
        "flip",
        np.flip,
        ((4,), ((0,),)),
        ((3, 4), ((0, 1),)),
        ((2, 3, 4), ((-1,),)),
        ((3, 0), ((0,),)),
        errors=flip_errors,
        **COPIES,
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    view(
        "fliplr",
        np.fliplr,
        ((3, 4), A),
        **COPIES,
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    view(
        "flipud",
        np.flipud,
        ((3, 4), A),
        ((3,), A),
        **COPIES,
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    view(
        "roll",
        roll,
        ((5,), (2,)),
        ((3, 4), (-1,)),
        ((3, 4), (1, 0)),
        ((3, 4), ((1, -2), (0, 1))),
        ((0, 3), (1, 0)),
        **COPIES,
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    view(
        "rot90",
        np.rot90,
        ((3, 4), A),
        ((3, 4), (2,)),
        ((2, 3, 4), (-1, (1, 2))),
        **COPIES,
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    view(
        "diag",
        np.diag,
        ((3,), A),
        ((3,), (1,)),
        ((3, 4), A),
        ((3, 4), (-1,)),
        **COPIES,
        dtypes=ALL,
        variants="mo",
        result="same",
    ),
    view(
        "diag_embed",
        diag_embed,
        ((3,), A),
        ((2, 3), (1,)),
        ((2, 3), (-2, 0, 2)),
        **COPIES,
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    view(
        "diagflat",
        np.diagflat,
        ((2, 2), A),
        ((3,), (-1,)),
        **COPIES,
        dtypes=ALL,
        variants="m",
        result="same",
    ),
    view(
        "tril",
        np.tril,
        ((3, 4), A),
        ((3, 4), (1,)),
        ((2, 4, 3), (-1,)),
        ((0, 3), A),
        errors=triangle_errors,
        **COPIES,
        dtypes=ALL,
        variants="mio",
        result="same",
    ),
    view(
        "triu",
        np.triu,
        ((3, 4), A),
        ((3, 4), (1,)),
        ((2, 4, 3), (-1,)),
        ((0, 3), A),
        errors=triangle_errors,
        **COPIES,
        dtypes=ALL,
        variants="mio",
        result="same",
    ),
    view(
        "Tensor.contiguous",
        np.ascontiguousarray,
        ((3, 4), A),
        ((2, 3), A),
        view=False,
        strides=True,
        dtypes=ALL,
        result="same",
    ),
    OpSamples(
        "nn.functional.pad",
        ALL,
        pad_inputs,
        pad,
        errors=pad_errors,
        records=("constant_pad_nd", "pad"),
        result="same",
    ),
    OpSamples(
        "nn.functional.pad",
        NUMBERS,
        pad_mode_inputs,
        pad,
        label="modes",
        records=(
            "reflection_pad1d",
            "reflection_pad2d",
            "reflection_pad3d",
            "replication_pad1d",
            "replication_pad2d",
            "replication_pad3d",
            "_pad_circular",
        ),
        result="same",
    ),
]
