"""Automatic differentiation: backward, grad, custom functions, hooks, higher derivatives."""

from __future__ import annotations

import importlib
from typing import Any

from rushlight._grad_mode import (
    enable_grad as enable_grad,
    inference_mode as inference_mode,
    no_grad as no_grad,
    set_grad_enabled as set_grad_enabled,
)
from rushlight.autograd._backward import backward as backward, grad as grad
from rushlight.autograd.anomaly_mode import (
    detect_anomaly as detect_anomaly,
    set_detect_anomaly as set_detect_anomaly,
)
from rushlight.autograd.function import (
    Function as Function,
    NestedIOFunction as NestedIOFunction,
    once_differentiable as once_differentiable,
)
from rushlight.autograd.gradcheck import (
    gradcheck as gradcheck,
    gradgradcheck as gradgradcheck,
)
from rushlight.autograd.variable import Variable as Variable


def __getattr__(name: str) -> Any:
    if name in ("functional", "graph", "grad_mode"):
        return importlib.import_module(f"rushlight.autograd.{name}")
    if name == "forward_ad":
        raise NotImplementedError("rushlight.autograd.forward_ad is not implemented")
    raise AttributeError(
        f"rushlight.autograd.{name}: module 'rushlight.autograd' has no attribute '{name}'"
    )
