"""Clipping of gradients.

`foreach` chooses an implementation in PyTorch; here there is one, with the same result.
"""

from __future__ import annotations

import types
import warnings

import rushlight
from rushlight import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def _as_list(tensors: Any) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: list[Tensor]) -> list[Tensor]:
    grads = []
    for param in parameters:
        grad = param.grad
        if grad is not None:
            grads.append(grad)
    return grads


def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The p-norm of all elements of all tensors, as a 0-d tensor.

    Raises:
        RuntimeError: when the norm is not finite and `error_if_nonfinite` is set.
    """
    listed = _as_list(tensors)
    norm_type = float(norm_type)
    if not listed:
        return rushlight.tensor(0.0)
    with rushlight.no_grad():
        norm = rushlight.linalg.vector_norm
        device = listed[0].device
        norms = [norm(tensor, norm_type).to(device) for tensor in listed]
        total: Tensor = norm(rushlight.stack(norms), norm_type)
    if error_if_nonfinite and not bool(total.isfinite()):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is "
            "non-finite, so it cannot be clipped. To disable this error and scale the "
            "gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    total_norm: Tensor,
    foreach: bool | None = None,
) -> None:
    """Scales the gradients by min(1, max_norm / (total_norm + 1e-6)), in place."""
    with rushlight.no_grad():
        factor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
        for grad in _gradients(_as_list(parameters)):
            grad.mul_(factor.to(grad.device))


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scales the gradients down, in place, so that their total norm is max_norm.

    The direction stays. Call it between backward and step.

    Args:
        parameters: whose gradients; a tensor or an iterable of them.
        max_norm: largest total norm.
        norm_type: p of the norm, 'inf' for the largest element.
        error_if_nonfinite: raise where the norm is nan or infinite.
        foreach: without effect.

    Returns:
        The total norm before clipping, a 0-d tensor.

    Raises:
        RuntimeError: see `error_if_nonfinite`.
    """
    listed = _as_list(parameters)
    if not listed and isinstance(parameters, types.GeneratorType):
        warnings.warn(
            "`parameters` is an empty generator, no gradient clipping will occur.",
            stacklevel=2,
        )
    total = get_total_norm(_gradients(listed), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(listed, max_norm, total)
    return total


def clip_grad_norm(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Deprecated name of `clip_grad_norm_`."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of "
        "`torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite)


def clip_grad_value_(
    parameters: Tensor | Iterable[Tensor],
    clip_value: float,
    foreach: bool | None = None,
) -> None:
    """Clips every element of the gradients to [-clip_value, clip_value], in place."""
    bound = float(clip_value)
    with rushlight.no_grad():
        for grad in _gradients(_as_list(parameters)):
            grad.clamp_(min=-bound, max=bound)
