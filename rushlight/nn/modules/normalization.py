"""Normalisation of each sample on its own: layers, groups of channels, neighbours."""

from __future__ import annotations

import rushlight
from rushlight import Tensor

from .. import functional as F, init
from .._op import op
from ..parameter import Parameter
from .module import Module

__all__ = [
    "GroupNorm",
    "LayerNorm",
    "LocalResponseNorm",
    "RMSNorm",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_layer_norm = op("layer_norm")


def _new_parameter(
    module: Module, name: str, shape: Any, wanted: bool, **kw: Any
) -> None:
    """Registers an empty parameter, or None where it is not wanted."""
    values = Parameter(rushlight.empty(shape, **kw)) if wanted else None
    module.register_parameter(name, values)


def _as_shape(normalized_shape: Any) -> tuple[int, ...]:
    if hasattr(normalized_shape, "__index__"):
        return (normalized_shape.__index__(),)
    return tuple(normalized_shape)


class LayerNorm(Module):
    """(x - mean) / sqrt(var + eps) * weight + bias over the trailing dimensions.

    Ba et al., arXiv:1607.06450. Shape: (*, normalized_shape), unchanged.

    Args:
        normalized_shape: the trailing dimensions, an int for the last one.
        eps: added to the (biased) variance.
        elementwise_affine: whether weight (1 at first) and bias (0) are learned.
        bias: whether there is a bias.
    """

    __constants__ = ["normalized_shape", "eps", "elementwise_affine"]
    weight: Tensor | None
    bias: Tensor | None

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = shape = _as_shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        kw = {"device": device, "dtype": dtype}
        _new_parameter(self, "weight", shape, elementwise_affine, **kw)
        _new_parameter(self, "bias", shape, elementwise_affine and bias, **kw)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets the weight to 1 and the bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return _layer_norm(
            input, self.normalized_shape, self.weight, self.bias, self.eps
        )

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """x / sqrt(mean(x^2) + eps) * weight over the trailing dimensions.

    Zhang and Sennrich, NeurIPS 2019. Shape: (*, normalized_shape), unchanged.

    Args:
        normalized_shape: the trailing dimensions, an int for the last one.
        eps: added to the mean square; None takes the dtype's machine epsilon.
        elementwise_affine: whether the weight (1 at first) is learned.
    """

    __constants__ = ["normalized_shape", "eps", "elementwise_affine"]
    weight: Tensor | None

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = shape = _as_shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        kw = {"device": device, "dtype": dtype}
        _new_parameter(self, "weight", shape, elementwise_affine, **kw)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets the weight to 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}"
        )


class GroupNorm(Module):
    """Normalises groups of channels of each sample (Wu and He, ECCV 2018).

    Shape: (N, C, *), unchanged.

    Args:
        num_groups: into how many groups the channels fall.
        num_channels: C.
        eps: added to the (biased) variance.
        affine: whether a weight (1 at first) and bias (0) per channel are learned.
        bias: whether there is a bias.

    Raises:
        ValueError: when the channels do not divide into the groups.
    """

    __constants__ = ["num_groups", "num_channels", "eps", "affine"]
    weight: Tensor | None
    bias: Tensor | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups != 0:
            raise ValueError(
                f"num_channels ({num_channels}) must be divisible by num_groups "
                f"({num_groups})"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        kw = {"device": device, "dtype": dtype}
        _new_parameter(self, "weight", num_channels, affine, **kw)
        _new_parameter(self, "bias", num_channels, affine and bias, **kw)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets the weight to 1 and the bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, "
            f"affine={self.affine}, bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    """x / (k + alpha * mean of x^2 over `size` neighbouring channels)^beta.

    Krizhevsky et al., NIPS 2012. Shape: (N, C, *), unchanged.
    """

    __constants__ = ["size", "alpha", "beta", "k"]

    def __init__(
        self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
    ) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
