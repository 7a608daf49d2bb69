"""Learning rate schedules, gathered from one private file a kind."""

from __future__ import annotations

from ._plateau import ReduceLROnPlateau
from ._schedule import EPOCH_DEPRECATION_WARNING, LRScheduler, _LRScheduler
from ._schedule_chains import ChainedScheduler, SequentialLR
from ._schedule_cycles import CyclicLR, OneCycleLR
from ._schedules import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)

__all__ = [
    "EPOCH_DEPRECATION_WARNING",
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
    "_LRScheduler",
]


def _publish() -> None:
    # Schedules show, and are pickled, under the module people import them from.
    for value in list(globals().values()):
        if isinstance(value, type) and issubclass(value, LRScheduler):
            value.__module__ = __name__


_publish()
