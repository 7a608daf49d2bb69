"""Comparison and classification, element by element."""

from ops.table import ALL, REAL_BOOL, alias, op

EVERYWHERE = "function method inplace out"

for _NAME, _OTHER_NAME, _SIGN, _DTYPES in (
    ("eq", "equal", "==", ALL),
    ("ne", "not_equal", "!=", ALL),
    ("lt", "less", "<", REAL_BOOL),
    ("le", "less_equal", "<=", REAL_BOOL),
    ("gt", "greater", ">", REAL_BOOL),
    ("ge", "greater_equal", ">=", REAL_BOOL),
):
    op(
        f"{_NAME}(Tensor self, Tensor|Scalar other) -> Tensor",
        f"self {_SIGN} other.",
        expr=f"x {_SIGN} y",
        on=_DTYPES,
        result="bool",
        variants=EVERYWHERE,
        node=f"{_NAME.title()}Backward1/{_NAME.title()}Backward0",
        grad={"self": "zeros", "other": "zeros"},
    )
    if _NAME != "eq":
        alias(f"{_OTHER_NAME}(Tensor self, Tensor|Scalar other) -> Tensor", _NAME)
op(
    "equal(Tensor self, Tensor other) -> bool",
    "Whether sizes and all elements are equal.",
    dynamic="equal",
)
op(
    "isclose(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08, "
    "bool equal_nan=False) -> Tensor",
    "|self - other| <= atol + rtol * |other|.",
    dynamic="isclose",
)
op(
    "allclose(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08, "
    "bool equal_nan=False) -> bool",
    "Whether isclose() holds for all elements.",
    dynamic="allclose",
)

# --- classification
for _NAME, _DOC, _EXPR in (
    ("isnan", "Whether an element is NaN.", "math::is_nan(x)"),
    ("isinf", "Whether an element is infinite.", "math::is_inf(x)"),
    (
        "isfinite",
        "Whether an element is neither infinite nor NaN.",
        "math::is_finite(x)",
    ),
    ("isreal", "Whether the imaginary part is 0.", "math::is_real(x)"),
):
    op(
        f"{_NAME}(Tensor self) -> Tensor",
        _DOC,
        expr=_EXPR,
        on=ALL,
        result="bool",
        variants="function method",
    )
for _NAME, _SIGN, _NEGATIVE in (("isposinf", "+", "false"), ("isneginf", "-", "true")):
    op(
        f"{_NAME}(Tensor self) -> Tensor",
        f"Whether an element is {_SIGN}infinity.",
        expr=f"math::equals_infinity(x, {_NEGATIVE})",
        on=REAL_BOOL,
        result="bool",
        check=_NAME,
        variants="function method out exact_out",
    )
