"""Convolution layers and their transposes."""

from __future__ import annotations

import math

import rushlight
from rushlight import Tensor

from .. import functional as F, init
from .._op import op
from .._tuples import _pair, _reverse_repeat_tuple, _single, _triple
from ..parameter import Parameter
from .module import Module

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What all convolutions share: their sizes, weight and bias."""

    __constants__ = [
        "stride",
        "padding",
        "dilation",
        "groups",
        "padding_mode",
        "output_padding",
        "in_channels",
        "out_channels",
        "kernel_size",
    ]
    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        padding: str | tuple[int, ...],
        dilation: tuple[int, ...],
        transposed: bool,
        output_padding: tuple[int, ...],
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups != 0:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups != 0:
            raise ValueError("out_channels must be divisible by groups")
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(
                    f"Invalid padding string {padding!r}, should be one of "
                    "{'same', 'valid'}"
                )
            if padding == "same" and any(step != 1 for step in stride):
                raise ValueError(
                    "padding='same' is not supported for strided convolutions"
                )
        if padding_mode not in _PADDING_MODES:
            raise ValueError(
                f"padding_mode must be one of {set(_PADDING_MODES)}, but got "
                f"padding_mode='{padding_mode}'"
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.transposed = transposed
        self.output_padding = output_padding
        self.groups = groups
        self.padding_mode = padding_mode
        self._reversed_padding_repeated_twice = self._padding_for_pad()
        ends = (in_channels, out_channels // groups)
        if not transposed:
            ends = (out_channels, in_channels // groups)
        self.weight = Parameter(
            rushlight.empty((*ends, *kernel_size), device=device, dtype=dtype)
        )
        if bias:
            self.bias = Parameter(
                rushlight.empty(out_channels, device=device, dtype=dtype)
            )
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _padding_for_pad(self) -> Sequence[int]:
        """The padding in the order `F.pad` takes, before and after each dimension."""
        if not isinstance(self.padding, str):
            return _reverse_repeat_tuple(self.padding, 2)
        amounts: list[int] = []
        for d, k in zip(reversed(self.dilation), reversed(self.kernel_size)):
            total = d * (k - 1) if self.padding == "same" else 0
            amounts += [total // 2, total - total // 2]
        return amounts

    def reset_parameters(self) -> None:
        """Draws weight and bias uniform in (-k, k), k = 1 / sqrt(fan_in)."""
        # kaiming_uniform with a = sqrt(5) is uniform in +-1/sqrt(fan_in).
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        dims = len(self.kernel_size)
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        if self.padding != (0,) * dims:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * dims:
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * dims:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.__dict__.setdefault("padding_mode", "zeros")


class _Conv(_ConvNd):
    """A forward convolution; a subclass says over how many dimensions."""

    _convolve: Callable[..., Any]
    _repeat: Callable[[Any], tuple[Any, ...]]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        repeat = type(self)._repeat
        super().__init__(
            in_channels,
            out_channels,
            repeat(kernel_size),
            repeat(stride),
            padding if isinstance(padding, str) else repeat(padding),
            repeat(dilation),
            False,
            repeat(0),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _conv_forward(
        self, input: Tensor, weight: Tensor, bias: Tensor | None
    ) -> Tensor:
        convolve = type(self)._convolve
        padding = self.padding
        if self.padding_mode != "zeros":
            input = F.pad(
                input, self._reversed_padding_repeated_twice, mode=self.padding_mode
            )
            padding = (0,) * len(self.kernel_size)
        return convolve(
            input, weight, bias, self.stride, padding, self.dilation, self.groups
        )

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight, self.bias)


class Conv1d(_Conv):
    """Cross-correlation along one dimension.

    Shape: (N, C_in, L) or (C_in, L) -> (N, C_out, L_out), L_out = floor((L + 2 padding
    - dilation (kernel - 1) - 1) / stride + 1); weight (C_out, C_in / groups, kernel).

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: size of the window.
        stride: step of the window.
        padding: added on both sides, or 'valid' (none) or 'same'.
        dilation: distance between kernel elements.
        groups: channels are connected within groups only.
        bias: whether to add a learned bias.
        padding_mode: 'zeros', 'reflect', 'replicate' or 'circular'.

    Raises:
        ValueError: for channels that do not divide by `groups`, or unknown paddings.
    """

    _convolve = staticmethod(F.conv1d)
    _repeat = staticmethod(_single)


class Conv2d(_Conv):
    """Cross-correlation over height and width; arguments as `Conv1d`, int or pair.

    Shape: (N, C_in, H, W) or (C_in, H, W) -> (N, C_out, H_out, W_out).
    """

    _convolve = staticmethod(F.conv2d)
    _repeat = staticmethod(_pair)


class Conv3d(_Conv):
    """Cross-correlation over depth, height and width; arguments as `Conv1d`.

    Shape: (N, C_in, D, H, W) or (C_in, D, H, W) -> (N, C_out, D_out, H_out, W_out).
    """

    _convolve = staticmethod(F.conv3d)
    _repeat = staticmethod(_triple)


class _ConvTransposeNd(_ConvNd):
    """The gradient of a convolution as a layer; a subclass says in which dimensions."""

    _convolve: Callable[..., Any]
    padding: tuple[int, ...]
    _repeat: Callable[[Any], tuple[Any, ...]]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(
                f'Only "zeros" padding mode is supported for {type(self).__name__}'
            )
        repeat = type(self)._repeat
        super().__init__(
            in_channels,
            out_channels,
            repeat(kernel_size),
            repeat(stride),
            repeat(padding),
            repeat(dilation),
            True,
            repeat(output_padding),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _output_padding(
        self, input: Tensor, output_size: Sequence[int] | None
    ) -> Sequence[int]:
        """What must be added at the far side to reach `output_size`."""
        if output_size is None:
            return self.output_padding
        dims = len(self.kernel_size)
        wanted = output_size
        leading = dims + (2 if input.dim() == dims + 2 else 1)
        if len(wanted) == leading:
            wanted = wanted[leading - dims :]
        if len(wanted) != dims:
            raise ValueError(
                f"ConvTranspose{dims}D: for {input.dim()}D input, output_size must "
                f"have {dims} or {leading} elements (got {len(wanted)})"
            )
        smallest = [
            (extent - 1) * s - 2 * p + d * (k - 1) + 1
            for extent, s, p, d, k in zip(
                input.shape[-dims:],
                self.stride,
                self.padding,
                self.dilation,
                self.kernel_size,
            )
        ]
        largest = [least + s - 1 for least, s in zip(smallest, self.stride)]
        for size, least, most in zip(wanted, smallest, largest):
            if not least <= size <= most:
                raise ValueError(
                    f"requested an output size of {wanted}, but valid sizes range from "
                    f"{smallest} to {largest} (for an input of "
                    f"{input.size()[2:]})"
                )
        return [size - least for size, least in zip(wanted, smallest)]

    def forward(
        self, input: Tensor, output_size: Sequence[int] | None = None
    ) -> Tensor:
        return type(self)._convolve(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            self._output_padding(input, output_size),
            self.groups,
            self.dilation,
        )


class ConvTranspose1d(_ConvTransposeNd):
    """The transpose of `Conv1d`: spreads each input element over a window.

    Shape: (N, C_in, L) -> (N, C_out, L_out), L_out = (L - 1) stride - 2 padding
    + dilation (kernel - 1) + output_padding + 1; weight (C_in, C_out / groups, kernel).

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: size of the window.
        stride: step between the windows.
        padding: cut from both sides of the output.
        output_padding: added to one side of the output; less than stride or dilation.
        groups: channels are connected within groups only.
        bias: whether to add a learned bias.
        dilation: distance between kernel elements.
        padding_mode: 'zeros' only.

    Calling the layer with `output_size` chooses among the sizes that the forward
    convolution would bring to the same length.
    """

    _convolve = staticmethod(op("conv_transpose1d"))
    _repeat = staticmethod(_single)


class ConvTranspose2d(_ConvTransposeNd):
    """The transpose of `Conv2d`; arguments as `ConvTranspose1d`, int or pair."""

    _convolve = staticmethod(op("conv_transpose2d"))
    _repeat = staticmethod(_pair)


class ConvTranspose3d(_ConvTransposeNd):
    """The transpose of `Conv3d`; arguments as `ConvTranspose1d`, int or triple."""

    _convolve = staticmethod(op("conv_transpose3d"))
    _repeat = staticmethod(_triple)
