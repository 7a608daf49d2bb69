"""Logic on truth values and on bits."""

from ops.table import ALL, BITS, INTEGERS, op

EVERYWHERE = "function method inplace out"

for _NAME, _DOC, _EXPR in (
    ("and", "Whether both elements are nonzero.", "math::truth(x) & math::truth(y)"),
    (
        "or",
        "Whether one of the elements is nonzero.",
        "math::truth(x) | math::truth(y)",
    ),
    (
        "xor",
        "Whether exactly one element is nonzero.",
        "math::truth(x) ^ math::truth(y)",
    ),
):
    op(
        f"logical_{_NAME}(Tensor self, Tensor other) -> Tensor",
        _DOC,
        expr=_EXPR,
        on=ALL,
        result="bool",
        variants=EVERYWHERE,
    )
op(
    "logical_not(Tensor self) -> Tensor",
    "Whether an element is zero.",
    expr="!math::truth(x)",
    on=ALL,
    result="bool",
    variants=EVERYWHERE,
)
for _NAME, _SIGN in (("and", "&"), ("or", "|"), ("xor", "^")):
    op(
        f"bitwise_{_NAME}(Tensor|Scalar self, Tensor|Scalar other) -> Tensor",
        f"self {_SIGN} other, bit by bit.",
        expr=f"x {_SIGN} y",
        on=BITS,
        variants=EVERYWHERE,
    )
op(
    "bitwise_not(Tensor self) -> Tensor",
    "All bits inverted; not, for bool.",
    expr="math::bit_not(x)",
    on=BITS,
    variants=f"{EVERYWHERE} exact_out",
)
for _NAME, _DOC, _SHORT in (
    ("left", "self * 2^other, the bits beyond the width lost.", "__lshift__"),
    ("right", "self / 2^other, rounded down.", "__rshift__"),
):
    op(
        f"bitwise_{_NAME}_shift(Tensor|Scalar self, Tensor|Scalar other) -> Tensor",
        _DOC,
        expr=f"math::shift_{_NAME}(x, y)",
        on=INTEGERS,
        variants=EVERYWHERE,
    )
    op(
        f"{_SHORT}(Tensor|Scalar self, Tensor|Scalar other) -> Tensor",
        "The operator's slot.",
        choose=f"ops::bitwise_{_NAME}_shift",
        variants="inplace_internal",
    )
