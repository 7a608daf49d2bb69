"""Losses. `reduction` is 'none', 'mean' or 'sum'; `size_average` and `reduce` are its
deprecated forms."""

from __future__ import annotations

import math
import warnings

import rushlight
from rushlight import Tensor

from .. import _reduction
from .._op import op
from .._reduction import get_enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_binary_cross_entropy = op("binary_cross_entropy")
_binary_cross_entropy_with_logits = op("binary_cross_entropy_with_logits")
_cosine_embedding_loss = op("cosine_embedding_loss")
_cross_entropy_loss = op("cross_entropy_loss")
_ctc_loss = op("ctc_loss")
_hinge_embedding_loss = op("hinge_embedding_loss")
_huber_loss = op("huber_loss")
_kl_div = op("kl_div")
_l1_loss = op("l1_loss")
_log_sigmoid = op("log_sigmoid")
_margin_ranking_loss = op("margin_ranking_loss")
_mse_loss = op("mse_loss")
_multi_margin_loss = op("multi_margin_loss")
_multilabel_margin_loss = op("multilabel_margin_loss")
_nll_loss_nd = op("nll_loss_nd")
_poisson_nll_loss = op("poisson_nll_loss")
_smooth_l1_loss = op("smooth_l1_loss")
_soft_margin_loss = op("soft_margin_loss")
_triplet_margin_loss = op("triplet_margin_loss")


