"""The larger, the smaller, and limits, element by element."""

from ops.table import REAL, REAL_BOOL, alias, op

EVERYWHERE_TOO = "function method inplace inplace_function out"

op(
    "maximum(Tensor self, Tensor other) -> Tensor",
    "The larger one; NaN wins.",
    expr="math::largest(x, y)",
    on=REAL_BOOL,
    check="maximum",
    variants="function method out",
    grad={
        "self": "share_ties(grad, self, other, ops::lt)",
        "other": "share_ties(grad, other, self, ops::lt)",
    },
)
op(
    "minimum(Tensor self, Tensor other) -> Tensor",
    "The smaller one; NaN wins.",
    expr="math::smallest(x, y)",
    on=REAL_BOOL,
    check="minimum",
    variants="function method out",
    grad={
        "self": "share_ties(grad, self, other, ops::gt)",
        "other": "share_ties(grad, other, self, ops::gt)",
    },
)
op(
    "fmax(Tensor self, Tensor other) -> Tensor",
    "The larger one; a number wins over NaN.",
    expr="math::fmax(x, y)",
    on=REAL_BOOL,
    check="fmax",
    variants="function method out",
    grad={
        "self": "ops::where(number_wins(ops::ge(self, other), other), grad, 0)",
        "other": "ops::where(number_wins(ops::ge(self, other), other), 0, grad)",
    },
)
op(
    "fmin(Tensor self, Tensor other) -> Tensor",
    "The smaller one; a number wins over NaN.",
    expr="math::fmin(x, y)",
    on=REAL_BOOL,
    check="fmin",
    variants="function method out",
    grad={
        "self": "ops::where(number_wins(ops::le(self, other), other), grad, 0)",
        "other": "ops::where(number_wins(ops::le(self, other), other), 0, grad)",
    },
)
CLAMP = "(Tensor self, Tensor|Scalar? min=None, Tensor|Scalar? max=None) -> Tensor"
op(
    "clamp" + CLAMP,
    "self limited to min and max, either of which may be left out.",
    choose="clamp",
    variants=EVERYWHERE_TOO,
)
alias("clip" + CLAMP, "clamp", EVERYWHERE_TOO)
op(
    "_clamp(Tensor self, Tensor|Scalar min, Tensor|Scalar max) -> Tensor",
    "clamp() with both bounds.",
    expr="math::clamped(x, y, z)",
    on=REAL,
    variants="exact_out numbers_fit",
    node="ClampBackward0/ClampBackward1",
    grad={
        "self": "ops::_clamp_backward(grad, self, min, max)",
        "min": "ops::where(both(ops::lt(min.tensor(), max), ops::lt(self, min)), grad, 0)",
        "max": "ops::where(either(ops::gt(self, max), ops::lt(max.tensor(), min)), grad, 0)",
    },
)
op(
    "_clamp_backward(Tensor grad_output, Tensor self, Tensor|Scalar min, Tensor|Scalar max) "
    "-> Tensor",
    "grad where self lies within the bounds.",
    expr="(y >= z) & (y <= w) ? x : T(0)",
    on=REAL,
    variants="",
    grad={
        "grad_output": "ops::_clamp_backward(grad, self, min, max)",
        "self": "zeros",
        "min": "zeros",
        "max": "zeros",
    },
)
for _NAME, _BOUND, _KEEPS, _CUTS, _PICK in (
    ("min", "Min", "ge", "lt", "largest"),
    ("max", "Max", "le", "gt", "smallest"),
):
    _GRAD = {
        "self": f"ops::_clamp_{_NAME}_backward(grad, self, {_NAME})",
        _NAME: f"ops::where(ops::{_CUTS}(self, {_NAME}), grad, 0)",
    }
    op(
        f"clamp_{_NAME}(Tensor self, Tensor|Scalar {_NAME}) -> Tensor",
        f"clamp() with {_NAME} alone.",
        expr=f"math::{_PICK}(x, y)",
        on=REAL_BOOL,
        check=f"clamp_{_NAME}",
        variants=f"{EVERYWHERE_TOO} exact_out numbers_fit",
        node=f"Clamp{_BOUND}Backward1/Clamp{_BOUND}Backward0",
        grad=_GRAD,
    )
    op(
        f"_clamp_only_{_NAME}(Tensor self, Tensor|Scalar {_NAME}) -> Tensor",
        f"clamp() with {_NAME} alone.",
        loops=f"clamp_{_NAME}",
        variants="exact_out numbers_fit",
        node="ClampBackward0/ClampBackward1",
        grad=_GRAD,
    )
    op(
        f"_clamp_{_NAME}_backward(Tensor grad_output, Tensor self, Tensor|Scalar {_NAME}) -> Tensor",
        "grad where self keeps the bound.",
        expr=f"y {'>=' if _NAME == 'min' else '<='} z ? x : T(0)",
        on=REAL,
        variants="",
        grad={
            "grad_output": f"ops::_clamp_{_NAME}_backward(grad, self, {_NAME})",
            "self": "zeros",
            _NAME: "zeros",
        },
    )
