"""Random calls of layers, losses and what else nn.functional holds."""

from typing import Any

import numpy as np

from . import bridge, dtypes as dt
from .random_draw import Call, Draw


# --- convolution, pooling
def convolution(n: int, transposed: bool) -> Call:
    name = f"conv{'_transpose' if transposed else ''}{n}d"

    def run(xp: Any, draw: Draw) -> Any:
        dtype = draw.dtype(dt.FULLS)
        groups = draw.pick(1, 1, 2)
        cin, cout = groups * draw.number(1, 3), groups * draw.number(1, 3)
        space = tuple(draw.number(3, 6) for _ in range(n))
        kernel = tuple(draw.number(1, 3) for _ in range(n))
        batch = (
            () if draw.chance(0.2) else (draw.number(0 if draw.chance(0.1) else 1, 2),)
        )
        x = draw.tensor((*batch, cin, *space), dtype, extreme=False)
        channels = (cin, cout // groups) if transposed else (cout, cin // groups)
        w = draw.tensor((*channels, *kernel), dtype, extreme=False)
        bias = draw.tensor((cout,), dtype) if draw.chance(0.5) else None
        options = draw.option(stride=(1, 2), padding=(0, 1), dilation=(1, 2))
        return getattr(xp.nn.functional, name)(x, w, bias, groups=groups, **options)

    return Call(f"nn.functional.{name}", run, slack=10)


def pooling(name: str, n: int, **choices: tuple[Any, ...]) -> Call:
    def run(xp: Any, draw: Draw) -> Any:
        space = tuple(draw.number(3, 7) for _ in range(n))
        lead = (2,) if draw.chance(0.3) else (draw.number(1, 2), 2)
        x = draw.tensor(
            (*lead, *space), draw.dtype(dt.FLOATS), extreme=False, distinct=True
        )
        given = draw.option(stride=(1, 2, 3), padding=(0, 1), **choices)
        return getattr(xp.nn.functional, name)(x, draw.number(2, 3), **given)

    return Call(f"nn.functional.{name}", run)


def adaptive(name: str, n: int) -> Call:
    def run(xp: Any, draw: Draw) -> Any:
        space = tuple(draw.number(2, 7) for _ in range(n))
        x = draw.tensor((1, 2, *space), draw.dtype(dt.FULLS), distinct=True)
        return getattr(xp.nn.functional, name)(x, draw.number(1, 4))

    return Call(f"nn.functional.{name}", run)


# --- layers
def interpolate(mode: str, n: int) -> Call:
    def run(xp: Any, draw: Draw) -> Any:
        space = tuple(draw.number(2, 5) for _ in range(n))
        x = draw.tensor((1, 2, *space), draw.dtype(dt.FULLS), extreme=False)
        options: dict[str, Any] = {"size": tuple(draw.number(1, 7) for _ in range(n))}
        if draw.chance(0.5):
            options = {"scale_factor": draw.pick(0.5, 1.5, 2.0, 2.3)}
            options |= draw.option(recompute_scale_factor=(True, False))
        if "nearest" not in mode and mode != "area":
            options["align_corners"] = draw.chance(0.5)
        draw.log.append(str(options))
        return xp.nn.functional.interpolate(x, mode=mode, **options)

    return Call(f"interpolate {mode}", run, slack=10)


def batch_norm(xp: Any, draw: Draw) -> Any:
    dtype = draw.dtype(dt.FULLS)
    x = draw.tensor((draw.number(2, 4), 3, *draw.shape(0, 2)), dtype, extreme=False)
    mean, var = (draw.tensor((3,), dtype, low=0.5, grad=False) for _ in range(2))
    w, b = (draw.tensor((3,), dtype, extreme=False) for _ in range(2))
    mean, var = mean.clone().contiguous(), var.clone().contiguous()
    out = xp.nn.functional.batch_norm(x, mean, var, w, b, draw.chance(0.5))
    return out, mean, var


def layer_norm(xp: Any, draw: Draw) -> Any:
    dtype, shape = draw.dtype(dt.FULLS), draw.shape(1)
    x = draw.tensor(shape, dtype, extreme=False)
    tail = shape[draw.number(0, len(shape) - 1) :]
    w = draw.tensor(tail, dtype, extreme=False) if draw.chance(0.5) else None
    return xp.nn.functional.layer_norm(x, tail, w)


def group_norm(xp: Any, draw: Draw) -> Any:
    dtype = draw.dtype(dt.FULLS)
    x = draw.tensor((2, 4, *draw.shape(1, 2)), dtype, extreme=False)
    return xp.nn.functional.group_norm(x, draw.pick(1, 2))


def loss(name: str, **choices: tuple[Any, ...]) -> Call:
    def run(xp: Any, draw: Draw) -> Any:
        shape, dtype = draw.shape(), draw.dtype(dt.FULLS)
        unit = name == "binary_cross_entropy"
        low, high = (0.01, 0.99) if unit else (-4, 4)
        a = draw.tensor(shape, dtype, low, high, extreme=False)
        b = draw.tensor(shape, dtype, low, high, extreme=False, grad=False)
        how = draw.option(reduction=("none", "mean", "sum"), **choices)
        return getattr(xp.nn.functional, name)(a, b, **how)

    return Call(f"nn.functional.{name}", run)


def cross_entropy(xp: Any, draw: Draw) -> Any:
    space = draw.shape(0, 2)
    n, c = draw.number(1, 4), draw.number(1, 5)
    x = draw.tensor((n, c, *space), draw.dtype(dt.FLOATS), extreme=False)
    how = draw.option(
        reduction=("none", "mean", "sum"), label_smoothing=(0.1,), ignore_index=(0,)
    )
    return xp.nn.functional.cross_entropy(x, draw.indices((n, *space), c), **how)


def softmax(name: str) -> Call:
    def run(xp: Any, draw: Draw) -> Any:
        x = draw.tensor(draw.shape(), draw.dtype(dt.FLOATS))
        return getattr(xp.nn.functional, name)(x, dim=draw.dim(x.dim()))

    return Call(f"nn.functional.{name}", run)


def embedding(xp: Any, draw: Draw) -> Any:
    w = draw.tensor((draw.number(1, 6), draw.number(1, 4)), draw.dtype(dt.FLOATS))
    return xp.nn.functional.embedding(draw.indices(draw.shape(), w.size(0)), w)


def pad(xp: Any, draw: Draw) -> Any:
    x = draw.tensor((1, 2, draw.number(2, 5), draw.number(2, 5)), draw.dtype())
    mode = draw.pick("constant", "reflect", "replicate", "circular")
    amounts = [draw.number(-1 if mode == "constant" else 0, 1) for _ in range(4)]
    draw.log.append(f"{mode} {amounts}")
    return xp.nn.functional.pad(x, amounts, mode)


def attention(xp: Any, draw: Draw) -> Any:
    batch, heads = draw.number(1, 2), draw.number(1, 3)
    n, m, k = (draw.number(1, 5) for _ in range(3))
    dtype = draw.dtype(dt.FULLS)
    q = draw.tensor((batch, heads, n, k), dtype, extreme=False)
    key, value = (
        draw.tensor((batch, heads, m, k), dtype, extreme=False) for _ in range(2)
    )
    options: dict[str, Any] = draw.option(scale=(0.5,))
    kind = draw.pick("none", "causal", "bool", "float")
    if kind == "causal":
        options["is_causal"] = True
    elif kind == "bool":
        options["attn_mask"] = draw.tensor((n, m), "bool")
    elif kind == "float":
        options["attn_mask"] = draw.tensor((n, m), dtype, extreme=False, grad=False)
    function = xp.nn.functional.scaled_dot_product_attention
    return function(q, key, value, **options)


def embedding_bag(xp: Any, draw: Draw) -> Any:
    rows, count = draw.number(1, 6), draw.number(0, 8)
    w = draw.tensor((rows, 3), draw.dtype(dt.FULLS), extreme=False)
    inner = sorted(draw.number(0, count) for _ in range(2))
    offsets = bridge.from_numpy(xp, np.asarray([0, *inner]), "int64")
    options = draw.option(mode=("sum", "mean", "max"), padding_idx=(0,))
    ids = draw.indices((count,), rows)
    return xp.nn.functional.embedding_bag(ids, w, offsets, **options)


def ctc_loss(xp: Any, draw: Draw) -> Any:
    times, batch, classes = draw.number(1, 6), draw.number(1, 3), draw.number(2, 4)
    x = draw.tensor((times, batch, classes), draw.dtype(dt.FULLS), extreme=False)
    logs = xp.nn.functional.log_softmax(x, -1)
    blank = draw.pick(0, classes - 1)
    labels = draw.indices((batch, 3), classes - 1) + (blank == 0)
    lengths = [draw.number(1, times) for _ in range(batch)]
    counts = [draw.number(0, 3) for _ in range(batch)]
    options = draw.option(reduction=("none", "mean", "sum"), zero_infinity=(True,))
    draw.extreme |= "zero_infinity" not in options
    return xp.nn.functional.ctc_loss(logs, labels, lengths, counts, blank, **options)


CALLS: list[Call] = [
    *(convolution(n, flag) for n in (1, 2, 3) for flag in (False, True)),
    *(
        pooling(f"{kind}_pool{n}d", n, ceil_mode=(True, False), **options)
        for n in (1, 2, 3)
        for kind, options in (
            ("max", {"dilation": (1, 2)}),
            ("avg", {"count_include_pad": (True, False)}),
        )
    ),
    *(
        adaptive(f"adaptive_{kind}_pool{n}d", n)
        for n in (1, 2, 3)
        for kind in ("max", "avg")
    ),
    *(
        interpolate(mode, n)
        for mode, n in (
            ("nearest", 2),
            ("nearest-exact", 1),
            ("linear", 1),
            ("bilinear", 2),
            ("bicubic", 2),
            ("trilinear", 3),
            ("area", 2),
        )
    ),
    Call("nn.functional.batch_norm", batch_norm),
    Call("nn.functional.layer_norm", layer_norm),
    Call("nn.functional.group_norm", group_norm),
    softmax("softmax"),
    softmax("log_softmax"),
    loss("mse_loss"),
    loss("l1_loss"),
    loss("smooth_l1_loss", beta=(0.0, 0.5, 2.0)),
    loss("huber_loss", delta=(0.5, 2.0)),
    loss("binary_cross_entropy"),
    loss("binary_cross_entropy_with_logits"),
    loss("kl_div"),
    loss("soft_margin_loss"),
    loss("hinge_embedding_loss"),
    loss("poisson_nll_loss", log_input=(True,), full=(True, False)),
    Call("nn.functional.cross_entropy", cross_entropy),
    Call("nn.functional.embedding", embedding),
    Call("nn.functional.pad", pad),
    Call("nn.functional.scaled_dot_product_attention", attention),
    Call("nn.functional.embedding_bag", embedding_bag),
    Call("nn.functional.ctc_loss", ctc_loss),
]
