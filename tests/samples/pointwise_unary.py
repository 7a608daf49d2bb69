"""Samples of the pointwise operators of one tensor."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from scipy import special

from .dtypes import ALL, BOOL, COMPLEX, FLOATS, HALFS, INTS, NUMBERS, REAL, kind
from .table import ErrorInput, OpSamples, SampleInput, error, sample

Reference = Callable[..., Any]


def unary_inputs(
    make: Any,
    dtype: str,
    low: float | None = None,
    high: float | None = None,
    extremal: bool = True,
) -> Iterable[SampleInput]:
    """Every layout and size class of one tensor, then extreme values."""
    for shape in ((), (5,), (2, 3)):
        yield sample(make(shape, dtype, low=low, high=high))
    for layout in ("transposed", "strided", "offset", "expanded"):
        yield sample(make((4, 3), dtype, low=low, high=high, layout=layout))
    yield sample(make((3, 2, 2), dtype, low=low, high=high, layout="transposed"))
    yield sample(make((0,), dtype)).but(grad=False)
    yield sample(make((2, 0, 3), dtype)).but(grad=False)
    if dtype in ("float32", "int64"):
        yield sample(make((41, 129), dtype, low=low, high=high)).but(grad=False)
    if extremal and kind(dtype) in "fib":
        yield sample(make.extremal(dtype)).but(grad=False)


def unary(
    name: str,
    reference: Reference | None,
    low: float | None = None,
    high: float | None = None,
    extremal: bool = True,
    extra: Callable[[Any, str], Iterable[SampleInput]] | None = None,
    *,
    dtypes: frozenset[str],
    **fields: Any,
) -> OpSamples:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        yield from unary_inputs(make, dtype, low, high, extremal)
        if extra is not None:
            yield from extra(make, dtype)

    return OpSamples(name, dtypes, inputs, reference, **fields)


def options(*choices: dict[str, Any], **make_options: Any) -> Any:
    """Extra samples: the same tensor under each set of keyword arguments."""

    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        for choice in choices if kind(dtype) in "fc" else ():
            yield sample(make((3, 4), dtype, **make_options), **choice)

    return inputs


def positional(
    name: str,
    reference: Reference | None,
    *choices: tuple[Any, ...],
    low: float | None = None,
    high: float | None = None,
    dtypes: frozenset[str],
    **fields: Any,
) -> OpSamples:
    """A row whose operator needs further arguments after the tensor."""

    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        for choice in choices:
            for shape in ((), (2, 3), (0, 2)):
                x = make(shape, dtype, low=low, high=high)
                yield sample(x, *choice).but(grad=0 not in shape)
            x = make((4, 3), dtype, low=low, high=high, layout="transposed")
            yield sample(x, *choice)

    return OpSamples(name, dtypes, inputs, reference, **fields)


def sgn(x: Any) -> Any:
    """Sign; NaN has none, and gives 0."""
    if x.dtype.kind == "b":
        return x
    if x.dtype.kind != "c":
        return np.where(np.isnan(x), 0, np.sign(x))
    size = np.abs(x)
    return np.where(size == 0, 0, x / size)


def angle(x: Any) -> Any:
    """Phase; the real -0.0 counts as not negative."""
    return np.angle(x if np.iscomplexobj(x) else x + 0.0)


def nan_to_num(
    x: Any,
    nan: float | None = None,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Any:
    return np.nan_to_num(x, nan=nan or 0.0, posinf=posinf, neginf=neginf)


def round_to(x: Any, *, decimals: int = 0) -> Any:
    if decimals == 0 or x.dtype.kind != "f":
        return np.round(x)
    scale = 10.0 ** abs(decimals)
    return np.round(x * scale) / scale if decimals > 0 else np.round(x / scale) * scale


def logit(x: Any, eps: float | None = None) -> Any:
    return special.logit(x if eps is None else np.clip(x, eps, 1 - eps))


def complex_or(real: Reference, other: Reference) -> Reference:
    return lambda x: other(x) if np.iscomplexobj(x) else real(x)


def clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    if min is not None:
        x = np.maximum(x, min)
    return x if max is None else np.minimum(x, max)


def clamp_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for layout in ("contiguous", "transposed", "strided"):
        x = make((4, 3), dtype, layout=layout)
        yield sample(x, min=1, max=2)
        yield sample(x, 1)
        yield sample(x, max=2)
        yield sample(x, 2, 1)
    yield sample(make((), dtype), 0, 1)
    yield sample(make((0, 2), dtype), 0, 1).but(grad=False)
    if kind(dtype) == "f":
        yield sample(make.extremal(dtype), -1, 1).but(grad=False)
        yield sample(make((5,), dtype), -0.5, 1.5)
    if dtype == "bool":
        return
    # Bounds on the other half of the grid, so that no element ties with its bound.
    low, high = make((1, 3), dtype, high=0.0), make((4, 1), dtype, low=0.5)
    x = make((4, 3), dtype)
    if kind(dtype) == "f":
        low, high = low - 0.03125, high + 0.03125
    yield sample(x, low, high)
    yield sample(x, min=low)
    yield sample(x, max=high)


def clamp_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((3,), "float32")
    text = "At least one of 'min' or 'max' must not be None"
    yield error(RuntimeError, text, x)
    yield error(RuntimeError, "not supported for complex", make((3,), "complex64"), 0)


def frexp_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield from unary_inputs(make, dtype, extremal=False)


def not_for_complex(op: str) -> Callable[[Any], Iterable[ErrorInput]]:
    def errors(make: Any) -> Iterable[ErrorInput]:
        yield error(RuntimeError, op, make((3,), "complex64"))

    return errors


def not_implemented_for(kind_name: str, dtype: str) -> Any:
    def errors(make: Any) -> Iterable[ErrorInput]:
        x = make((3,), dtype)
        yield error(NotImplementedError, f"not implemented for '{kind_name}'", x)

    return errors


def bad_type_errors(make: Any) -> Iterable[ErrorInput]:
    yield error(TypeError, "must be Tensor, not str", "text")
    yield error(TypeError, "must be Tensor, not list", [1.0, 2.0])


TABLE: list[OpSamples] = [
    unary(
        "abs",
        np.abs,
        errors=bad_type_errors,
        result="real",
        variants="mio",
        dtypes=NUMBERS,
    ),
    unary("absolute", np.abs, result="real", variants="mio", dtypes=NUMBERS),
    unary("neg", np.negative, result="same", variants="mio", dtypes=NUMBERS),
    unary("negative", np.negative, result="same", variants="mio", dtypes=NUMBERS),
    unary("positive", np.positive, result="same", variants="m", dtypes=NUMBERS),
    unary("sign", sgn, result="same", variants="mio", dtypes=REAL | BOOL),
    unary("sgn", sgn, result="same", variants="mio", dtypes=ALL),
    unary(
        "signbit",
        np.signbit,
        result="bool",
        grad=False,
        variants="mo",
        dtypes=REAL | BOOL,
    ),
    unary("square", np.square, variants="mio", dtypes=ALL),
    unary(
        "sqrt",
        np.sqrt,
        0.2,
        3.0,
        errors=bad_type_errors,
        result="float",
        variants="mio",
        dtypes=ALL,
    ),
    unary(
        "rsqrt",
        lambda x: 1 / np.sqrt(x),
        0.3,
        3.0,
        result="float",
        variants="mio",
        dtypes=ALL,
    ),
    unary(
        "reciprocal",
        lambda x: 1.0 / x,
        0.3,
        3.0,
        result="float",
        variants="mio",
        dtypes=ALL,
    ),
    unary(
        "exp",
        np.exp,
        errors=bad_type_errors,
        result="float",
        variants="mio",
        dtypes=ALL,
    ),
    unary("exp2", np.exp2, result="float", variants="mio", dtypes=ALL),
    unary("expm1", np.expm1, result="float", variants="mio", dtypes=ALL),
    unary("log", np.log, 0.3, 3.0, result="float", variants="mio", dtypes=ALL),
    unary("log2", np.log2, 0.3, 3.0, result="float", variants="mio", dtypes=ALL),
    unary("log10", np.log10, 0.3, 3.0, result="float", variants="mio", dtypes=ALL),
    unary("log1p", np.log1p, -0.6, 3.0, result="float", variants="mio", dtypes=ALL),
    unary("sin", np.sin, result="float", variants="mio", dtypes=ALL),
    unary("cos", np.cos, result="float", variants="mio", dtypes=ALL),
    unary("tan", np.tan, -1.2, 1.2, result="float", variants="mio", dtypes=ALL),
    unary("asin", np.arcsin, -0.8, 0.8, result="float", variants="mio", dtypes=ALL),
    unary("acos", np.arccos, -0.8, 0.8, result="float", variants="mio", dtypes=ALL),
    unary("atan", np.arctan, -0.8, 0.8, result="float", variants="mio", dtypes=ALL),
    unary("arcsin", np.arcsin, -0.8, 0.8, result="float", variants="mio", dtypes=ALL),
    unary("arccos", np.arccos, -0.8, 0.8, result="float", variants="mio", dtypes=ALL),
    unary("arctan", np.arctan, -0.8, 0.8, result="float", variants="mio", dtypes=ALL),
    unary("sinh", np.sinh, result="float", variants="mio", dtypes=ALL),
    unary("cosh", np.cosh, result="float", variants="mio", dtypes=ALL),
    unary("tanh", np.tanh, result="float", variants="mio", dtypes=ALL),
    unary("asinh", np.arcsinh, result="float", variants="mio", dtypes=ALL),
    unary("acosh", np.arccosh, 1.2, 4.0, result="float", variants="mio", dtypes=ALL),
    unary("atanh", np.arctanh, -0.8, 0.8, result="float", variants="mio", dtypes=ALL),
    unary("arcsinh", np.arcsinh, result="float", variants="mio", dtypes=ALL),
    unary("arccosh", np.arccosh, 1.2, 4.0, result="float", variants="mio", dtypes=ALL),
    unary("arctanh", np.arctanh, -0.8, 0.8, result="float", variants="mio", dtypes=ALL),
    unary(
        "sigmoid",
        lambda x: 1 / (1 + np.exp(-x)),
        result="float",
        variants="mio",
        dtypes=ALL,
    ),
    unary(
        "special.expit",
        lambda x: 1 / (1 + np.exp(-x)),
        result="float",
        variants="o",
        dtypes=ALL,
    ),
    unary(
        "logit",
        logit,
        0.1,
        0.9,
        extra=options({"eps": 0.2}, low=0.3, high=0.7),
        result="float",
        variants="mio",
        dtypes=REAL | BOOL,
    ),
    unary(
        "special.logit",
        logit,
        0.1,
        0.9,
        result="float",
        variants="o",
        dtypes=REAL | BOOL,
    ),
    unary("erf", special.erf, result="float", variants="mio", dtypes=REAL | BOOL),
    unary("erfc", special.erfc, result="float", variants="mio", dtypes=REAL | BOOL),
    unary(
        "erfinv",
        special.erfinv,
        -0.8,
        0.8,
        result="float",
        variants="mio",
        dtypes=REAL | BOOL,
    ),
    unary("special.erf", special.erf, result="float", variants="o", dtypes=REAL | BOOL),
    unary(
        "special.erfc", special.erfc, result="float", variants="o", dtypes=REAL | BOOL
    ),
    unary(
        "special.erfinv",
        special.erfinv,
        -0.8,
        0.8,
        result="float",
        variants="o",
        dtypes=REAL | BOOL,
    ),
    unary(
        "special.erfcx",
        special.erfcx,
        result="float",
        variants="o",
        dtypes=ALL - COMPLEX - HALFS,
    ),
    unary(
        "lgamma",
        special.gammaln,
        0.4,
        4.0,
        extremal=False,
        result="float",
        variants="mio",
        dtypes=REAL | BOOL,
    ),
    unary(
        "special.gammaln",
        special.gammaln,
        0.4,
        4.0,
        extremal=False,
        result="float",
        variants="o",
        dtypes=REAL | BOOL,
    ),
    unary(
        "digamma",
        special.digamma,
        0.4,
        4.0,
        extremal=False,
        result="float",
        variants="mio",
        dtypes=REAL | BOOL,
    ),
    unary(
        "special.psi",
        special.digamma,
        0.4,
        4.0,
        extremal=False,
        result="float",
        variants="o",
        dtypes=REAL | BOOL,
    ),
    unary(
        "special.digamma",
        special.digamma,
        0.4,
        4.0,
        extremal=False,
        result="float",
        variants="o",
        dtypes=REAL | BOOL,
    ),
    unary("i0", special.i0, result="float", variants="mio", dtypes=REAL | BOOL),
    unary("special.i0", special.i0, result="float", variants="o", dtypes=REAL | BOOL),
    unary("special.i0e", special.i0e, result="float", variants="o", dtypes=REAL | BOOL),
    unary("special.i1", special.i1, result="float", variants="o", dtypes=REAL | BOOL),
    unary("special.i1e", special.i1e, result="float", variants="o", dtypes=REAL | BOOL),
    unary(
        "special.entr",
        special.entr,
        0.3,
        3.0,
        result="float",
        variants="o",
        dtypes=REAL | BOOL,
    ),
    unary(
        "special.ndtr", special.ndtr, result="float", variants="o", dtypes=REAL | BOOL
    ),
    unary(
        "special.ndtri",
        special.ndtri,
        0.1,
        0.9,
        result="float",
        variants="o",
        dtypes=ALL - COMPLEX - HALFS,
    ),
    unary(
        "special.log_ndtr",
        special.log_ndtr,
        result="float",
        variants="o",
        dtypes=ALL - COMPLEX - HALFS,
    ),
    unary("special.exp2", np.exp2, result="float", variants="o", dtypes=ALL),
    unary("special.expm1", np.expm1, result="float", variants="o", dtypes=ALL),
    unary(
        "special.log1p", np.log1p, -0.6, 3.0, result="float", variants="o", dtypes=ALL
    ),
    unary(
        "special.sinc",
        np.sinc,
        extremal=False,
        result="float",
        variants="o",
        dtypes=ALL,
    ),
    unary("special.round", np.round, result="same", variants="o", dtypes=FLOATS),
    unary("sinc", np.sinc, extremal=False, result="float", variants="mio", dtypes=ALL),
    unary("floor", np.floor, result="same", variants="mio", dtypes=REAL),
    unary("ceil", np.ceil, result="same", variants="mio", dtypes=REAL),
    unary("trunc", np.trunc, result="same", variants="mio", dtypes=REAL),
    unary("fix", np.trunc, result="same", variants="mio", dtypes=REAL),
    unary(
        "frac", lambda x: x - np.trunc(x), result="same", variants="mio", dtypes=FLOATS
    ),
    unary(
        "round",
        round_to,
        extremal=False,
        extra=options({"decimals": 2}, {"decimals": -1}),
        result="same",
        variants="mio",
        dtypes=REAL,
    ),
    unary("deg2rad", np.deg2rad, result="float", variants="mio", dtypes=REAL | BOOL),
    unary("rad2deg", np.rad2deg, result="float", variants="mio", dtypes=REAL | BOOL),
    unary("angle", angle, result="real_float", variants="mo", dtypes=ALL),
    unary("conj", np.conj, result="same", variants="m", dtypes=ALL),
    unary("conj_physical", np.conj, result="same", variants="mio", dtypes=ALL),
    unary("resolve_conj", lambda x: x, result="same", variants="m", dtypes=ALL),
    unary("resolve_neg", lambda x: x, result="same", variants="m", dtypes=ALL),
    unary("real", np.real, result="real", dtypes=ALL),
    unary("imag", np.imag, result="real", dtypes=COMPLEX),
    unary("isnan", np.isnan, result="bool", grad=False, variants="m", dtypes=ALL),
    unary("isinf", np.isinf, result="bool", grad=False, variants="m", dtypes=ALL),
    unary("isfinite", np.isfinite, result="bool", grad=False, variants="m", dtypes=ALL),
    unary(
        "isposinf",
        np.isposinf,
        result="bool",
        grad=False,
        variants="mo",
        dtypes=REAL | BOOL,
    ),
    unary(
        "isneginf",
        np.isneginf,
        result="bool",
        grad=False,
        variants="mo",
        dtypes=REAL | BOOL,
    ),
    unary("isreal", np.isreal, result="bool", grad=False, variants="m", dtypes=ALL),
    unary(
        "nan_to_num",
        nan_to_num,
        extremal=False,
        extra=options({"nan": 2.0, "posinf": 5.0, "neginf": -5.0}),
        result="same",
        complex_grad=False,
        variants="mio",
        dtypes=ALL,
    ),
    unary(
        "bitwise_not",
        np.invert,
        errors=not_for_complex("bitwise_not"),
        result="same",
        grad=False,
        variants="mio",
        dtypes=INTS | BOOL,
    ),
    unary(
        "logical_not",
        np.logical_not,
        result="bool",
        grad=False,
        variants="mio",
        dtypes=ALL,
    ),
    unary("clone", np.copy, result="same", variants="m", dtypes=ALL),
    unary("frexp", np.frexp, 0.1, 3.0, extremal=False, variants="mo", dtypes=FLOATS),
    positional(
        "mvlgamma",
        special.multigammaln,
        (1,),
        (3,),
        low=2.2,
        high=5.0,
        result="float",
        variants="mio",
        dtypes=REAL,
    ),
    positional(
        "special.multigammaln",
        special.multigammaln,
        (2,),
        low=2.2,
        high=5.0,
        result="float",
        variants="o",
        dtypes=REAL,
    ),
    positional(
        "polygamma",
        None,
        (0,),
        (1,),
        (3,),
        low=0.5,
        high=4.0,
        call=lambda xp: lambda x, n: xp.polygamma(n, x),
        label="order after tensor",
        result="float",
        dtypes=REAL | BOOL,
    ),
    OpSamples(
        "clamp", REAL | BOOL, clamp_inputs, clamp, errors=clamp_errors, variants="mio"
    ),
    OpSamples("clip", REAL | BOOL, clamp_inputs, clamp, variants="mio"),
    positional("clamp_min", np.maximum, (1,), (2,), variants="mio", dtypes=REAL | BOOL),
    positional("clamp_max", np.minimum, (1,), (2,), variants="mio", dtypes=REAL | BOOL),
]
