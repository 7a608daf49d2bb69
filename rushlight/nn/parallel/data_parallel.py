"""DataParallel: splits a batch over the GPUs; without any it only calls its module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..modules.module import Module

__all__ = ["DataParallel"]


class DataParallel(Module):
    """Calls `module`, whose state dict gets names that begin with ``module.``.

    There are no GPUs to split a batch over, and the arguments that choose among them
    choose among none, as in PyTorch on such a machine. So a model that was saved
    wrapped can be loaded wrapped.

    Args:
        module: what to call.
        device_ids: GPUs; there are none.
        output_device: where the outputs would be gathered.
        dim: along which inputs would be split.
    """

    def __init__(
        self,
        module: Module,
        device_ids: Sequence[Any] | None = None,
        output_device: Any = None,
        dim: int = 0,
    ) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[int] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)
