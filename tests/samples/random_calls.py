"""Random calls of the operator families, an entry each; tests/oracle runs them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from . import bridge, dtypes as dt
from .random_draw import Call, Draw


def find(xp: Any, name: str) -> Any:
    for part in name.split("."):
        xp = getattr(xp, part)
    return xp


# --- pointwise
def unary(name: str, **fields: Any) -> Call:
    def run(xp: Any, draw: Draw) -> Any:
        return find(xp, name)(draw.tensor(draw.shape(), draw.dtype()))

    return Call(name, run, **{"strides": True, **fields})


def binary(
    name: str, low: float = -4, among: frozenset[str] = dt.ALL, **fields: Any
) -> Call:
    def run(xp: Any, draw: Draw) -> Any:
        shape = draw.shape()
        a = draw.tensor(shape, draw.dtype(among), low)
        if draw.chance(0.25):
            number = draw.pick(2, 0, -3, 1.5, True, 0.0)
            draw.log.append(repr(number))
            return find(xp, name)(a, number)
        return find(xp, name)(
            a, draw.tensor(draw.broadcast(shape), draw.dtype(among), low)
        )

    return Call(name, run, strides=True, **fields)


def ternary(name: str, **fields: Any) -> Call:
    def run(xp: Any, draw: Draw) -> Any:
        shape, dtype = draw.shape(), draw.dtype()
        a = draw.tensor(shape, dtype)
        b = draw.tensor(draw.broadcast(shape), dtype)
        c = draw.tensor(draw.broadcast(shape), dtype)
        return find(xp, name)(a, b, c)

    return Call(name, run, strides=True, **fields)


def clamp(xp: Any, draw: Draw) -> Any:
    x = draw.tensor(draw.shape(), draw.dtype())
    return xp.clamp(x, *draw.pick((-1, 2), (None, 1.5), (0.5, None), (2, -1)))


def where(xp: Any, draw: Draw) -> Any:
    shape = draw.shape()
    mask = draw.tensor(draw.broadcast(shape), "bool")
    b = draw.tensor(draw.broadcast(shape), draw.dtype())
    return xp.where(mask, draw.tensor(shape, draw.dtype()), b)


# --- reductions
def reduction(
    name: str,
    *,
    dtypes: tuple[str, ...] = (),
    lists: bool = True,
    among: frozenset[str] = dt.ALL,
    **fields: Any,
) -> Call:
    def run(xp: Any, draw: Draw) -> Any:
        shape = draw.shape()
        # Which of equal elements is found is left open.
        ties = "median" in name
        x = draw.tensor(shape, draw.dtype(among), distinct=ties, repeated=not ties)
        options: dict[str, Any] = {}
        if draw.chance(0.75):
            options["dim"] = draw.dim(len(shape))
            if lists and draw.chance(0.4) and len(shape) > 1:
                dims = draw.rng.choice(len(shape), draw.number(1, len(shape)), False)
                options["dim"] = [int(d) for d in dims]
            options |= draw.option(keepdim=(True, False))
        if dtypes and draw.chance(0.25):
            options["dtype"] = bridge.dtype_in(xp, draw.pick(*dtypes))
        draw.log.append(str(options))
        return find(xp, name)(x, **options)

    return Call(name, run, strides=True, **fields)


def along(
    name: str, *, distinct: bool = False, among: frozenset[str] = dt.ALL, **fields: Any
) -> Call:
    def run(xp: Any, draw: Draw) -> Any:
        shape = draw.shape()
        x = draw.tensor(shape, draw.dtype(among), distinct=distinct)
        dim = draw.dim(len(shape))
        draw.log.append(f"dim {dim}")
        return find(xp, name)(x, dim)

    return Call(name, run, **fields)


def norm(xp: Any, draw: Draw) -> Any:
    x = draw.tensor(draw.shape(1), draw.dtype(dt.FLOATS | dt.COMPLEX))
    p = draw.pick(0, 1, 2, 3, 0.5, float("inf"), -float("inf"), -1)
    draw.log.append(f"p {p}")
    return xp.norm(x, p, draw.dim(x.dim()), draw.chance(0.5))


def variance(name: str) -> Call:
    def run(xp: Any, draw: Draw) -> Any:
        # Repeated rows have a deviation of 0, exactly or nearly.
        x = draw.tensor(
            draw.shape(1),
            draw.dtype(dt.FLOATS | dt.COMPLEX),
            extreme=False,
            repeated=False,
        )
        given = draw.option(correction=(0, 1), keepdim=(True, False))
        return find(xp, name)(x, dim=draw.dim(x.dim()), **given)

    return Call(name, run)


def quantile(xp: Any, draw: Draw) -> Any:
    x = draw.tensor(draw.shape(1), draw.dtype(dt.FULLS))
    how = draw.pick("linear", "lower", "higher", "midpoint", "nearest")
    q = draw.pick(0.0, 0.3, 1.0)
    draw.log.append(f"{q} {how}")
    return xp.quantile(x, q, draw.dim(x.dim()), interpolation=how)


# --- order
def sort(xp: Any, draw: Draw) -> Any:
    x = draw.tensor(draw.shape(), draw.dtype())
    return xp.sort(x, dim=draw.dim(x.dim()), descending=draw.chance(0.5), stable=True)


def topk(xp: Any, draw: Draw) -> Any:
    x = draw.tensor(draw.shape(1), draw.dtype(dt.REAL), distinct=True, repeated=False)
    dim = draw.dim(x.dim())
    return xp.topk(x, draw.number(0, x.size(dim)), dim, draw.chance(0.5))


def kthvalue(xp: Any, draw: Draw) -> Any:
    x = draw.tensor(draw.shape(1), draw.dtype(dt.REAL), distinct=True, repeated=False)
    dim = draw.dim(x.dim())
    return xp.kthvalue(x, draw.number(1, max(x.size(dim), 1)), dim, draw.chance(0.5))


def unique(xp: Any, draw: Draw) -> Any:
    x = draw.tensor(draw.shape(), draw.dtype(dt.REAL | dt.BOOL), extreme=False)
    return xp.unique(x, return_inverse=True, return_counts=True)


def searchsorted(xp: Any, draw: Draw) -> Any:
    row = xp.sort(draw.tensor((draw.number(0, 6),), "float64", grad=False))[0]
    x = draw.tensor(draw.shape(), "float64", grad=False)
    return xp.searchsorted(row, x, right=draw.chance(0.5))


# --- indexing
def index_select(xp: Any, draw: Draw) -> Any:
    x = draw.tensor(draw.shape(), draw.dtype())
    dim = draw.dim(x.dim())
    size = x.size(dim) if x.dim() else 1
    count = draw.number(0, 4 if size else 0) if x.dim() else 1
    return xp.index_select(x, dim, draw.indices((count,), size))


def gather(xp: Any, draw: Draw) -> Any:
    x = draw.tensor(draw.shape(1), draw.dtype())
    dim = draw.dim(x.dim())
    shape = [draw.number(0, n) for n in x.shape]
    return xp.gather(x, dim, draw.indices(tuple(shape), x.size(dim)))


def scatter(name: str, **options: Any) -> Call:
    def run(xp: Any, draw: Draw) -> Any:
        dtype = draw.dtype()
        x = draw.tensor(draw.shape(1), dtype)
        dim = draw.dim(x.dim())
        shape = tuple(draw.number(0, n) for n in x.shape)
        if not options and name == "scatter":  # equal places have no fixed winner
            shape = tuple(
                min(n, 1) if i == dim % x.dim() else n for i, n in enumerate(shape)
            )
        source = draw.tensor(shape, dtype)
        places = draw.indices(shape, x.size(dim))
        return find(xp, name)(x, dim, places, source, **options)

    return Call(f"{name}{''.join(map(str, options.values()))}", run)


def index_add(xp: Any, draw: Draw) -> Any:
    dtype = draw.dtype()
    x = draw.tensor(draw.shape(1), dtype)
    dim, count = draw.dim(x.dim()), draw.number(0, 4)
    shape = list(x.shape)
    shape[dim] = count if x.size(dim) else 0
    places = draw.indices((shape[dim],), x.size(dim))
    return xp.index_add(x, dim, places, draw.tensor(tuple(shape), dtype))


def masked(name: str) -> Call:
    def run(xp: Any, draw: Draw) -> Any:
        shape = draw.shape()
        x = draw.tensor(shape, draw.dtype())
        mask = draw.tensor(draw.broadcast(shape), "bool")
        return find(xp, name)(x, mask, *(() if "select" in name else (1,)))

    return Call(name, run)


def random_index(draw: Draw, shape: tuple[int, ...]) -> tuple[Any, ...]:
    found: list[Any] = []
    for n in shape:
        kind = draw.pick("int", "slice", "step", "list", "mask", "new", "all")
        if kind == "int" and n:
            found.append(draw.number(-n, n - 1))
        elif kind == "slice":
            found.append(slice(draw.number(-2, 2), draw.number(0, 6)))
        elif kind == "step":
            found.append(slice(None, None, draw.number(1, 3)))
        elif kind == "list" and n:
            found.append(draw.indices((2,), n))
        elif kind == "mask" and not any(bridge.is_tensor(f) for f in found):
            found.append(draw.tensor((n,), "bool"))
        elif kind == "new":
            found += [None, slice(None)]
        else:
            found.append(slice(None))
    if draw.chance(0.3) and found:
        found[draw.number(0, len(found) - 1) :] = [...]
    draw.log.append(str([f if not bridge.is_tensor(f) else "tensor" for f in found]))
    return tuple(found)


def getitem(xp: Any, draw: Draw) -> Any:
    x = draw.tensor(draw.shape(), draw.dtype())
    return x[random_index(draw, tuple(x.shape))]


def setitem(xp: Any, draw: Draw) -> Any:
    x = draw.tensor(draw.shape(), draw.dtype(), grad=False).clone()
    x[random_index(draw, tuple(x.shape))] = draw.pick(0, 1, 2)
    return x


# --- views
def view(name: str, arguments: Callable[[Draw, tuple[int, ...]], Any]) -> Call:
    def run(xp: Any, draw: Draw) -> Any:
        x = draw.tensor(draw.shape(), draw.dtype())
        given = arguments(draw, tuple(x.shape))
        draw.log.append(str(given))
        return getattr(x, name)(*given)

    return Call(f"Tensor.{name}", run, strides=True)


def two_dims(draw: Draw, shape: tuple[int, ...]) -> Any:
    return draw.dim(len(shape)), draw.dim(len(shape))


def regrouped(draw: Draw, shape: tuple[int, ...]) -> Any:
    count = int(np.prod(shape, dtype=int))
    options = [(count,), (-1,), (1, -1), (count, 1, 1)]
    options += [(2, -1)] * (count % 2 == 0 and count > 0)
    return (draw.pick(*options),)


def order(draw: Draw, shape: tuple[int, ...]) -> Any:
    return tuple(int(i) for i in draw.rng.permutation(len(shape)))


# --- products
def matmul(xp: Any, draw: Draw) -> Any:
    n, k, m = (draw.number(0 if draw.chance(0.1) else 1, 5) for _ in range(3))
    dtype = draw.dtype(dt.NUMBERS)
    batch = draw.shape(0, 2, 3)
    left = draw.pick((k,), (n, k), (*batch, n, k))
    right = draw.pick((k,), (k, m), (*draw.broadcast(batch), k, m))
    a = draw.tensor(left, dtype, extreme=False)
    return xp.matmul(a, draw.tensor(right, dtype, extreme=False))


def addmm(xp: Any, draw: Draw) -> Any:
    n, k, m = (draw.number(0, 5) for _ in range(3))
    dtype = draw.dtype(dt.FULLS | dt.COMPLEX | {"int64"})
    bias = draw.tensor(draw.broadcast((n, m)), dtype, extreme=False)
    a = draw.tensor((n, k), dtype, extreme=False)
    b = draw.tensor((k, m), dtype, extreme=False)
    return xp.addmm(bias, a, b, **draw.option(beta=(0, 2), alpha=(0, 3)))


def linear(xp: Any, draw: Draw) -> Any:
    dtype, k, m = draw.dtype(dt.FLOATS), draw.number(1, 5), draw.number(1, 5)
    x = draw.tensor((*draw.shape(0, 3), k), dtype, extreme=False)
    w = draw.tensor((m, k), dtype, extreme=False)
    bias = draw.tensor((m,), dtype, extreme=False) if draw.chance(0.5) else None
    return xp.nn.functional.linear(x, w, bias)


# --- joins and distances
def cat(xp: Any, draw: Draw) -> Any:
    shape = list(draw.shape(1))
    dim, parts = draw.dim(len(shape)), []
    for _ in range(draw.number(1, 3)):
        shape[dim] = draw.number(0, 3)
        parts.append(draw.tensor(tuple(shape), draw.dtype()))
    return xp.cat(parts, dim)


def cdist(xp: Any, draw: Draw) -> Any:
    batch, k, dtype = draw.shape(0, 2, 3), draw.number(1, 4), draw.dtype(dt.FULLS)
    a = draw.tensor((*batch, draw.number(1, 4), k), dtype, extreme=False)
    other = (*draw.broadcast(batch), draw.number(1, 4), k)
    p = draw.pick(0.0, 1.0, 2.0, 3.5, float("inf"))
    draw.log.append(f"p {p}")
    return xp.cdist(a, draw.tensor(other, dtype, extreme=False), p)


UNARY = """abs neg sign sgn square sqrt rsqrt reciprocal exp exp2 expm1 log log2 log10
log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sigmoid erf erfc erfinv
floor ceil trunc round frac isnan isinf isfinite logical_not bitwise_not signbit angle
nan_to_num deg2rad rad2deg positive isposinf isneginf sinc i0""".split()
ACTIVATIONS = """relu relu6 elu selu celu gelu silu mish softplus softsign
hardtanh hardswish hardsigmoid hardshrink softshrink tanhshrink leaky_relu""".split()
BINARY = """add sub mul div true_divide remainder fmod maximum minimum fmax
fmin hypot copysign logaddexp eq ne lt le gt ge logical_and logical_or logical_xor
bitwise_and bitwise_or bitwise_xor xlogy""".split()

MEANS = ("mean", "nansum", "nanmean")

CALLS: list[Call] = [
    *(unary(name) for name in UNARY),
    *(unary(f"nn.functional.{name}") for name in ACTIVATIONS),
    unary("nn.functional.logsigmoid", strides=False),
    *(binary(name) for name in BINARY),
    binary("floor_divide", grad=False),
    binary("heaviside", grad=False),
    binary("pow", 0.25),
    binary("atan2", among=dt.FLOATS),  # PyTorch squares integers in their own dtype
    ternary("addcmul"),
    ternary("addcdiv"),
    ternary("lerp"),
    Call("clamp", clamp, strides=True),
    Call("where", where, strides=True),
    reduction("sum", dtypes=("float64", "float32", "int64")),
    *(reduction(name, dtypes=("float64", "float32")) for name in MEANS),
    *(reduction(name) for name in ("all", "any", "count_nonzero")),
    *(reduction(name, among=dt.REAL | dt.BOOL) for name in ("amax", "amin")),
    reduction("prod", dtypes=("float64", "float32"), lists=False),
    *(reduction(n, lists=False) for n in ("argmax", "argmin")),
    *(reduction(n, lists=False, among=dt.REAL) for n in ("median", "nanmedian")),
    reduction("aminmax", lists=False, among=dt.REAL),
    along("logsumexp"),
    *(variance(name) for name in ("var", "std", "var_mean")),
    Call("norm", norm),
    Call("quantile", quantile),
    *(along(n) for n in ("cumsum", "cumprod", "logcumsumexp")),
    *(along(n, among=dt.REAL) for n in ("cummax", "cummin")),
    along("diff"),
    along("mode", distinct=True),
    Call("sort", sort),
    Call("topk", topk),
    Call("kthvalue", kthvalue),
    Call("unique", unique, grad=False),
    Call("searchsorted", searchsorted),
    Call("index_select", index_select),
    Call("gather", gather),
    scatter("scatter"),
    scatter("scatter_add"),
    scatter("scatter_reduce", reduce="sum"),
    scatter("scatter_reduce", reduce="amax"),
    scatter("scatter_reduce", reduce="mean"),
    Call("index_add", index_add),
    masked("masked_fill"),
    masked("masked_select"),
    Call("Tensor.__getitem__", getitem),
    Call("Tensor.__setitem__", setitem),
    view("transpose", two_dims),
    view("movedim", two_dims),
    view("reshape", regrouped),
    view("permute", order),
    view("flatten", lambda draw, shape: sorted(two_dims(draw, shape))),
    view("squeeze", lambda draw, shape: draw.pick((), (draw.dim(len(shape)),))),
    view("unsqueeze", lambda draw, shape: (draw.dim(len(shape) + 1),)),
    view("expand", lambda draw, shape: ((draw.number(1, 3), *shape),)),
    view("unfold", lambda draw, shape: (draw.dim(len(shape)), 2, draw.number(1, 2))),
    view("diagonal", lambda draw, shape: (draw.number(-2, 2),)),
    view("flip", lambda draw, shape: (draw.dim(len(shape)),)),
    view("roll", lambda draw, shape: (draw.number(-3, 3), draw.dim(len(shape)))),
    view("tril", lambda draw, shape: (draw.number(-2, 2),)),
    view("repeat", lambda draw, shape: ((2, *(draw.number(1, 2) for _ in shape)),)),
    Call("cat", cat, strides=True),
    Call("matmul", matmul),
    Call("addmm", addmm),
    Call("nn.functional.linear", linear),
    Call("cdist", cdist),
]