def _chosen(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    if size_average is None and reduce is None:
        return reduction
    return _reduction.legacy_get_string(size_average, reduce)


def _check_reduction(reduction: str) -> None:
    """For the functions that never knew the old word 'elementwise_mean'."""
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")


def _reduce(loss: Tensor, reduction: str) -> Tensor:
    if reduction == "mean":
        return loss.mean()
    if reduction == "sum":
        return loss.sum()
    return loss


def _same_size(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Broadcasts the two where their sizes differ, with the warning that deserves."""
    if target.shape == input.shape:
        return input, target
    warnings.warn(
        f"Using a target size ({target.size()}) that is different to the input size "
        f"({input.size()}). This will likely lead to incorrect results due to "
        "broadcasting. Please ensure they have the same size.",
        stacklevel=3,
    )
    input, target = rushlight.broadcast_tensors(input, target)
    return input, target


def _weighted(
    loss: Tensor, weight: Tensor, input: Tensor, reduction: str, by_weight: bool
) -> Tensor:
    """Applies element weights; the mean is by weight or by count."""
    if weight.size() != input.size():
        raise ValueError("Weights and input must have the same size.")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(
            f"Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', "
            "'sum'."
        )
    loss = loss * weight
    if reduction == "mean" and by_weight:
        return loss.sum() / weight.sum()
    return _reduce(loss, reduction)


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """(input - target)^2; warns where the sizes differ.

    With `weight`, of the input's size, the mean is the weighted one.
    """
    input, target = _same_size(input, target)
    reduction = _chosen(size_average, reduce, reduction)
    if weight is None:
        return _mse_loss(input, target, get_enum(reduction))
    return _weighted((input - target) ** 2, weight, input, reduction, True)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """|input - target|; otherwise as `mse_loss`."""
    input, target = _same_size(input, target)
    reduction = _chosen(size_average, reduce, reduction)
    if weight is None:
        return _l1_loss(input, target, get_enum(reduction))
    return _weighted((input - target).abs(), weight, input, reduction, True)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """d^2 / (2 beta) where d = |input - target| < beta, else d - beta / 2."""
    input, target = _same_size(input, target)
    number = get_enum(_chosen(size_average, reduce, reduction))
    if beta == 0.0:
        return _l1_loss(input, target, number)
    return _smooth_l1_loss(input, target, number, beta)


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """d^2 / 2 where d = |input - target| < delta, else delta (d - delta / 2)."""
    input, target = _same_size(input, target)
    if weight is None:
        return _huber_loss(input, target, get_enum(reduction), delta)
    return _weighted(
        _huber_loss(input, target, 0, delta), weight, input, reduction, False
    )


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-log softmax(input)[target].

    Args:
        input: logits (C), (N, C) or (N, C, d1, ...).
        target: class indices () / (N) / (N, d1, ...), or probabilities like `input`.
        weight: factor of each class (C); the mean divides by the weights' sum.
        size_average: deprecated.
        ignore_index: target that does not count.
        reduce: deprecated.
        reduction: 'none', 'mean' or 'sum'.
        label_smoothing: probability spread evenly over all classes.
    """
    number = get_enum(_chosen(size_average, reduce, reduction))
    return _cross_entropy_loss(
        input, target, weight, number, ignore_index, label_smoothing
    )


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-input[target], input being log-probabilities; arguments as `cross_entropy`."""
    number = get_enum(_chosen(size_average, reduce, reduction))
    return _nll_loss_nd(input, target, weight, number, ignore_index)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-(y log x + (1 - y) log(1 - x)), x in [0, 1].

    Raises:
        ValueError: when the sizes differ.
        RuntimeError: when the input leaves [0, 1].
    """
    number = get_enum(_chosen(size_average, reduce, reduction))
    if target.size() != input.size():
        raise ValueError(
            f"Using a target size ({target.size()}) that is different to the input "
            f"size ({input.size()}) is deprecated. Please ensure they have the same "
            "size."
        )
    if weight is not None:
        weight = weight.expand(rushlight.broadcast_shapes(target.shape, weight.shape))
    return _binary_cross_entropy(input, target, weight, number)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy` of sigmoid(input), computed without overflow.

    Args:
        input: logits.
        target: probabilities, of the same size.
        weight: factor of each element.
        size_average: deprecated.
        reduce: deprecated.
        reduction: 'none', 'mean' or 'sum'.
        pos_weight: factor of the positive term.

    Raises:
        ValueError: when the sizes differ.
    """
    number = get_enum(_chosen(size_average, reduce, reduction))
    if target.size() != input.size():
        raise ValueError(
            f"Target size ({target.size()}) must be the same as input size "
            f"({input.size()})"
        )
    return _binary_cross_entropy_with_logits(input, target, weight, pos_weight, number)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """target (log target - input), input being log-probabilities, in nats.

    Reduction 'batchmean' divides the sum by the batch size, as the definition does;
    'mean' divides by the number of elements and warns.
    """
    if size_average is not None or reduce is not None:
        number = _reduction.legacy_get_enum(size_average, reduce)
    else:
        if reduction == "mean":
            warnings.warn(
                "reduction: 'mean' divides the total loss by both the batch size and "
                "the support size.'batchmean' divides only by the batch size, and "
                "aligns with the KL div math definition.'mean' will be changed to "
                "behave the same as 'batchmean' in the next major release.",
                stacklevel=2,
            )
        number = get_enum("sum" if reduction == "batchmean" else reduction)
    reduced: Tensor = _kl_div(input, target, number, log_target=log_target)
    if reduction == "batchmean" and input.dim() != 0:
        reduced = reduced / input.size(0)
    return reduced


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """x where target is 1, max(0, margin - x) where it is -1."""
    number = get_enum(_chosen(size_average, reduce, reduction))
    return _hinge_embedding_loss(input, target, margin, number)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, -target (input1 - input2) + margin).

    Raises:
        RuntimeError: when the numbers of dimensions differ.
    """
    number = get_enum(_chosen(size_average, reduce, reduction))
    if not input1.dim() == input2.dim() == target.dim():
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but "
            f"got sizes: input1: {input1.size()}, input2: {input2.size()}, target: "
            f"{target.size()} "
        )
    return _margin_ranking_loss(input1, input2, target, margin, number)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """log(1 + exp(-target x)), target 1 or -1."""
    number = get_enum(_chosen(size_average, reduce, reduction))
    return _soft_margin_loss(input, target, number)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """1 - cos where target is 1, max(0, cos - margin) where it is -1."""
    number = get_enum(_chosen(size_average, reduce, reduction))
    return _cosine_embedding_loss(input1, input2, target, margin, number)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, |anchor - positive|_p - |anchor - negative|_p + margin).

    Raises:
        ValueError: when the margin is not positive.
    """
    number = get_enum(_chosen(size_average, reduce, reduction))
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    return _triplet_margin_loss(
        anchor, positive, negative, margin, p, eps, swap, number
    )


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """`triplet_margin_loss` with a distance of one's own.

    Raises:
        ValueError: for an unknown reduction or a margin that is not positive.
        RuntimeError: when the numbers of dimensions differ.
    """
    _check_reduction(reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same "
            f"number of dimensions, but got: anchor {anchor.ndim}D, positive "
            f"{positive.ndim}D, and negative {negative.ndim}D inputs"
        )
    distance = distance_function or rushlight.pairwise_distance
    to_negative = distance(anchor, negative)
    if swap:
        to_negative = rushlight.minimum(to_negative, distance(positive, negative))
    loss = (margin + distance(anchor, positive) - to_negative).clamp_min(0)
    return _reduce(loss, reduction)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """exp(x) - y x, or x - y log(x + eps); `full` adds Stirling's term."""
    chosen = _chosen(size_average, reduce, reduction)
    _check_reduction(chosen)
    number = get_enum(chosen)
    return _poisson_nll_loss(input, target, log_input, full, eps, number)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """(log var + (input - target)^2 / var) / 2, var at least eps.

    Args:
        input: expected values.
        target: samples.
        var: variances: like input, or with one dimension fewer or of size 1.
        full: whether to add log(2 pi) / 2.
        eps: floor of the variance.
        reduction: 'none', 'mean' or 'sum'.

    Raises:
        ValueError: for a negative variance, sizes that do not fit or an unknown
            reduction.
    """
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = var * rushlight.ones_like(input)
    elif (var < 0).any():
        raise ValueError("var has negative entry/entries")
    if var.size() != input.size():
        if input.size()[:-1] == var.size():
            var = var.unsqueeze(-1)
        else:
            # One dimension may be of size 1: the same variance along it.
            differing = [v for i, v in zip(input.shape, var.shape) if i != v]
            if input.ndim != var.ndim or sum(differing) != 1:
                raise ValueError("var is of incorrect size")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(reduction + " is not valid")
    var = var.clone()
    with rushlight.no_grad():
        var.clamp_(min=eps)
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return _reduce(loss, reduction)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Binary cross entropy with logits, averaged over the classes (last dimension)."""
    reduction = _chosen(size_average, reduce, reduction)
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(reduction + " is not valid")
    loss = -(target * _log_sigmoid(input) + (1 - target) * _log_sigmoid(-input))
    if weight is not None:
        loss = loss * weight
    return _reduce(loss.sum(dim=-1) / input.size(-1), reduction)


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Multi-class hinge loss with several target classes, listed up to the first -1."""
    number = get_enum(_chosen(size_average, reduce, reduction))
    return _multilabel_margin_loss(input, target, number)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """sum over wrong classes of max(0, margin - x[target] + x[i])^p / C.

    Raises:
        ValueError: when p is neither 1 nor 2, or the weight not 1-d.
    """
    number = get_enum(_chosen(size_average, reduce, reduction))
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.dim() != 1:
        raise ValueError("weight must be one-dimensional")
    return _multi_margin_loss(input, target, p, margin, weight, number)


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor,
    target_lengths: Tensor,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Connectionist temporal classification (Graves et al., ICML 2006)."""
    return _ctc_loss(
        log_probs,
        targets,
        input_lengths,
        target_lengths,
        blank,
        get_enum(reduction),
        zero_infinity,
    )
