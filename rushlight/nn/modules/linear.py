"""Linear layers: y = x A^T + b and relatives."""

from __future__ import annotations

import math

import rushlight
from rushlight import Tensor

from .. import init
from .._op import op
from ..parameter import Parameter
from .module import Module

__all__ = [
    "Bilinear",
    "Identity",
    "LazyLinear",
    "Linear",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_linear = op("linear")
_bilinear = op("bilinear")


class Identity(Module):
    """Returns its input; takes and ignores any arguments at construction.

    Shape: (*) -> (*).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Linear(Module):
    """y = x W^T + b over the last dimension.

    Shape: (*, in_features) -> (*, out_features); weight (out_features, in_features),
    bias (out_features). Both start uniform in (-k, k), k = 1 / sqrt(in_features).

    Args:
        in_features: size of each input sample.
        out_features: size of each output sample.
        bias: whether to add b.
    """

    __constants__ = ["in_features", "out_features"]
    in_features: int
    out_features: int
    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(
            rushlight.empty((out_features, in_features), device=device, dtype=dtype)
        )
        if bias:
            self.bias = Parameter(
                rushlight.empty(out_features, device=device, dtype=dtype)
            )
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weight and bias anew."""
        # kaiming_uniform with a = sqrt(5) is uniform in +-1/sqrt(fan_in).
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return _linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )

    def _misfit(self, *args: Any) -> str:
        shape = list(args[0].shape)
        if shape and shape[-1] == self.in_features:
            return ""
        return (
            f"the input's last dimension must be {self.in_features}, got input of "
            f"shape {shape}"
        )


class NonDynamicallyQuantizableLinear(Linear):
    """A Linear that dynamic quantization leaves alone."""


class Bilinear(Module):
    """y = x1^T A x2 + b.

    Shape: (*, in1_features), (*, in2_features) -> (*, out_features); weight
    (out_features, in1_features, in2_features).

    Raises:
        ValueError: when in1_features is not positive.
    """

    __constants__ = ["in1_features", "in2_features", "out_features"]
    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if in1_features <= 0:
            raise ValueError(
                f"in1_features must be > 0, but got (in1_features={in1_features})"
            )
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = Parameter(
            rushlight.empty(
                (out_features, in1_features, in2_features), device=device, dtype=dtype
            )
        )
        if bias:
            self.bias = Parameter(
                rushlight.empty(out_features, device=device, dtype=dtype)
            )
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weight and bias uniform in (-k, k), k = 1 / sqrt(in1_features)."""
        bound = 1 / math.sqrt(self.weight.size(1))
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return _bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


class LazyLinear(Linear):
    """Raises: layers that find their input size at the first call are not available."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("rushlight.nn.LazyLinear is not available")
