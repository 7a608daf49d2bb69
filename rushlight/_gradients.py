"""Clearing gradients, as modules and optimizers both do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rushlight import Tensor


def clear_gradients(tensors: Iterable[Tensor], set_to_none: bool) -> None:
    """Drops every ``.grad``, or fills it with zeros, cut from the graph that made it."""
    for tensor in tensors:
        grad = tensor.grad
        if grad is None:
            continue
        if set_to_none:
            tensor.grad = None
            continue
        if grad.grad_fn is not None:
            grad.detach_()
        else:
            grad.requires_grad_(False)
        grad.zero_()
