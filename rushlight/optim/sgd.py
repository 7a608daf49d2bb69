"""Stochastic gradient descent."""

from __future__ import annotations

import rushlight
from rushlight import Tensor

from ..nn._op import op
from .optimizer import FusedOptimizer, check_implementation

__all__ = ["SGD"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_fused_sgd_ = op("_fused_sgd_")


class SGD(FusedOptimizer):
    """Gradient descent, with momentum on wish (Sutskever et al., ICML 2013).

    g = grad + weight_decay p; v = momentum v + (1 - dampening) g, at first v = g;
    p = p - lr v, or p - lr (g + momentum v) with Nesterov's momentum.

    Args:
        params: tensors, named tensors, or groups of them.
        lr: learning rate, a number or a one-element tensor.
        momentum: weight of the past; needs state 'momentum_buffer'.
        dampening: how much of the gradient does not enter the momentum.
        weight_decay: L2 penalty.
        nesterov: look ahead.
        maximize: go up instead of down.
        foreach: without effect; see `check_implementation`.
        differentiable: must be False.
        fused: without effect.

    Raises:
        ValueError: for negative options, or Nesterov without a pure momentum.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if lr < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if momentum < 0.0:
            raise ValueError(f"Invalid momentum value: {momentum}")
        if weight_decay < 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        check_implementation(foreach, fused, differentiable)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("nesterov", False)
            group.setdefault("maximize", False)
            group.setdefault("foreach", None)
            group.setdefault("differentiable", False)
            group.setdefault("fused", False)

    def _update(self, group: dict[str, Any]) -> None:
        momentum = group["momentum"]
        params: list[Tensor] = []
        grads: list[Tensor] = []
        buffers: list[Tensor] = []
        # Parameters without a past: their momentum starts as the gradient.
        fresh: tuple[list[Tensor], list[Tensor], list[Tensor]] = ([], [], [])
        for param in group["params"]:
            grad = param.grad
            if grad is None:
                continue
            if momentum == 0:
                params.append(param)
                grads.append(grad)
                continue
            state = self.state[param]
            buffer = state.get("momentum_buffer")
            if buffer is None:
                buffer = state["momentum_buffer"] = rushlight.empty_like(param)
                for values, value in zip(fresh, (param, grad, buffer)):
                    values.append(value)
            else:
                params.append(param)
                grads.append(grad)
                buffers.append(buffer)
        for first_step, lists in ((True, fresh), (False, (params, grads, buffers))):
            if lists[0]:
                _fused_sgd_(
                    *lists,
                    lr=float(group["lr"]),
                    momentum=float(momentum),
                    dampening=float(group["dampening"]),
                    weight_decay=float(group["weight_decay"]),
                    nesterov=group["nesterov"],
                    maximize=group["maximize"],
                    first_step=first_step,
                )
