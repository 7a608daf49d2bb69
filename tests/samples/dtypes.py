"""Element types by name: sets, promotion rules and the one tolerance table.

Names, not objects, so that one table serves rushlight, NumPy and the oracle.
"""

from collections.abc import Mapping

BOOL = frozenset({"bool"})
SIGNED = frozenset({"int8", "int16", "int32", "int64"})
INTS = SIGNED | {"uint8"}
HALFS = frozenset({"float16", "bfloat16"})
FULLS = frozenset({"float32", "float64"})
FLOATS = HALFS | FULLS
COMPLEX = frozenset({"complex64", "complex128"})
INEXACT = FLOATS | COMPLEX
REAL = INTS | FLOATS
NUMBERS = REAL | COMPLEX
ALL = NUMBERS | BOOL

ORDER = (
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "complex64",
    "complex128",
)

# (rtol, atol). The margin is a few roundings of the result dtype, plus what an
# accumulation over some hundred terms costs; integers and bool compare exactly.
TOLERANCE: Mapping[str, tuple[float, float]] = {
    "float16": (2e-3, 1e-3),
    "bfloat16": (1.6e-2, 8e-3),
    "float32": (2e-5, 2e-6),
    "float64": (1e-9, 1e-11),
    "complex64": (2e-5, 4e-6),
    "complex128": (1e-9, 1e-11),
}

REAL_OF = {"complex64": "float32", "complex128": "float64"}

_KIND = {"b": 0, "i": 1, "f": 2, "c": 3}
_INT_RANK = {"int8": 0, "int16": 1, "int32": 2, "int64": 3}
_FLOAT_RANK = {"float32": 1, "float64": 2, "complex64": 1, "complex128": 2}


def kind(dtype: str) -> str:
    """'b', 'i', 'f' or 'c': bool, integer, real floating, complex."""
    if dtype == "bool":
        return "b"
    if dtype in INTS:
        return "i"
    return "c" if dtype in COMPLEX else "f"


def promote(a: str, b: str) -> str:
    """Common dtype of two tensors of the same category of dimension."""
    if a == b:
        return a
    if _KIND[kind(a)] > _KIND[kind(b)]:
        a, b = b, a
    if kind(a) != kind(b):
        if kind(b) == "c" and kind(a) == "f":
            rank = max(_FLOAT_RANK.get(a, 0), _FLOAT_RANK[b])
            return "complex128" if rank == 2 else "complex64"
        return b
    if kind(a) == "i":
        if "uint8" in (a, b):
            other = b if a == "uint8" else a
            return "int16" if other == "int8" else other
        return max(a, b, key=_INT_RANK.__getitem__)
    if kind(a) == "f":
        if a in HALFS and b in HALFS:
            return "float32"
        return max(a, b, key=lambda d: _FLOAT_RANK.get(d, 0))
    return "complex128"


def with_scalar(dtype: str, scalar: complex) -> str:
    """Result dtype of a tensor (or a 0-d one) met by a Python number.

    The number only matters when its category is higher than the tensor's; then the
    default dtype of that category is used (float32, complex64, int64).
    """
    scalar_kind = {bool: "b", int: "i", float: "f", complex: "c"}[type(scalar)]
    if _KIND[scalar_kind] <= _KIND[kind(dtype)]:
        return dtype
    if scalar_kind == "c":
        return "complex128" if dtype == "float64" else "complex64"
    return {"i": "int64", "f": "float32"}[scalar_kind]


def with_zero_dim(dtype: str, zero_dim: str) -> str:
    """Result dtype of a tensor with dimensions met by a 0-d tensor.

    A floating tensor keeps its precision when the 0-d one makes it complex.
    """
    if _KIND[kind(zero_dim)] <= _KIND[kind(dtype)]:
        return dtype
    if kind(dtype) == "f":
        return "complex128" if dtype == "float64" else "complex64"
    return promote(dtype, zero_dim)


def result_dtype(rule: str, dtype: str) -> str:
    """Result dtype by the rule a table row names; a dtype's name stands for itself."""
    if rule == "same":
        return dtype
    if rule == "float":
        return dtype if kind(dtype) in "fc" else "float32"
    if rule == "real":
        return REAL_OF.get(dtype, dtype)
    if rule == "real_float":
        return REAL_OF.get(dtype, result_dtype("float", dtype))
    if rule == "sum":
        return dtype if kind(dtype) in "fc" else "int64"
    return rule
