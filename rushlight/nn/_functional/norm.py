"""Normalisation over batch, channels or trailing dimensions."""

from __future__ import annotations

import rushlight
from rushlight import Tensor

from .._op import op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_avg_pool2d = op("avg_pool2d")
_batch_norm = op("batch_norm")
_group_norm = op("group_norm")
_instance_norm = op("instance_norm")
_layer_norm = op("layer_norm")
_pad = op("pad")
_rms_norm = op("rms_norm")


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias, per channel (dimension 1).

    Args:
        input: (N, C, *).
        running_mean: updated in training, used otherwise; shape (C).
        running_var: likewise; gets the unbiased variance.
        weight: scale, shape (C).
        bias: shift, shape (C).
        training: use the batch's statistics.
        momentum: weight of the batch in the running statistics.
        eps: added to the variance.

    Raises:
        ValueError: in training, for one value per channel or eps <= 0.
    """
    if training:
        # Only then can there be a single value per channel.
        if input.numel() <= (input.size(1) if input.dim() > 1 else 1):
            _verify_batch_size(input.size())
        if eps <= 0.0:
            raise ValueError(
                f"batch_norm eps must be positive during training, but got {eps}"
            )
    elif eps < 0.0:
        raise ValueError(f"batch_norm eps must be non-negative, but got {eps}")
    return _batch_norm(
        input, weight, bias, running_mean, running_var, training, momentum, eps, False
    )


def _verify_batch_size(size: Sequence[int]) -> None:
    per_channel = size[0]
    for extent in size[2:]:
        per_channel *= extent
    if per_channel == 1:
        raise ValueError(
            "Expected more than 1 value per channel when training, got input size "
            f"{size}"
        )


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """As `batch_norm`, with the statistics of each sample and channel (N, C, *).

    Raises:
        ValueError: when there is one spatial element only.
    """
    if use_input_stats:
        positions = 1
        for extent in input.shape[2:]:
            positions *= extent
        if positions == 1:
            raise ValueError(
                "Expected more than 1 spatial element when training, got input size "
                f"{input.size()}"
            )
    return _instance_norm(
        input,
        weight,
        bias,
        running_mean,
        running_var,
        use_input_stats,
        momentum,
        eps,
        False,
    )


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias over the trailing dimensions.

    Raises:
        RuntimeError: when the input does not end in `normalized_shape`.
    """
    return _layer_norm(input, normalized_shape, weight, bias, eps)


def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """x / sqrt(mean(x^2) + eps) * weight over the trailing dimensions.

    eps is by default the dtype's machine epsilon.
    """
    return _rms_norm(input, normalized_shape, weight, eps)


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalises each sample's groups of channels (N, C, *).

    Raises:
        RuntimeError: for fewer than 2 dimensions, or channels that do not divide.
        ValueError: for one value per group.
    """
    if input.dim() < 2:
        raise RuntimeError(
            "Expected at least 2 dimensions for input tensor but received "
            f"{input.dim()}"
        )
    shape = input.size()
    _verify_batch_size(
        [shape[0] * shape[1] // num_groups, num_groups, *list(shape[2:])]
    )
    return _group_norm(input, num_groups, weight, bias, eps, False)


def local_response_norm(
    input: Tensor,
    size: int,
    alpha: float = 1e-4,
    beta: float = 0.75,
    k: float = 1.0,
) -> Tensor:
    """x / (k + alpha * mean of x^2 over `size` neighbouring channels)^beta.

    Krizhevsky et al., NIPS 2012.

    Raises:
        ValueError: for fewer than 3 dimensions.
    """
    dims = input.dim()
    if dims < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality input (got {dims} dimensions)"
        )
    if input.numel() == 0:
        return input
    shape = input.size()
    before, after = size // 2, (size - 1) // 2
    # The channels become one dimension of a picture, over which the mean slides.
    squares = (input * input).reshape(shape[0], 1, shape[1], -1)
    squares = _pad(squares, [0, 0, before, after])
    means = _avg_pool2d(squares, [size, 1], [1, 1]).view(shape)
    return input / (means * alpha + k) ** beta


def normalize(
    input: Tensor,
    p: float = 2.0,
    dim: int = 1,
    eps: float = 1e-12,
    out: Tensor | None = None,
) -> Tensor:
    """x / max(norm_p(x), eps) along `dim`."""
    norm = input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
    if out is None:
        return input / norm
    return rushlight.div(input, norm, out=out)
