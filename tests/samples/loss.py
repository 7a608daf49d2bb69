"""Samples of loss functions, with every reduction."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .activation import sigmoid
from .dtypes import FLOATS, FULLS
from .softmax import log_softmax
from .table import ErrorInput, Inputs, OpSamples, SampleInput, error, sample

REDUCTIONS = ("none", "mean", "sum")


def reduced(loss: Any, reduction: str) -> Any:
    if reduction == "none":
        return loss
    return loss.mean() if reduction == "mean" else loss.sum()


def pointwise(function: Callable[..., Any]) -> Callable[..., Any]:
    def reference(x: Any, y: Any, reduction: str = "mean", **options: Any) -> Any:
        return reduced(function(x, y, **options), reduction)

    return reference


def pair_inputs(
    *choices: dict[str, Any],
    low: float | None = None,
    high: float | None = None,
    target: tuple[float | None, float | None] = (None, None),
) -> Inputs:
    """Predictions and targets of one shape, under every reduction."""

    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        def both(*shape: int, layout: str = "contiguous") -> tuple[Any, Any]:
            y = make(shape, dtype, low=target[0], high=target[1])
            # Half a grid step away from every kink at |x - y| = 0, 0.5, 1.
            return make(shape, dtype, low=low, high=high, layout=layout), y + SHIFT

        for reduction in REDUCTIONS:
            for choice in ({}, *choices):
                yield sample(*both(2, 3), reduction=reduction, **choice)
            yield sample(*both(4, 3, layout="transposed"), reduction=reduction)
            yield sample(*both(), reduction=reduction)
        yield sample(*both(0, 3), reduction="sum").but(grad=False)
        yield sample(*both(70, 31)).but(grad=False)

    return inputs


SHIFT = 1 / 64


def smooth_l1(x: Any, y: Any, beta: float = 1.0) -> Any:
    size = np.abs(x - y)
    if beta == 0:
        return size
    return np.where(size < beta, size**2 / (2 * beta), size - beta / 2)


def huber(x: Any, y: Any, delta: float = 1.0) -> Any:
    size = np.abs(x - y)
    return np.where(size < delta, size**2 / 2, delta * (size - delta / 2))


def class_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    w = make((4,), dtype, low=0.25, high=2.0)
    for reduction in REDUCTIONS:
        x, y = make((3, 4), dtype), make.indices((3,), 4)
        yield sample(x, y, reduction=reduction)
        yield sample(x, y, w, reduction=reduction)
        y = make.value([1, 2, 1], "int64")
        yield sample(x, y, ignore_index=2, reduction=reduction)
        y = make.value([1, -100, 0], "int64")
        yield sample(x, y, w, reduction=reduction)
        x, y = make((2, 4, 2), dtype), make.indices((2, 2), 4)
        yield sample(x, y, w, reduction=reduction)
        x, y = make((1, 4, 2, 2), dtype), make.indices((1, 2, 2), 4)
        yield sample(x, y, reduction=reduction)
        yield sample(make((4,), dtype), make.indices((), 4), reduction=reduction)
    x = make((5, 4), dtype, layout="transposed")
    yield sample(x, make.indices((5,), 4))


def nll(
    x: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:
    if x.ndim == 1:
        loss = nll(x[None], target[None], weight, ignore_index, reduction)
        return loss[0] if reduction == "none" else loss
    weight = np.ones(x.shape[1]) if weight is None else weight
    kept = target != ignore_index
    safe = np.where(kept, target, 0)
    picked = np.take_along_axis(x, safe[:, None], 1)[:, 0]
    scale = weight[safe] * kept
    loss = -picked * scale
    if reduction == "mean":
        return loss.sum() / scale.sum()
    return reduced(loss, reduction)


def entropy_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield from class_inputs(make, dtype)
    w = make((4,), dtype, low=0.25, high=2.0)
    for reduction in REDUCTIONS:
        x, y = make((3, 4), dtype), make.indices((3,), 4)
        yield sample(x, y, label_smoothing=0.1, reduction=reduction)
        yield sample(x, y, w, label_smoothing=0.3, reduction=reduction)
        probability = make((3, 4), dtype, low=0.0, high=1.0)
        yield sample(x, probability, reduction=reduction)
        yield sample(x, probability, w, reduction=reduction, label_smoothing=0.2)


def cross_entropy(
    x: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    axis = 1 if x.ndim > 1 else 0
    logs = log_softmax(x, axis)
    classes = x.shape[axis]
    each = np.ones(classes) if weight is None else weight
    if target.dtype.kind == "f":
        target = target * (1 - label_smoothing) + label_smoothing / classes
        loss = -(target * logs * each).sum(axis)
        return loss.mean() if reduction == "mean" else reduced(loss, reduction)
    hard = nll(logs, target, weight, ignore_index, reduction)
    if not label_smoothing:
        return hard
    kept = target != ignore_index
    spread = -(logs * each).sum(axis) * kept
    if reduction == "mean":
        smooth = spread.sum() / (each[np.where(kept, target, 0)] * kept).sum()
    else:
        smooth = reduced(spread, reduction)
    return (1 - label_smoothing) * hard + label_smoothing / classes * smooth


def class_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((3, 4), "float32")
    text = "Expected input batch_size (3) to match target batch_size (2)."
    yield error(ValueError, text, x, make.indices((2,), 4))
    text = "Target 7 is out of bounds."
    yield error(IndexError, text, x, make.value([0, 7, 1], "int64"))
    text = "is not a valid value for reduction"
    yield error(ValueError, text, x, make.indices((3,), 4), reduction="foo")
    text = "weight tensor should be defined either for all"
    y = make.indices((3,), 4)
    yield error(RuntimeError, text, x, y, make((2,), "float32"))


def binary_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for reduction in REDUCTIONS:
        for shape in ((4,), (2, 3)):
            x = make(shape, dtype, low=0.1, high=0.9)
            y = make(shape, dtype, low=0.0, high=1.0)
            yield sample(x, y, reduction=reduction)
            yield sample(x, y, make(shape[-1:], dtype, low=0.25), reduction=reduction)
        x = make((4, 3), dtype, low=0.1, high=0.9, layout="transposed")
        y = make((4, 3), dtype, low=0.0, high=1.0)
        yield sample(x, y, reduction=reduction)
    edge = make.value([0.0, 1.0, 0.0, 1.0], dtype)
    yield sample(edge, make.value([0.0, 1.0, 1.0, 0.0], dtype), reduction="none").but(
        grad=False
    )


def binary_cross_entropy(
    x: Any, y: Any, weight: Any = 1.0, reduction: str = "mean"
) -> Any:
    # Logarithms are bounded below by -100, so that the loss stays finite.
    logs = np.maximum(np.log(x), -100), np.maximum(np.log(1 - x), -100)
    return reduced(-weight * (y * logs[0] + (1 - y) * logs[1]), reduction)


def binary_errors(make: Any) -> Iterable[ErrorInput]:
    x, y = make.value([0.5, 1.5], "float32"), make.value([0.0, 1.0], "float32")
    text = "all elements of input should be between 0 and 1"
    yield error(RuntimeError, text, x, y)
    text = "is different to the input size"
    yield error(ValueError, text, y, make.value([1.0], "float32"))


def logits_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for reduction in REDUCTIONS:
        x, y = make((2, 3), dtype), make((2, 3), dtype, low=0.0, high=1.0)
        w = make((3,), dtype, low=0.25)
        yield sample(x, y, reduction=reduction)
        yield sample(x, y, w, reduction=reduction)
        yield sample(x, y, pos_weight=w, reduction=reduction)
        yield sample(x, y, w, pos_weight=w, reduction=reduction)
    x = make((4, 3), dtype, layout="transposed")
    yield sample(x, make((4, 3), dtype, low=0.0, high=1.0))
    big = make.value([200.0, -200.0], dtype)
    yield sample(big, make.value([1.0, 1.0], dtype), reduction="none").but(grad=False)


def with_logits(
    x: Any, y: Any, weight: Any = 1.0, pos_weight: Any = 1.0, reduction: str = "mean"
) -> Any:
    positive, negative = np.logaddexp(0, -x), np.logaddexp(0, x)
    loss = weight * (pos_weight * y * positive + (1 - y) * negative)
    return reduced(loss, reduction)


def kl_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for reduction in (*REDUCTIONS, "batchmean"):
        x, y = make((2, 3), dtype), make((2, 3), dtype, low=0.1, high=1.0)
        yield sample(x, y, reduction=reduction)
        yield sample(x, make((2, 3), dtype), reduction=reduction, log_target=True)
    yield sample(make((3, 2), dtype, layout="transposed"), y.t(), reduction="sum")
    zero = make.value([[0.0, 1.0]], dtype)
    yield sample(make((1, 2), dtype), zero, reduction="none").but(grad=False)


def kl_div(x: Any, y: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    if log_target:
        loss = np.exp(y) * (y - x)
    else:
        loss = np.where(y > 0, y * np.log(np.where(y > 0, y, 1)), 0) - y * x
    if reduction == "batchmean":
        return loss.sum() / len(x)
    return reduced(loss, reduction)


def poisson(
    x: Any, y: Any, log_input: bool = True, full: bool = False, eps: float = 1e-8
) -> Any:
    loss = np.exp(x) - y * x if log_input else x - y * np.log(x + eps)
    if full:
        stirling = y * np.log(y) - y + 0.5 * np.log(2 * np.pi * y)
        loss = loss + np.where(y > 1, stirling, 0)
    return loss


def gaussian_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for reduction in REDUCTIONS:
        x, y = make((2, 3), dtype), make((2, 3), dtype)
        var = make((2, 3), dtype, low=0.25)
        yield sample(x, y, var, reduction=reduction)
        yield sample(x, y, make((2, 1), dtype, low=0.25), True, reduction=reduction)


def gaussian(
    x: Any, y: Any, var: Any, full: bool = False, reduction: str = "mean"
) -> Any:
    loss = 0.5 * (np.log(var) + (x - y) ** 2 / var)
    return reduced(loss + (0.5 * np.log(2 * np.pi) if full else 0), reduction)


def signed_inputs(*choices: dict[str, Any]) -> Inputs:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        y = make.value([[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0]], dtype)
        for reduction in REDUCTIONS:
            for choice in ({}, *choices):
                x = make((2, 3), dtype, low=0.1)
                yield sample(x, y, reduction=reduction, **choice)

    return inputs


def hinge(x: Any, y: Any, margin: float = 1.0) -> Any:
    return np.where(y == 1, x, np.maximum(0, margin - x))


def ranking_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    y = make.value([1.0, -1.0, 1.0], dtype)
    for reduction in REDUCTIONS:
        x1, x2 = make((3,), dtype), make((3,), dtype) + SHIFT
        yield sample(x1, x2, y, reduction=reduction)
        yield sample(x1, x2, y, 0.5, reduction=reduction)


def ranking(
    a: Any, b: Any, y: Any, margin: float = 0.0, reduction: str = "mean"
) -> Any:
    return reduced(np.maximum(0, -y * (a - b) + margin), reduction)


def cosine_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    y = make.value([1, -1, 1], "int64")
    for reduction in REDUCTIONS:
        a, b = make((3, 4), dtype), make((3, 4), dtype)
        yield sample(a, b, y, reduction=reduction)
        yield sample(a, b, y, 0.25, reduction=reduction)


def cosine(a: Any, b: Any, eps: float = 1e-8) -> Any:
    return (a * b).sum(1) / np.sqrt((a * a).sum(1) * (b * b).sum(1))


def cosine_embedding(
    a: Any, b: Any, y: Any, margin: float = 0.0, reduction: str = "mean"
) -> Any:
    near = cosine(a, b)
    return reduced(np.where(y == 1, 1 - near, np.maximum(0, near - margin)), reduction)


def triplet_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for reduction in REDUCTIONS:
        parts = [make((2, 3), dtype) for _ in range(3)]
        yield sample(*parts, reduction=reduction)
        yield sample(*parts, margin=4.0, p=3.0, swap=True, reduction=reduction)


def triplet(
    a: Any,
    pos: Any,
    neg: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    def distance(u: Any, v: Any) -> Any:
        return (np.abs(u - v + eps) ** p).sum(-1) ** (1 / p)

    far = distance(a, neg)
    if swap:
        far = np.minimum(far, distance(pos, neg))
    return reduced(np.maximum(0, margin + distance(a, pos) - far), reduction)


def multilabel_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for reduction in REDUCTIONS:
        x, y = make((2, 3), dtype), make((2, 3), dtype, low=0.0, high=1.0)
        yield sample(x, y, reduction=reduction)
        yield sample(x, y, make((3,), dtype, low=0.25), reduction=reduction)


def multilabel_soft(x: Any, y: Any, weight: Any = 1.0, reduction: str = "mean") -> Any:
    loss = -(y * np.log(sigmoid(x)) + (1 - y) * np.log(sigmoid(-x)))
    return reduced((loss * weight).mean(-1), reduction)


def multi_margin_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for reduction in REDUCTIONS:
        x = make.distinct((3, 4), dtype)
        y = make.indices((3,), 4)
        yield sample(x, y, margin=0.875 + SHIFT, reduction=reduction)
        w = make((4,), dtype, low=0.25)
        yield sample(x, y, 2, 0.75 + SHIFT, w, reduction=reduction)


def multi_margin(
    x: Any,
    y: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    reduction: str = "mean",
) -> Any:
    rows = np.arange(len(x))
    gap = np.maximum(0, margin - x[rows, y][:, None] + x) ** p
    if weight is not None:
        gap = gap * weight[y][:, None]
    gap[rows, y] = 0
    return reduced(gap.sum(1) / x.shape[1], reduction)


def multilabel_margin_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    y = make.value([[3, 0, -1, 1], [1, -1, 0, 2]], "int64")
    for reduction in REDUCTIONS:
        yield sample(make.distinct((2, 4), dtype) + 0.03, y, reduction=reduction).but(
            grad=False
        )
        x = make.distinct((2, 4), dtype) * 0.4375
        yield sample(x, y, reduction=reduction)


def multilabel_margin(x: Any, y: Any, reduction: str = "mean") -> Any:
    losses = []
    for row, labels in zip(x, y, strict=True):
        end = labels.tolist().index(-1) if -1 in labels else len(labels)
        good = labels[:end]
        rest = [i for i in range(len(row)) if i not in good]
        total = sum(max(0.0, 1 - (row[g] - row[i])) for g in good for i in rest)
        losses.append(total / len(row))
    return reduced(np.asarray(losses), reduction)


def ctc_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    lengths, targets = make.value([4, 3], "int64"), make.value([2, 1], "int64")
    for reduction in REDUCTIONS:
        logs = make((4, 2, 3), dtype, low=-3, high=-0.1)
        y = make.value([[1, 2], [2, 1]], "int64")
        yield sample(logs, y, lengths, targets, reduction=reduction).but(grad=False)
    flat = make.value([1, 2, 2], "int64")
    yield sample(logs, flat, (4, 3), (2, 1), zero_infinity=True).but(grad=False)


def similarity_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((2, 3), dtype), make((2, 3), dtype))
    yield sample(make((3, 4), dtype, layout="transposed"), make((3, 4), dtype))


def distance_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for p in (1.0, 2.0, 3.0):
        x, y = make((2, 3), dtype), make((2, 3), dtype) + SHIFT
        yield sample(x, y, p)
        yield sample(x, y, p, keepdim=True)


def pairwise(
    a: Any, b: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Any:
    return (np.abs(a - b + eps) ** p).sum(-1, keepdims=keepdim) ** (1 / p)


def functional(
    name: str, inputs: Inputs, reference: Callable[..., Any] | None, **fields: Any
) -> OpSamples:
    return OpSamples(
        f"nn.functional.{name}", inputs=inputs, reference=reference, **fields
    )


TABLE: list[OpSamples] = [
    functional(
        "mse_loss",
        pair_inputs(),
        pointwise(lambda x, y: (x - y) ** 2),
        dtypes=FLOATS,
        result="same",
    ),
    functional(
        "l1_loss",
        pair_inputs(),
        pointwise(lambda x, y: np.abs(x - y)),
        dtypes=FLOATS,
        result="same",
    ),
    functional(
        "smooth_l1_loss",
        pair_inputs({"beta": 0.5}, {"beta": 0.0}),
        pointwise(smooth_l1),
        dtypes=FLOATS,
        result="same",
    ),
    functional(
        "huber_loss",
        pair_inputs({"delta": 0.5}),
        pointwise(huber),
        dtypes=FLOATS,
        result="same",
    ),
    functional(
        "nll_loss",
        class_inputs,
        nll,
        errors=class_errors,
        constant=(2,),
        records=(
            "nll_loss",
            "nll_loss_nd",
            "nll_loss_forward",
            "nll_loss2d_forward",
        ),
        dtypes=FLOATS,
        result="same",
    ),
    functional(
        "cross_entropy",
        entropy_inputs,
        cross_entropy,
        constant=(2,),
        records=("cross_entropy_loss",),
        dtypes=FLOATS,
        result="same",
    ),
    functional(
        "binary_cross_entropy",
        binary_inputs,
        binary_cross_entropy,
        errors=binary_errors,
        constant=(2,),
        dtypes=FLOATS,
        result="same",
    ),
    functional(
        "binary_cross_entropy_with_logits",
        logits_inputs,
        with_logits,
        constant=(2, "pos_weight"),
        dtypes=FLOATS,
        result="same",
    ),
    functional("kl_div", kl_inputs, kl_div, dtypes=FLOATS, result="same"),
    functional(
        "poisson_nll_loss",
        pair_inputs({"full": True}, {"log_input": False}, low=0.1, target=(0.1, 3.0)),
        pointwise(poisson),
        dtypes=FLOATS,
        result="same",
    ),
    functional(
        "gaussian_nll_loss", gaussian_inputs, gaussian, dtypes=FLOATS, result="same"
    ),
    functional(
        "hinge_embedding_loss",
        signed_inputs({"margin": 2.0}),
        pointwise(hinge),
        dtypes=FLOATS,
        result="same",
    ),
    functional(
        "soft_margin_loss",
        signed_inputs(),
        pointwise(lambda x, y: np.log1p(np.exp(-y * x))),
        constant=(1,),
        dtypes=FLOATS,
        result="same",
    ),
    functional(
        "margin_ranking_loss", ranking_inputs, ranking, dtypes=FLOATS, result="same"
    ),
    functional(
        "cosine_embedding_loss",
        cosine_inputs,
        cosine_embedding,
        dtypes=FLOATS,
        result="same",
    ),
    functional(
        "triplet_margin_loss",
        triplet_inputs,
        triplet,
        dtypes=FLOATS,
        result="same",
    ),
    functional(
        "multilabel_soft_margin_loss",
        multilabel_inputs,
        multilabel_soft,
        constant=(2,),
        dtypes=FLOATS,
        result="same",
    ),
    functional(
        "multi_margin_loss",
        multi_margin_inputs,
        multi_margin,
        constant=(4,),
        dtypes=FULLS,
        gradgrad=False,
        result="same",
    ),
    functional(
        "multilabel_margin_loss",
        multilabel_margin_inputs,
        multilabel_margin,
        dtypes=FULLS,
        gradgrad=False,
        result="same",
    ),
    functional("ctc_loss", ctc_inputs, None, dtypes=FULLS, grad=False, result="same"),
    functional(
        "cosine_similarity", similarity_inputs, cosine, dtypes=FLOATS, result="same"
    ),
    functional(
        "pairwise_distance",
        distance_inputs,
        pairwise,
        dtypes=FLOATS,
        result="same",
    ),
]
