"""Samples of matrix products and their relatives."""

import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .dtypes import ALL, FULLS, INEXACT, NUMBERS, kind
from .table import ErrorInput, Errors, OpSamples, SampleInput, error, sample

Shapes = tuple[tuple[int, ...], ...]


def bounds(dtype: str) -> dict[str, float]:
    """Small integers, so that int8 products do not wrap."""
    return {"low": -2, "high": 2} if kind(dtype) in "i" else {"low": -1.5, "high": 1.5}


def product(
    name: str,
    reference: Callable[..., Any] | None,
    *cases: Shapes,
    dtypes: frozenset[str],
    errors: Errors | None = None,
    options: tuple[dict[str, Any], ...] = ({},),
    large: Shapes | None = None,
    **fields: Any,
) -> OpSamples:
    """A row of operands by shape, each also transposed and strided."""

    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        for layout in ("contiguous", "transposed", "strided"):
            for case in cases:
                smooth = all(0 not in shape for shape in case)
                tensors = [make(s, dtype, layout=layout, **bounds(dtype)) for s in case]
                yield sample(*tensors).but(grad=smooth)
        for choice in options[1:] if kind(dtype) in "fc" else ():
            yield sample(*[make(s, dtype, **bounds(dtype)) for s in cases[0]], **choice)
        if large is not None and dtype in ("float32", "complex64"):
            tensors = [make(s, dtype, low=-1, high=1) for s in large]
            yield sample(*tensors).but(grad=False)

    return OpSamples(name, dtypes, inputs, reference, errors=errors, **fields)


def add_product(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def reference(x: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
        if (alpha, beta) == (1, 1):
            return x + function(a, b)
        return beta * x + alpha * function(a, b)

    return reference


def matmul_errors(make: Any) -> Iterable[ErrorInput]:
    a, b = make((2, 3), "float32"), make((4, 5), "float32")
    text = "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"
    yield error(RuntimeError, text, a, b)
    yield error(
        RuntimeError, "both arguments to matmul need to be at least 1D", a, a[0, 0]
    )


def mm_errors(make: Any) -> Iterable[ErrorInput]:
    a, b = make((2, 3), "float32"), make((4, 5), "float32")
    text = "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"
    yield error(RuntimeError, text, a, b)
    yield error(RuntimeError, "self must be a matrix", a[0], b)
    yield error(RuntimeError, "mat2 must be a matrix", a, b[0])
    text = "expected m1 and m2 to have the same dtype, but got: float != double"
    yield error(RuntimeError, text, a, make((3, 2), "float64"))


def bmm_errors(make: Any) -> Iterable[ErrorInput]:
    a = make((2, 3, 4), "float32")
    yield error(RuntimeError, "batch1 must be a 3D tensor", a[0], a)
    text = "Expected size for first two dimensions of batch2 tensor to be: [2, 4]"
    yield error(RuntimeError, text, a, make((3, 4, 5), "float32"))


def dot_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2,), "float32")
    text = "1D tensors expected, but got 2D and 2D tensors"
    yield error(RuntimeError, text, make((2, 2), "float32"), make((2, 2), "float32"))
    text = (
        "inconsistent tensor size, expected tensor [2] and src [3] to have the same "
        "number of elements"
    )
    yield error(RuntimeError, text, x, make((3,), "float32"))


def mv_errors(make: Any) -> Iterable[ErrorInput]:
    a = make((2, 3), "float32")
    yield error(RuntimeError, "size mismatch", a, make((2,), "float32"))


def outer_errors(make: Any) -> Iterable[ErrorInput]:
    a = make((2, 3), "float32")
    text = "outer: Expected 1-D argument self, but got 2-D"
    yield error(RuntimeError, text, a, a)


