"""Result dtypes of mixed operands: tensors, 0-d tensors and Python numbers."""

from typing import Any

import pytest
from samples import bridge, dtypes as dt
from samples.make import Maker

pytestmark = pytest.mark.smoke

# (name, rule, dtypes)
OPERATORS = (
    ("add", "same", dt.ALL),
    ("mul", "same", dt.ALL),
    ("true_divide", "float", dt.ALL),
    ("eq", "bool", dt.ALL),
    ("maximum", "same", dt.REAL | dt.BOOL),
    ("bitwise_and", "same", dt.INTS | dt.BOOL),
    ("atan2", "float", dt.REAL | dt.BOOL),
)
SCALARS: tuple[complex, ...] = (True, 2, 2.5, 1 + 2j)


def half_complex(a: str, b: str) -> bool:
    """float16 beside a complex 0-d tensor would be complex32, which we lack."""
    return a == "float16" and b in dt.COMPLEX


def pairs(dtypes: frozenset[str]) -> list[tuple[str, str]]:
    names = [d for d in dt.ORDER if d in dtypes]
    return [(a, b) for a in names for b in names]


@pytest.mark.parametrize(("name", "rule", "dtypes"), OPERATORS)
def test_tensor_with_tensor(
    name: str, rule: str, dtypes: frozenset[str], xp: Any
) -> None:
    make, function = Maker(xp, name), getattr(xp, name)
    for a, b in pairs(dtypes):
        for shapes in (((2,), (2,)), ((), ())):
            result = function(
                make(shapes[0], a, nonzero=True), make(shapes[1], b, nonzero=True)
            )
            expected = dt.result_dtype(rule, dt.promote(a, b))
            assert bridge.dtype_of(result) == expected, (name, a, b, shapes)


@pytest.mark.parametrize(("name", "rule", "dtypes"), OPERATORS)
def test_tensor_with_zero_dim(
    name: str, rule: str, dtypes: frozenset[str], xp: Any
) -> None:
    """A 0-d tensor only counts when its category is the higher one."""
    make, function = Maker(xp, name), getattr(xp, name)
    for a, b in pairs(dtypes):
        if half_complex(a, b):
            continue
        x, y = make((2,), a, nonzero=True), make((), b, nonzero=True)
        expected = dt.result_dtype(rule, dt.with_zero_dim(a, b))
        assert bridge.dtype_of(function(x, y)) == expected, (name, a, b)
        assert bridge.dtype_of(function(y, x)) == expected, (name, b, a)


@pytest.mark.parametrize("name", ["add", "mul", "true_divide", "eq"])
def test_tensor_with_number(name: str, xp: Any) -> None:
    rule = {"true_divide": "float", "eq": "bool"}.get(name, "same")
    make, function = Maker(xp, name), getattr(xp, name)
    for a in dt.ORDER:
        for number in SCALARS:
            if a == "float16" and isinstance(number, complex):
                continue  # would be complex32
            for shape in ((2,), ()):
                result = function(make(shape, a), number)
                expected = dt.result_dtype(rule, dt.with_scalar(a, number))
                assert bridge.dtype_of(result) == expected, (name, a, number)


def test_promote_types(xp: Any) -> None:
    for a, b in pairs(dt.ALL):
        found = xp.promote_types(bridge.dtype_in(xp, a), bridge.dtype_in(xp, b))
        assert str(found).rsplit(".", 1)[-1] == dt.promote(a, b), (a, b)


def test_result_type(xp: Any) -> None:
    make = Maker(xp, "result type")
    for a, b in pairs(dt.ALL):
        if half_complex(a, b):
            continue
        found = xp.result_type(make((2,), a), make((), b))
        assert str(found).rsplit(".", 1)[-1] == dt.with_zero_dim(a, b), (a, b)


def test_can_cast(xp: Any) -> None:
    """A cast may lose precision, but not the category."""
    ranks = "bifc"
    for a, b in pairs(dt.ALL):
        allowed = ranks.index(dt.kind(a)) <= ranks.index(dt.kind(b))
        found = xp.can_cast(bridge.dtype_in(xp, a), bridge.dtype_in(xp, b))
        assert found == allowed, (a, b)


def test_default_dtype_follows(xp: Any) -> None:
    """Numbers and true division take the default floating dtype."""
    xp.set_default_dtype(xp.float64)
    try:
        x = Maker(xp)((2,), "int64", nonzero=True)
        assert (x + 0.5).dtype == xp.float64
        assert (x / x).dtype == xp.float64
        assert xp.tensor([0.5]).dtype == xp.float64
        assert xp.tensor([1j]).dtype == xp.complex128
    finally:
        xp.set_default_dtype(xp.float32)
    assert (x + 0.5).dtype == xp.float32
