"""The graph itself: nodes, edges, and hooks on saved tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from rushlight import _C

if TYPE_CHECKING:
    from rushlight import Tensor

Node = _C.Node


class GradientEdge(NamedTuple):
    """Where a gradient goes: output ``output_nr`` of ``node``."""

    node: Any
    output_nr: int


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge that the gradient of ``tensor`` travels along."""
    if not tensor.requires_grad:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require "
            "gradients"
        )
    return GradientEdge(*_C.get_gradient_edge(tensor))


class saved_tensors_hooks:
    """Inside, what backward saves goes through ``pack_hook``, and comes back by ``unpack_hook``.

    Args:
        pack_hook: called with each saved tensor; what it returns is kept.
        unpack_hook: called with that; returns the tensor.
    """

    def __init__(
        self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]
    ) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        _C.push_saved_tensor_hooks(self.pack_hook, self.unpack_hook)

    def __exit__(self, *exc: object) -> None:
        _C.pop_saved_tensor_hooks()


class save_on_cpu(saved_tensors_hooks):
    """Saved tensors wait in CPU memory; on a CPU that is a copy."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda t: t.clone(), lambda t: t)