EQUATIONS: tuple[tuple[str, Shapes], ...] = (
    ("ik,kj->ij", ((2, 3), (3, 2))),
    ("ij->ji", ((2, 3),)),
    ("ij->", ((2, 3),)),
    ("ij->j", ((2, 3),)),
    ("ij->i", ((2, 3),)),
    ("ij,j->ij", ((2, 3), (3,))),
    ("ik,k->i", ((2, 3), (3,))),
    ("ij,ij->", ((2, 3), (2, 3))),
    ("i,j->ij", ((2,), (3,))),
    ("ijk,ikl->ijl", ((2, 2, 3), (2, 3, 2))),
    ("bn,anm,bm->ba", ((2, 3), (2, 3, 2), (2, 2))),
    ("ii->i", ((3, 3),)),
    ("ii", ((3, 3),)),
    ("ik,kj", ((2, 3), (3, 2))),
    ("...ij,...jk->...ik", ((2, 2, 3), (3, 2))),
    ("b...,b...->b...", ((2, 3), (2, 3))),
    ("ij,jk,kl->il", ((2, 3), (3, 2), (2, 2))),
)


def einsum_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for equation, shapes in EQUATIONS:
        operands = [make(s, dtype, **bounds(dtype)) for s in shapes]
        yield sample(equation, *operands)
    a = make((3, 2), dtype, layout="transposed", **bounds(dtype))
    yield sample("ij,jk", a, make((2, 3), dtype, **bounds(dtype)))
    yield sample("ij,jk->ik", [a, make((2, 3), dtype, **bounds(dtype))])


def einsum(equation: str, *operands: Any) -> Any:
    if isinstance(operands[0], list):
        operands = tuple(operands[0])
    return np.einsum(equation, *operands)


def einsum_errors(make: Any) -> Iterable[ErrorInput]:
    a, b = make((2, 2), "float32"), make((3, 2), "float32")
    text = (
        "einsum(): subscript j has size 3 for operand 1 which does not broadcast with "
        "previously seen size 2"
    )
    yield error(RuntimeError, text, "ij,jk->ik", a, b)
    text = "einsum(): fewer operands were provided than specified in the equation"
    yield error(RuntimeError, text, "ij,jk", a)


def tensordot_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    a, b = (
        make((2, 3, 4), dtype, **bounds(dtype)),
        make((4, 3, 2), dtype, **bounds(dtype)),
    )
    yield sample(a, b, dims=1)
    yield sample(a, b, dims=([1, 2], [1, 0])).but(grad=False)
    yield sample(a[0], b[:, 0], dims=([1], [0]))
    yield sample(a[0, 0], b[0, 0], dims=0)


def cross_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    low = bounds(dtype)
    yield sample(make((2, 3), dtype, **low), make((2, 3), dtype, **low), dim=-1)
    yield sample(make((3, 2), dtype, **low), make((3, 2), dtype, **low), dim=0)
    yield sample(make((3,), dtype, **low), make((3,), dtype, **low))


def cross(a: Any, b: Any, dim: int = -1) -> Any:
    return np.cross(a, b, axis=dim)


def kron_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for a, b in (((2,), (3,)), ((2, 2), (1, 3)), ((2, 2), (3,)), ((), (2,))):
        yield sample(make(a, dtype, **bounds(dtype)), make(b, dtype, **bounds(dtype)))


def power_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for n in (2, 0, 1, 3, 5):
        yield sample(make((2, 2), dtype, low=-1, high=1), n)
    yield sample(make((2, 3, 3), dtype, low=-1, high=1, layout="transposed"), 2)


def chain_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    low = bounds(dtype)
    yield sample(*[make(s, dtype, **low) for s in ((2, 3), (3, 2), (2, 2))])
    yield sample(*[make(s, dtype, **low) for s in ((2, 3), (3, 2))])


def multi_dot_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    low = bounds(dtype)
    yield sample([make(s, dtype, **low) for s in ((2, 3), (3, 2), (2, 2))])
    yield sample([make(s, dtype, **low) for s in ((3,), (3, 2), (2,))])


def trace_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((3, 3), (2, 4), (3, 1)):
        yield sample(make(shape, dtype))
    yield sample(make((4, 3), dtype, layout="transposed"))


