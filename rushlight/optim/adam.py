"""Adam (Kingma and Ba, ICLR 2015), with both kinds of weight decay."""

from __future__ import annotations

import rushlight
from rushlight import Tensor

from ..nn._op import op
from .optimizer import FusedOptimizer, check_implementation

__all__ = ["Adam"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_fused_adam_ = op("_fused_adam_")
_fused_adamw_ = op("_fused_adamw_")


def _check_betas(betas: Any) -> tuple[Any, Any]:
    first, second = betas[0], betas[1]
    if len(betas) != 2:
        raise ValueError(f"betas: expected 2 values, got {len(betas)}")
    for index, beta in enumerate((first, second)):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {index}: {beta}")
    floats = isinstance(first, float) and isinstance(second, float)
    tensors = isinstance(first, Tensor) and isinstance(second, Tensor)
    if not (floats or tensors):
        raise ValueError("betas must be either both floats or both Tensors")
    if tensors:
        for index, beta in enumerate((first, second)):
            if beta.numel() != 1:
                raise ValueError(f"Tensor betas[{index}] must be 1-element")
    return first, second


class Adam(FusedOptimizer):
    """Steps by the mean gradient over the root of the mean squared gradient.

    m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; p = p - lr m' / (sqrt(v') + eps), m'
    and v' being m / (1 - b1^t) and v / (1 - b2^t).

    Args:
        params: tensors, named tensors, or groups of them.
        lr: learning rate, a number or a one-element tensor.
        betas: b1 and b2.
        eps: added to the root.
        weight_decay: L2 penalty, added to the gradient.
        amsgrad: use the largest v' so far (Reddi et al., ICLR 2018).
        foreach: without effect; see `check_implementation`.
        maximize: go up instead of down.
        capturable: must be False.
        differentiable: must be False.
        fused: without effect.
        decoupled_weight_decay: shrink the parameters by lr * weight_decay instead of
            changing the gradient (Loshchilov and Hutter, ICLR 2019).

    State of a parameter: 'step' (0-d float32), 'exp_avg' (m), 'exp_avg_sq' (v) and,
    with amsgrad, 'max_exp_avg_sq'.

    Raises:
        ValueError: for negative options, or betas outside [0, 1).
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        if isinstance(lr, Tensor):
            if foreach:
                raise ValueError(
                    "lr as a Tensor is not supported for capturable=False and "
                    "foreach=True"
                )
            if lr.numel() != 1:
                raise ValueError("Tensor lr must be 1-element")
        if foreach and isinstance(betas[0], Tensor):
            raise ValueError(
                "betas[0] as a Tensor is not supported for capturable=False and "
                "foreach=True"
            )
        if not 0.0 <= lr:
            raise ValueError(f"Invalid learning rate: {lr}")
        if not 0.0 <= eps:
            raise ValueError(f"Invalid epsilon value: {eps}")
        betas = _check_betas(betas)
        if not 0.0 <= weight_decay:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        check_implementation(foreach, fused, differentiable, capturable)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("amsgrad", False)
            group.setdefault("maximize", False)
            group.setdefault("foreach", None)
            group.setdefault("capturable", False)
            group.setdefault("differentiable", False)
            group.setdefault("decoupled_weight_decay", False)
            group.setdefault("fused", None)
            for param in group["params"]:
                # Old files count steps in Python numbers, others in float64.
                own = self.state.get(param)
                if own:
                    own["step"] = rushlight.tensor(
                        float(own["step"]), dtype=rushlight.float32
                    )

    def _new_state(self, param: Tensor, amsgrad: bool) -> dict[str, Tensor]:
        state = {
            "step": rushlight.zeros((), dtype=rushlight.float32),
            "exp_avg": rushlight.zeros_like(param),
            "exp_avg_sq": rushlight.zeros_like(param),
        }
        if amsgrad:
            state["max_exp_avg_sq"] = rushlight.zeros_like(param)
        return state

    def _update(self, group: dict[str, Any]) -> None:
        amsgrad = group["amsgrad"]
        params: list[Tensor] = []
        grads: list[Tensor] = []
        means: list[Tensor] = []
        squares: list[Tensor] = []
        largest: list[Tensor] = []
        steps: list[Tensor] = []
        for param in group["params"]:
            grad = param.grad
            if grad is None:
                continue
            state = self.state[param]
            if not state:
                state.update(self._new_state(param, amsgrad))
            step = state["step"]
            step += 1
            params.append(param)
            grads.append(grad)
            means.append(state["exp_avg"])
            squares.append(state["exp_avg_sq"])
            steps.append(step)
            if amsgrad:
                largest.append(state["max_exp_avg_sq"])
        if not params:
            return
        update = _fused_adamw_ if group["decoupled_weight_decay"] else _fused_adam_
        beta1, beta2 = group["betas"]
        update(
            params,
            grads,
            means,
            squares,
            largest,
            steps,
            lr=float(group["lr"]),
            beta1=float(beta1),
            beta2=float(beta2),
            weight_decay=float(group["weight_decay"]),
            eps=float(group["eps"]),
            amsgrad=amsgrad,
            maximize=group["maximize"],
        )
