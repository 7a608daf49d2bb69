"""Moving and converting a module's parameters and buffers: `to`, `half`, `cuda`, ..."""

from __future__ import annotations

import rushlight
from rushlight import Tensor

from ._traverse import Traversal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from typing_extensions import Self


def _parse_to(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Splits the arguments of `to` into (device, dtype, non_blocking, memory_format).

    The forms are to(device, dtype, non_blocking), to(dtype, non_blocking) and
    to(tensor, non_blocking), each with memory_format by keyword.
    """
    known = {"device", "dtype", "tensor", "other", "non_blocking", "memory_format"}
    if "copy" in kwargs:
        raise RuntimeError(".to() does not accept copy argument")
    for name in kwargs:
        if name not in known:
            raise TypeError(f"to() got an unexpected keyword argument '{name}'")

    def refuse() -> NoReturn:
        got = [type(a).__name__ for a in args]
        got += [f"{k}={type(v).__name__}" for k, v in kwargs.items()]
        raise TypeError(
            "to() received an invalid combination of arguments - got "
            f"({', '.join(got)}), but expected a device and a dtype, a dtype or a tensor"
        )

    rest = list(args)
    device = kwargs.get("device")
    dtype = kwargs.get("dtype")
    like = kwargs.get("tensor", kwargs.get("other"))
    if rest:
        first = rest.pop(0)
        if isinstance(first, rushlight.dtype):
            dtype = first
        elif isinstance(first, Tensor):
            like = first
        elif first is None or isinstance(first, (str, int, rushlight.device)):
            device = first
            if rest and not isinstance(rest[0], bool):
                dtype = rest.pop(0)
        else:
            refuse()
    if rest and not isinstance(rest[0], bool) or len(rest) > 1:
        refuse()
    if dtype is not None and not isinstance(dtype, rushlight.dtype):
        refuse()
    if isinstance(like, Tensor):
        device, dtype = like.device, like.dtype
    if isinstance(device, (str, int)):
        device = rushlight.device(device)
    non_blocking = bool(rest.pop(0)) if rest else kwargs.get("non_blocking", False)
    return device, dtype, non_blocking, kwargs.get("memory_format")


class Conversion(Traversal):
    """Conversion in place: unlike a tensor's, these methods change and return self."""

    def _apply(self, fn: Callable[[Any], Any], recurse: bool = True) -> Self:
        """Replaces every parameter, gradient and buffer t by fn(t).

        A parameter stays the same object, so optimizers keep seeing it.
        """
        if recurse:
            for module in self.children():
                module._apply(fn)
        with rushlight.no_grad():
            for param in self._parameters.values():
                if param is None:
                    continue
                grad = param.grad
                converted = fn(param)
                # The gradient must match its parameter at every moment.
                param.grad = None
                param.data = converted
                if grad is not None:
                    converted_grad = fn(grad)
                    grad.data = converted_grad
                    param.grad = grad
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Moves and/or casts the module, in place.

        Forms: `to(device=None, dtype=None, non_blocking=False)`,
        `to(dtype, non_blocking=False)`, `to(tensor, non_blocking=False)`,
        `to(memory_format=...)`. A dtype changes floating-point and complex members
        only; a memory format those of 4 and 5 dimensions only.

        Raises:
            TypeError: for a dtype that is neither floating point nor complex.
        """
        device, dtype, non_blocking, memory_format = _parse_to(args, kwargs)
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                "nn.Module.to only accepts floating point or complex dtypes, but got "
                f"desired dtype={dtype}"
            )

        def convert(tensor: Tensor) -> Tensor:
            if tensor.is_meta and device is not None and device.type != "meta":
                raise NotImplementedError(
                    "Cannot copy out of meta tensor; no data! Please use "
                    "torch.nn.Module.to_empty() instead of torch.nn.Module.to() when "
                    "moving module from meta to a different device."
                )
            castable = tensor.is_floating_point() or tensor.is_complex()
            wanted = dtype if castable else None
            if memory_format is not None and tensor.dim() in (4, 5):
                return tensor.to(
                    device or tensor.device,
                    wanted or tensor.dtype,
                    non_blocking,
                    memory_format=memory_format,
                )
            if device is None:
                if wanted is None:
                    return tensor
                return tensor.to(wanted, non_blocking)
            return tensor.to(device, wanted or tensor.dtype, non_blocking)

        return self._apply(convert)

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Moves to `device` without copying the values."""
        return self._apply(
            lambda tensor: rushlight.empty_like(tensor, device=device), recurse=recurse
        )

    def cpu(self) -> Self:
        """Moves all parameters and buffers to the CPU."""
        return self._apply(lambda tensor: tensor.cpu())

    def cuda(self, device: Any = None) -> Self:
        """Moves all parameters and buffers to a GPU.

        Raises:
            what `Tensor.cuda` raises where there is no GPU.
        """
        return self._apply(lambda tensor: tensor.cuda(device))

    def type(self, dst_type: Any) -> Self:
        """Casts all parameters and buffers, integer ones included, to `dst_type`."""
        return self._apply(lambda tensor: tensor.type(dst_type))

    def _cast_floating(self, dtype: Any) -> Self:
        return self._apply(
            lambda tensor: tensor.to(dtype) if tensor.is_floating_point() else tensor
        )

    def float(self) -> Self:
        """Casts floating-point parameters and buffers to float32."""
        return self._cast_floating(rushlight.float32)

    def double(self) -> Self:
        """Casts floating-point parameters and buffers to float64."""
        return self._cast_floating(rushlight.float64)

    def half(self) -> Self:
        """Casts floating-point parameters and buffers to float16."""
        return self._cast_floating(rushlight.float16)

    def bfloat16(self) -> Self:
        """Casts floating-point parameters and buffers to bfloat16."""
        return self._cast_floating(rushlight.bfloat16)