def linear_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for lead in ((), (2,), (2, 2)):
        x = make((*lead, 3), dtype, **bounds(dtype))
        w, b = make((2, 3), dtype, **bounds(dtype)), make((2,), dtype, **bounds(dtype))
        yield sample(x, w)
        yield sample(x, w, b)
    x = make((4, 3), dtype, layout="transposed", **bounds(dtype))
    yield sample(x, make((2, 3), dtype, layout="strided", **bounds(dtype)))
    yield sample(x[:0], make((2, 3), dtype)).but(grad=False)


def linear(x: Any, w: Any, b: Any = 0) -> Any:
    return x @ w.T + b


def bilinear_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x, y = make((2, 3), dtype, **bounds(dtype)), make((2, 2), dtype, **bounds(dtype))
    w, b = make((2, 3, 2), dtype, **bounds(dtype)), make((2,), dtype)
    yield sample(x, y, w, b)
    yield sample(x, y, w)


def bilinear(x: Any, y: Any, w: Any, b: Any = 0) -> Any:
    return np.einsum("bn,anm,bm->ba", x, w, y) + b


def cdist_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for p in (2.0, 1.0, 3.0):
        x = make.distinct((3, 2), dtype)
        yield sample(x, make((2, 2), dtype), p)
    yield sample(make.distinct((2, 3, 2), dtype), make((2, 2, 2), dtype))


def cdist(a: Any, b: Any, p: float = 2.0) -> Any:
    difference = np.abs(a[..., :, None, :] - b[..., None, :, :])
    return (difference**p).sum(-1) ** (1 / p)


BLENDS: tuple[dict[str, Any], ...] = (
    {},
    {"beta": 0.5, "alpha": 2},
    {"beta": 0},
)
LOOSE = {"float32": (1e-4, 2e-5), "complex64": (1e-4, 4e-5)}

