"""Dropout: random zeroing of elements or channels in training."""

from __future__ import annotations

import warnings

from rushlight import Tensor

from .._op import op

_alpha_dropout = op("alpha_dropout")
_alpha_dropout_ = op("alpha_dropout_")
_dropout = op("dropout")
_dropout_ = op("dropout_")
_feature_alpha_dropout = op("feature_alpha_dropout")
_feature_alpha_dropout_ = op("feature_alpha_dropout_")
_feature_dropout = op("feature_dropout")
_feature_dropout_ = op("feature_dropout_")


def _check(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def dropout(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Zeroes elements with probability p and scales the others by 1 / (1 - p).

    Args:
        input: any shape.
        p: probability of zeroing.
        training: False returns the input unchanged. The default is True: a model's
            `eval()` does not reach this function unless `self.training` is passed.
        inplace: whether to write into `input`.

    Raises:
        ValueError: when p lies outside [0, 1].
    """
    _check(p)
    apply = _dropout_ if inplace else _dropout
    return apply(input, p, training)


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Dropout that keeps mean and variance for SELU (Klambauer et al., NIPS 2017)."""
    _check(p)
    apply = _alpha_dropout_ if inplace else _alpha_dropout
    return apply(input, p, training)


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """`alpha_dropout` of whole channels."""
    _check(p)
    apply = _feature_alpha_dropout_ if inplace else _feature_alpha_dropout
    return apply(input, p, training)


def _channels(
    input: Tensor, p: float, training: bool, inplace: bool, batched: bool
) -> Tensor:
    if not batched:
        input = input.unsqueeze_(0) if inplace else input.unsqueeze(0)
    apply = _feature_dropout_ if inplace else _feature_dropout
    result: Tensor = apply(input, p, training)
    if not batched:
        result = result.squeeze_(0) if inplace else result.squeeze(0)
    return result


def _warn_dims(name: str, input_dims: int, spatial_dims: int) -> None:
    expected = f"{spatial_dims + 1}D or {spatial_dims + 2}D"
    warnings.warn(
        f"{name}: Received a {input_dims}-D input to {name}, which is deprecated and "
        "will result in an error in a future release. To retain the behavior and "
        "silence this warning, please use dropout instead. Note that "
        f"{name} exists to provide channel-wise dropout on inputs with {spatial_dims} "
        "spatial dimensions, a channel dimension, and an optional batch dimension "
        f"(i.e. {expected} inputs).",
        stacklevel=3,
    )


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Zeroes whole channels of (N, C, L) or (C, L).

    Raises:
        ValueError: when p lies outside [0, 1].
        RuntimeError: for another number of dimensions.
    """
    _check(p)
    dims = input.dim()
    if dims not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {dims}D input. Note "
            "that dropout1d exists to provide channel-wise dropout on inputs with 1 "
            "spatial dimension, a channel dimension, and an optional batch dimension "
            "(i.e. 2D or 3D inputs)."
        )
    return _channels(input, p, training, inplace, batched=dims == 3)


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Zeroes whole channels of (N, C, H, W); warns and goes on for other shapes."""
    _check(p)
    dims = input.dim()
    if dims not in (3, 4):
        _warn_dims("dropout2d", dims, 2)
    if dims == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that "
            "channel-wise 1D dropout behavior is desired - input is interpreted as "
            "shape (N, C, L), where C is the channel dim. This behavior will change in "
            "a future release to interpret the input as one without a batch dimension, "
            "i.e. shape (C, H, W). To maintain the 1D channel-wise dropout behavior, "
            "please switch to using dropout1d instead.",
            stacklevel=2,
        )
    return _channels(input, p, training, inplace, batched=True)


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Zeroes whole channels of (N, C, D, H, W) or (C, D, H, W)."""
    _check(p)
    dims = input.dim()
    if dims not in (4, 5):
        _warn_dims("dropout3d", dims, 3)
    return _channels(input, p, training, inplace, batched=dims == 5)
