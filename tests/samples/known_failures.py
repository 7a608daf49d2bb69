"""Checks that are known to fail, each with its reason; a repaired one fails strictly.

Keys are (check, row id, dtype); an empty string stands for every row or dtype.
"""

_CONJ = "the conjugate is computed, not a view with a flag: strides of a copy"
_SIGN = "PyTorch's conversion of a block to bfloat16 makes NaN negative"

KNOWN: dict[tuple[str, str, str], str] = {
    ("oracle value", "signbit", "bfloat16"): _SIGN,
    ("oracle value", "copysign", "bfloat16"): _SIGN,
    **{
        ("oracle value", name, dtype): _CONJ
        for name in ("Tensor.H", "Tensor.mH", "adjoint")
        for dtype in ("complex64", "complex128")
    },
    ("oracle gradient", "ldexp", ""): "PyTorch's derivative cuts 2^-n to the integer 0",
    ("oracle gradient", "special.erfcx", "float64"): "PyTorch: infinite at 1e308",
    ("oracle gradient", "special.i1", "float64"): "PyTorch: 0.5 at NaN",
    ("oracle gradient", "special.i1e", "float64"): "PyTorch: 0.5 at NaN",
    ("oracle gradient", "special.entr", "float64"): "where the value is -inf",
    ("oracle gradient", "special.log_ndtr", "float64"): "where the value is -inf",
    ("oracle gradient", "cumprod", "float64"): "PyTorch: d/dx of a NaN x is NaN",
}

# What the oracle itself does not pass, when it stands in for the library under test.
OF_TORCH: dict[tuple[str, str, str], str] = {
    ("in place under autograd", "asinh", ""): "no derivative in place",
    ("in place under autograd", "acosh", ""): "no derivative in place",
    ("in place under autograd", "atanh", ""): "no derivative in place",
    ("in place under autograd", "arcsinh", ""): "no derivative in place",
    ("in place under autograd", "arccosh", ""): "no derivative in place",
    ("in place under autograd", "arctanh", ""): "no derivative in place",
    ("out", "diff", ""): "a single element has no difference to write",
    ("out", "matmul", ""): "views an output of other strides",
    ("out", "nn.functional.linear", ""): "views an output of other strides",
    ("out", "nn.functional.avg_pool3d", ""): "ignores the strides of out",
    ("out", "normal", ""): "does not grow",
    ("layout", "take_along_dim", ""): "views an argument of other strides",
    ("layout", "conv_tbc", ""): "views an argument of other strides",
    ("layout", "kron", ""): "0-d tensors of other offsets",
}

# Registry records without a row of their own: pattern of the name -> reason.
WITHOUT_SAMPLES: dict[str, str] = {
    r".*_backward(_.*)?": "runs as the derivative of its forward operator",
    r"cuda": "moves to a device that this build does not have",
    r"_.*": "internal helper, not part of the public interface",
}

# Rows that take a gradient whose records have none: row id -> reason.
WITHOUT_DERIVATIVE: dict[str, str] = {}


def reason(check: str, row: str, dtype: str, library: str = "") -> str | None:
    table = OF_TORCH if library == "torch" else KNOWN
    for key in ((check, row, dtype), (check, row, ""), (check, "", dtype)):
        if key in table:
            return table[key]
    return None