TABLE: list[OpSamples] = [
    product(
        "matmul",
        np.matmul,
        ((2, 3), (3, 2)),
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((2, 2, 3), (3,)),
        ((3,), (2, 3, 2)),
        ((2, 2, 3), (3, 2)),
        ((2, 2, 3), (1, 3, 2)),
        ((2, 1, 2, 2), (3, 2, 2)),
        ((2, 0), (0, 3)),
        ((0, 3), (3, 2)),
        errors=matmul_errors,
        large=((65, 130), (130, 70)),
        tolerance=LOOSE,
        reason="sums of 130 products",
        dtypes=NUMBERS,
        variants="mo",
        result="same",
    ),
    product(
        "operator.matmul",
        np.matmul,
        ((2, 3), (3, 2)),
        ((3,), (3, 2)),
        dtypes=NUMBERS,
        call=lambda xp: operator.matmul,
        records=("__matmul__", "__rmatmul__"),
        result="same",
    ),
    product(
        "mm",
        np.matmul,
        ((2, 3), (3, 4)),
        ((1, 3), (3, 1)),
        ((2, 0), (0, 3)),
        ((0, 3), (3, 2)),
        errors=mm_errors,
        large=((65, 130), (130, 70)),
        tolerance=LOOSE,
        reason="sums of 130 products",
        dtypes=NUMBERS,
        variants="mo",
        result="same",
    ),
    product(
        "bmm",
        np.matmul,
        ((2, 2, 3), (2, 3, 2)),
        ((0, 2, 3), (0, 3, 2)),
        ((2, 2, 0), (2, 0, 2)),
        errors=bmm_errors,
        dtypes=NUMBERS,
        variants="mo",
        result="same",
    ),
    product(
        "mv",
        np.matmul,
        ((3, 4), (4,)),
        ((3, 0), (0,)),
        errors=mv_errors,
        dtypes=NUMBERS,
        variants="mo",
        result="same",
    ),
    product(
        "dot",
        np.dot,
        ((4,), (4,)),
        ((0,), (0,)),
        errors=dot_errors,
        dtypes=NUMBERS,
        variants="mo",
        result="same",
    ),
    product(
        "vdot",
        np.vdot,
        ((4,), (4,)),
        ((0,), (0,)),
        dtypes=NUMBERS,
        variants="mo",
        result="same",
    ),
    product(
        "inner",
        np.inner,
        ((4,), (4,)),
        ((2, 3), (4, 3)),
        ((), (2,)),
        ((2, 3), (3,)),
        dtypes=NUMBERS,
        variants="mo",
        result="same",
    ),
    product(
        "outer",
        np.outer,
        ((2,), (3,)),
        ((0,), (3,)),
        errors=outer_errors,
        dtypes=ALL,
        variants="mo",
        result="same",
    ),
    product("ger", np.outer, ((2,), (3,)), dtypes=ALL, variants="mo", result="same"),
    product(
        "addmm",
        add_product(np.matmul),
        ((2, 4), (2, 3), (3, 4)),
        ((4,), (2, 3), (3, 4)),
        ((), (2, 3), (3, 4)),
        ((2, 3), (2, 0), (0, 3)),
        options=BLENDS,
        dtypes=NUMBERS,
        variants="mio",
        result="same",
    ),
    product(
        "addmv",
        add_product(np.matmul),
        ((2,), (2, 3), (3,)),
        ((), (2, 3), (3,)),
        options=BLENDS,
        dtypes=NUMBERS,
        variants="mio",
        result="same",
    ),
    product(
        "addr",
        add_product(np.outer),
        ((2, 3), (2,), (3,)),
        options=BLENDS,
        dtypes=ALL,
        variants="mio",
        result="same",
    ),
    product(
        "addbmm",
        add_product(lambda a, b: np.matmul(a, b).sum(0)),
        ((2, 3), (2, 2, 2), (2, 2, 3)),
        options=BLENDS,
        dtypes=NUMBERS,
        variants="mio",
        result="same",
    ),
    product(
        "baddbmm",
        add_product(np.matmul),
        ((2, 2, 4), (2, 2, 3), (2, 3, 4)),
        ((4,), (2, 2, 3), (2, 3, 4)),
        options=BLENDS,
        dtypes=NUMBERS,
        variants="mio",
        result="same",
    ),
    OpSamples("einsum", NUMBERS, einsum_inputs, einsum, errors=einsum_errors),
    OpSamples(
        "tensordot",
        NUMBERS,
        tensordot_inputs,
        lambda a, b, dims: np.tensordot(a, b, dims),
        variants="o",
        result="same",
    ),
    OpSamples("cross", NUMBERS, cross_inputs, cross, variants="mo", result="same"),
    OpSamples(
        "linalg.cross", NUMBERS, cross_inputs, cross, variants="o", result="same"
    ),
    OpSamples("kron", ALL, kron_inputs, np.kron, variants="mo", result="same"),
    OpSamples(
        "matrix_power",
        NUMBERS,
        power_inputs,
        np.linalg.matrix_power,
        variants="mo",
        result="same",
    ),
    OpSamples(
        "chain_matmul",
        NUMBERS,
        chain_inputs,
        lambda *m: np.linalg.multi_dot(m),
        variants="o",
        result="same",
    ),
    OpSamples(
        "linalg.multi_dot",
        NUMBERS,
        multi_dot_inputs,
        np.linalg.multi_dot,
        variants="o",
        result="same",
    ),
    OpSamples("trace", NUMBERS, trace_inputs, np.trace, variants="m", result="sum"),
    OpSamples(
        "nn.functional.linear",
        NUMBERS,
        linear_inputs,
        linear,
        variants="o",
        result="same",
    ),
    OpSamples(
        "nn.functional.bilinear",
        NUMBERS,
        bilinear_inputs,
        bilinear,
        complex_grad=False,
        result="same",
    ),
    OpSamples("cdist", FULLS, cdist_inputs, cdist, gradgrad=False, result="same"),
    product(
        "linalg.vecdot",
        lambda a, b: (np.conj(a) * b).sum(-1),
        ((2, 3), (2, 3)),
        ((3,), (3,)),
        dtypes=INEXACT,
        variants="o",
        result="same",
    ),
]
